package frames

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestOpcode(t *testing.T) {
	type row struct {
		name              string
		control, reserved bool
	}
	for o, want := range map[Opcode]row{
		0x0: {"continuation", false, false},
		0x1: {"text", false, false},
		0x2: {"binary", false, false},
		0x3: {"reserved 0x3", false, true},
		0x4: {"reserved 0x4", false, true},
		0x5: {"reserved 0x5", false, true},
		0x6: {"reserved 0x6", false, true},
		0x7: {"reserved 0x7", false, true},
		0x8: {"close", true, false},
		0x9: {"ping", true, false},
		0xa: {"pong", true, false},
		0xb: {"reserved 0xb", true, true},
		0xc: {"reserved 0xc", true, true},
		0xd: {"reserved 0xd", true, true},
		0xe: {"reserved 0xe", true, true},
		0xf: {"reserved 0xf", true, true},
	} {
		assert.Equal(t, want, row{o.String(), o.IsControl(), o.IsReserved()}, "opcode %#x", uint8(o))
	}
	for o := Opcode(16); o != 0; o++ {
		assert.True(t, o.IsReserved(), "%#x does not fit the four bits", uint8(o))
	}
}

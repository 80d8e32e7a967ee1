package frames

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestErrorNamesItsSource(t *testing.T) {
	err := State{}.Check(Header{Fin: true, Opcode: Text, Masked: true})
	assert.EqualError(t, err, "the server sent a masked frame; no frame from a server may be masked (RFC 6455 section 5.1)")
	for rule, want := range map[string]string{
		"6455-5.2-4":     "RFC 6455 section 5.2",
		"6455-5.5.1-1":   "RFC 6455 section 5.5.1",
		"6455-4.2.1-1a":  "RFC 6455 section 4.2.1",
		"7692-7.1.2.1-2": "RFC 7692 section 7.1.2.1",
	} {
		assert.Equal(t, want, (&Error{Rule: rule}).Source())
	}
}

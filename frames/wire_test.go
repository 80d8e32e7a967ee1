package frames

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// wire decodes bytes written as people read them: "81 05 48 65 6c 6c 6f".
func wire(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	require.NoError(t, err, "bad hex in the test itself: %q", s)
	return b
}

// requireRule asserts that err names a rule and the close code to answer with.
func requireRule(t testing.TB, err error, rule string, code CloseCode) {
	t.Helper()
	var e *Error
	require.ErrorAs(t, err, &e, "want rule %s", rule)
	require.Equal(t, rule, e.Rule, "%v", err)
	require.Equal(t, code, e.Code, "%v", err)
}

// key is the masking key of the examples in RFC 6455 section 5.7.
var key = [4]byte{0x37, 0xfa, 0x21, 0x3d}

// frame puts a whole frame together: the header with its Length set, and the
// payload, masked if the header says so.
func frame(h Header, payload string) []byte {
	h.Length = uint64(len(payload))
	b := AppendHeader(nil, h)
	n := len(b)
	b = append(b, payload...)
	if h.Masked {
		Mask(h.MaskKey, 0, b[n:])
	}
	return b
}

// noAllocs asserts that f does not allocate once it is warm.
func noAllocs(t *testing.T, what string, f func()) {
	t.Helper()
	assert.Zero(t, testing.AllocsPerRun(100, f), "allocations of %s", what)
}

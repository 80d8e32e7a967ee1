package handshake

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"golang.org/x/net/http/httpguts"
)

func TestByteRulesAgreeWithHTTPGuts(t *testing.T) {
	for i := range 256 {
		s := string([]byte{byte(i)})
		assert.Equal(t, httpguts.ValidHeaderFieldName(s), isToken(s), "token %q", s)
		assert.Equal(t, httpguts.ValidHeaderFieldValue(s), isValue(s), "value %q", s)
	}
	assert.False(t, isToken(""))
	assert.True(t, isValue(""))
}

func TestCaseIsFoldedInASCIIOnly(t *testing.T) {
	assert.True(t, sameFold("WebSocket", "wEBsOCKET"))
	assert.False(t, sameFold("websoc\u212Aet", "websocket"), "the Kelvin sign is no k")
	assert.False(t, sameFold("web\u017Focket", "websocket"), "the long s is no s")
	assert.False(t, sameFold("@[`{", "`{@["), "signs next to the letters have no case")
	assert.False(t, sameFold("a", "ab"))
}

func TestTrimSpaceKnowsSpaceAndTab(t *testing.T) {
	for in, want := range map[string]string{
		"":            "",
		" \t ":        "",
		"a":           "a",
		"\t a b \t":   "a b",
		"\u00a0a\v":   "\u00a0a\v",
		" \r\na\r\n ": "\r\na\r\n",
	} {
		assert.Equal(t, want, trimSpace(in), "%q", in)
	}
}

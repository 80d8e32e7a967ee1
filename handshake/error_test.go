package handshake_test

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"example.com/ws101/handshake"
)

func TestErrorNamesItsSection(t *testing.T) {
	for rule, want := range map[string]string{
		"6455-4.2.1-1f": "it is wrong (RFC 6455 section 4.2.1)",
		"6455-3-1":      "it is wrong (RFC 6455 section 3)",
		"9112-5.1":      "it is wrong (RFC 9112 section 5.1)",
		"":              "it is wrong",
	} {
		assert.EqualError(t, &handshake.Error{Rule: rule, Text: "it is wrong"}, want)
	}
}

func TestErrorTellsItsCause(t *testing.T) {
	err := &handshake.Error{Rule: "6455-4.2.2-4", Text: "no", Err: io.ErrNoProgress}
	assert.EqualError(t, err, "no (RFC 6455 section 4.2.2): "+io.ErrNoProgress.Error())
	assert.ErrorIs(t, err, io.ErrNoProgress)
}

func TestErrorRepeatsLittleOfWhatItWasSent(t *testing.T) {
	wire := replace(t, rfcRequest, "Version: 13", "Version: "+strings.Repeat("\xff", 8000))
	err := readRequest(t, wire).Check(handshake.AnyOrigin)
	assert.Less(t, len(err.Error()), 500)
	assert.Contains(t, err.Error(), `"\xff\xff`)
}

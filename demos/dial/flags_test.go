package dial

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/handshake"
)

func TestWrongCommandLines(t *testing.T) {
	for _, tt := range []struct {
		args     []string
		sentence string
	}{
		{nil, "name the URL to open"},
		{[]string{"ws://a", "ws://b"}, `there is also "ws://b"`},
		{[]string{"http://a"}, "it has to be ws or wss"},
		{[]string{"ws://a/#b"}, "fragment"},
		{[]string{"ws://a", "-fast"}, "-fast"},
		{[]string{"ws://a", "-H", "no colon"}, `write it like -H "Name: value"`},
		{[]string{"ws://a", "-H", "Host: b"}, "the field Host is part of the handshake"},
		{[]string{"ws://a", "-H", "A: b\r\nC: d"}, "line break"},
		{[]string{"ws://a", "-origin", "a b"}, "the origin is"},
		{[]string{"ws://a", "-subprotocol", "a,a"}, "offered twice"},
		{[]string{"ws://a", "-close", "1006"}, "must not be in a Close frame"},
		{[]string{"ws://a", "-close", "x"}, "is not a close code"},
		{[]string{"ws://a", "-n", "0"}, "-n takes a number from 1 up"},
		{[]string{"ws://a", "-wait", "-1s"}, "-wait takes a time"},
		{[]string{"ws://a", "-max-message", "0"}, "-max-message takes"},
		{[]string{"ws://a", "-file", "no/such/file"}, "-file: "},
		{[]string{"ws://a", "-file", ""}, "-file takes the name of a file"},
		{[]string{"ws://a", "-file", "."}, "is a directory"},
	} {
		got := run(t, "", tt.args...)
		assert.Equal(t, exitUsage, got.code, tt.args)
		assert.Contains(t, got.err, tt.sentence)
		assert.Equal(t, 1, strings.Count(got.err, "\n"), "one line: %s", got.err)
		assert.Empty(t, got.out)
	}
	assert.Equal(t, result{exitOK, help, ""}, run(t, "", "-h"))
}

func TestHostsInOtherScripts(t *testing.T) {
	f, err := parse([]string{"ws://bücher.example:81/x"})
	require.NoError(t, err)
	assert.Equal(t, "xn--bcher-kva.example:81", f.url.Host)
	f, err = parse([]string{"wss://bücher.example"})
	require.NoError(t, err)
	assert.Equal(t, "xn--bcher-kva.example:443", handshake.Address(f.url))
	_, err = parse([]string{"ws://a\u200db.example"})
	assert.ErrorContains(t, err, "cannot be written in ASCII")
}

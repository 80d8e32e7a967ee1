package frames

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

// dumpCases are printed to testdata/NAME.golden, which is the place to look at
// to see what dumps look like.
var dumpCases = []struct {
	name string
	b    []byte
	s    State
	o    DumpOptions
}{
	{name: "masked-text", s: State{FromClient: true},
		b: frame(Header{Fin: true, Opcode: Text, Masked: true, MaskKey: key}, "Hello")},
	{name: "masked-text-color", s: State{FromClient: true}, o: DumpOptions{Color: true},
		b: frame(Header{Fin: true, Opcode: Text, Masked: true, MaskKey: key}, "Hello")},
	{name: "unmasked-text",
		b: frame(Header{Fin: true, Opcode: Text}, "Hello")},
	{name: "chinese-over-lines", s: State{FromClient: true},
		b: frame(Header{Fin: true, Opcode: Text, Masked: true, MaskKey: key}, "你好，世界！这是一条消息。")},
	{name: "terminal-escapes",
		b: frame(Header{Fin: true, Opcode: Text}, "\x1b[2Jcleared\r\n\u202e")},
	{name: "fragment-cut-in-a-character",
		b: frame(Header{Opcode: Text}, "caf\xc3")},
	{name: "long-binary", o: DumpOptions{MaxPayload: 40},
		b: frame(Header{Fin: true, Opcode: Binary}, string(counting(40+1024)))},
	{name: "whole-binary", o: DumpOptions{MaxPayload: -1},
		b: frame(Header{Fin: true, Opcode: Binary}, string(counting(150)))},
	{name: "compressed", s: State{Deflate: true},
		b: frame(Header{Fin: true, Rsv1: true, Opcode: Text}, "\xf2\x48\xcd\xc9\xc9\x07\x00")},
	{name: "ping-inside-a-message", s: State{Open: Text},
		b: frame(Header{Fin: true, Opcode: Ping}, "Hello")},
	{name: "close", s: State{FromClient: true},
		b: frame(Header{Fin: true, Opcode: Close, Masked: true, MaskKey: key}, "\x03\xe9再见")},
	{name: "close-code-1005",
		b: frame(Header{Fin: true, Opcode: Close}, "\x03\xed")},
	{name: "odd", s: State{FromClient: true, Open: Binary},
		b: frame(Header{Masked: true}, "")},
	{name: "odd-color", s: State{FromClient: true, Open: Binary}, o: DumpOptions{Color: true},
		b: frame(Header{Masked: true}, "")},
	{name: "not-masked", s: State{FromClient: true},
		b: frame(Header{Fin: true, Opcode: Text}, "Hello")},
	{name: "all-wrong",
		b: AppendHeaderForm(nil, Header{Rsv1: true, Rsv2: true, Rsv3: true, Opcode: 0xb, Masked: true, MaskKey: key, Length: 5}, Length64)},
	{name: "all-wrong-color", o: DumpOptions{Color: true},
		b: AppendHeaderForm(nil, Header{Rsv1: true, Rsv2: true, Rsv3: true, Opcode: 0xb, Masked: true, MaskKey: key, Length: 5}, Length64)},
	{name: "not-utf8",
		b: frame(Header{Fin: true, Opcode: Text}, "Hi \xff there")},
	{name: "large-and-cut-short",
		b: append(AppendHeader(nil, Header{Fin: true, Opcode: Binary, Length: 1 << 32}), 1, 2, 3)},
	{name: "cut-in-the-header", s: State{FromClient: true},
		b: []byte{0x81, 0xfe, 0x01}},
	{name: "one-byte", b: []byte{0x89}},
	{name: "nothing", b: nil},
}

func TestDump(t *testing.T) {
	for _, c := range dumpCases {
		t.Run(c.name, func(t *testing.T) {
			golden(t, c.name, Explain(c.b, c.s).AppendDump(nil, c.o))
		})
	}
}

func TestLine(t *testing.T) {
	var plain, color []byte
	for _, c := range dumpCases {
		x := Explain(c.b, c.s)
		plain = append(x.AppendLine(plain, DumpOptions{}), '\n')
		color = append(x.AppendLine(color, DumpOptions{Color: true}), '\n')
		assert.Equal(t, string(x.AppendLine(nil, DumpOptions{})), x.String())
	}
	golden(t, "lines", plain)
	golden(t, "lines-color", color)
}

// golden asserts that got is what the golden file holds. In the files a \e
// stands for the escape character, so that they can be read.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	got = bytes.ReplaceAll(got, []byte("\x1b"), []byte(`\e`))
	path := filepath.Join("testdata", name+".golden")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "go test -update writes it")
	assert.Equal(t, string(want), string(got), "go test -update writes %s anew", path)
}

func TestDumpColorOnlyAddsColor(t *testing.T) {
	for _, c := range dumpCases {
		x := Explain(c.b, c.s)
		plain, color := c.o, c.o
		plain.Color, color.Color = false, true
		assert.Equal(t, string(x.AppendDump(nil, plain)), withoutColor(string(x.AppendDump(nil, color))), c.name)
		assert.Equal(t, string(x.AppendLine(nil, plain)), withoutColor(string(x.AppendLine(nil, color))), c.name)
	}
}

func withoutColor(s string) string {
	var plain strings.Builder
	for i, part := range strings.Split(s, "\x1b[") {
		if i > 0 {
			_, part, _ = strings.Cut(part, "m")
		}
		plain.WriteString(part)
	}
	return plain.String()
}

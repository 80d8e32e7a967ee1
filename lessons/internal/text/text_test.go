package text

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBlocks(t *testing.T) {
	md := "a\n```go f.go#F\nx\n```\nb\n```text\n```\n"
	blocks, err := Blocks(md)
	require.NoError(t, err)
	assert.Equal(t, []Block{{2, "go", []string{"f.go#F"}, "x\n"}, {6, "text", []string{}, ""}}, blocks)
	assert.Equal(t, "a\n```go f.go#F\ny\nz\n```\nb\n```text\n```\n", ReplaceBlock(md, blocks[0], "y\nz\n"))
	assert.Equal(t, "a\n```go f.go#F\nx\n```\nb\n```text\nnew\n```\n", ReplaceBlock(md, blocks[1], "new\n"))
	for _, bad := range []string{"```\n```\n", "```go\n"} {
		_, err := Blocks(bad)
		assert.Error(t, err, bad)
	}
}

func TestHex(t *testing.T) {
	const hello = "81              FIN 1, opcode 0x1\n05              MASK 0, length 5\n48 65 6c 6c 6f  \"Hello\"\n"
	for _, c := range []struct {
		args []string
		text string
		want string // part of the error; empty if it is true
	}{
		{[]string{"server"}, hello, ""},
		{[]string{"client"}, hello, "not masked"},
		{[]string{"client", "broken"}, hello, ""},
		{[]string{"server", "broken"}, hello, "all frames are legal"},
		{[]string{"server"}, "81 05  a header\n", "5 bytes of the frame are missing"},
		{[]string{"server", "cut"}, "81 05  a header\n", ""},
		{[]string{"server"}, "81 00  FIN 0\n", "do not say FIN 0"},
		{[]string{"server"}, "81  length 0\n00  FIN 1\n", "do not say length 0"},
		{[]string{"server"}, "81 01  a header\n61  \"b\"\n", `these bytes are "a"`},
		{[]string{"server"}, "81 00 a header\n", "is not bytes, two blanks"},
		{[]string{"server"}, "81  \n", "is not bytes, two blanks"},
		{[]string{"server"}, "82 7e 00 7e  length 126\n" + zeros(126), ""},
		{[]string{"server"}, "81 00  a text\n89 00  opcode 0x9, a ping\n", ""},
		{[]string{"server", "deflate"}, "c1 00  RSV1 1\n", ""},
		{[]string{"client"}, "81 85  MASK 1, length 5\n37 fa 21 3d  key\n7f 9f 4d 51 58  \"Hello\"\n", ""},
		{[]string{"bytes"}, "47 45 54 0d 0a  \"GET\\r\\n\"\n", ""},
		{[]string{"bytes"}, "47 45 54 0d 0a  \"GET\"\n", "these bytes are"},
		{[]string{"what"}, hello, "client, server or bytes"},
		{nil, hello, "client, server or bytes"},
		{[]string{"server"}, "", "without bytes"},
	} {
		err := Hex(Block{Args: c.args, Text: c.text})
		if c.want == "" {
			assert.NoError(t, err, c.text)
		} else {
			assert.ErrorContains(t, err, c.want, c.text)
		}
	}
}

func zeros(n int) string {
	s := "00"
	for range n - 1 {
		s += " 00"
	}
	return s + "  zeros\n"
}

const source = `package p

// F is a function.
func F() int {
	// lesson:begin part
	x := 1
	return x
	// lesson:end
}

type T struct{ A int }

// M is a method.
func (t *T) M() {}

// Two names.
const (
	A = 1
	B = 2
)
`

func TestGo(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "p.go"), []byte(source), 0o644))
	for _, c := range []struct{ name, text, want, err string }{
		{"p.go#part", "", "x := 1\nreturn x\n", ""},
		{"p.go#T", "x\n", "type T struct{ A int }\n", ""},
		{"p.go#T.M", "", "func (t *T) M() {}\n", ""},
		{"p.go#T.M", "// an old comment\n", "// M is a method.\nfunc (t *T) M() {}\n", ""},
		{"p.go#B", "", "const (\n\tA = 1\n\tB = 2\n)\n", ""},
		{"p.go#F", "func F() int {\n\t// ...\n\treturn x\n\t// ...\n}\n", "", ""},
		{"p.go#F", "func F() int {\n\t// ...\n\treturn y\n}\n", "", "are not those"},
		{"p.go#F", "func F() int {\n\treturn x\n\t// ...\n}\n", "", "are not those"},
		{"p.go#G", "", "", "declares no G"},
		{"q.go#F", "", "", "no file q.go"},
		{"F", "", "", "names its code"},
	} {
		got, err := Go(dir, Block{Args: []string{c.name}, Text: c.text})
		if c.err != "" {
			assert.ErrorContains(t, err, c.err, c.name)
			continue
		}
		require.NoError(t, err, c.name)
		if c.want == "" {
			c.want = c.text
		}
		assert.Equal(t, c.want, got, c.name)
	}
}

func TestLinks(t *testing.T) {
	dir := t.TempDir()
	p := filepath.Join(dir, "README.md")
	md := "# The `frame` layout, again\n```text\n# no heading\n```\n"
	require.NoError(t, os.WriteFile(p, []byte(md), 0o644))
	for target, ok := range map[string]bool{
		"README.md":                        true,
		"#the-frame-layout-again":          true,
		"README.md#the-frame-layout-again": true,
		".":                                true,
		".#the-frame-layout-again":         true,
		"other.md":                         false,
		"#no-heading":                      false,
		"https://www.rfc-editor.org/rfc/rfc6455#section-5.2":  true,
		"https://www.rfc-editor.org/rfc/rfc6455#section-5.12": false,
		"https://go.dev/doc/":                                 true,
	} {
		err := Links(p, md+"[x]("+target+")\n")
		assert.Equal(t, ok, err == nil, "%s: %v", target, err)
	}
}

func TestSections(t *testing.T) {
	for s, ok := range map[string]bool{
		"RFC 6455 section 5.2":              true,
		"RFC 6455\nsection 5.2.":            true,
		"RFC 6455 sections 5.2 and 5.3":     true,
		"RFC 6455 sections 5.2, 5.3 and 12": true,
		"RFC 6455":                          true,
		"RFC 6455 section 5.9":              false,
		"RFC 6455 sections 5.2 and 5.9":     false,
		"RFC 1 section 1":                   false,
	} {
		err := Sections(s)
		assert.Equal(t, ok, err == nil, "%s: %v", s, err)
	}
}

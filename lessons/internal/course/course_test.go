package course

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const solution = `package p

import (
	"errors"
	"fmt"
	"strings"
)

// Tail is all of a function that returns something.
func Tail() (n int, err error) {
	// lesson:begin Tail
	fmt.Println("spoiler")
	return 1, errors.New("spoiler")
	// lesson:end
}

// Inside has given lines around what is written.
func Inside(s string) string {
	n := 0
	// lesson:begin Inside
	n = helper(n)
	// lesson:end
	return strings.Repeat(s, n)
}

// lesson:begin helper

func helper(n int) int { return n + 1 }

// lesson:end
`

const stub = `package p

import (
	"strings"
)

// Tail is all of a function that returns something.
func Tail() (n int, err error) {
	// lesson:begin Tail
	panic(todo("Tail"))
	// lesson:end
}

// Inside has given lines around what is written.
func Inside(s string) string {
	n := 0
	// lesson:begin Inside
	todo("Inside")
	// lesson:end
	return strings.Repeat(s, n)
}

// lesson:begin helper
// Write this part here.
// lesson:end
`

func TestStub(t *testing.T) {
	f, err := Stub(File{"p.go", []byte(solution)})
	require.NoError(t, err)
	assert.Equal(t, stub, string(f.Text))

	f, err = Stub(File{"p.go", []byte(solution)}, "Tail", "Inside", "helper")
	require.NoError(t, err)
	assert.Equal(t, solution, string(f.Text))

	f, err = Stub(File{"a.hex", []byte("# one\n# lesson:begin attack\n81\n# lesson:end\n")})
	require.NoError(t, err)
	assert.Equal(t, "# one\n# lesson:begin attack\n# Write this part here.\n# lesson:end\n", string(f.Text))
}

func TestMarksThatDoNotFit(t *testing.T) {
	for _, s := range []string{
		"// lesson:begin\n// lesson:end\n",
		"// lesson:begin a\n",
		"// lesson:end\n",
		"// lesson:begin a\n// lesson:begin b\n// lesson:end\n",
		"// lesson:begin a\n// lesson:end\n// lesson:begin a\n// lesson:end\n",
	} {
		_, err := Regions(File{"p.go", []byte(s)})
		assert.Error(t, err, s)
	}
}

func TestMistake(t *testing.T) {
	m, err := parseMistake([]byte("About it.\n\nexpect: wrong\n\nreplace:\nreturn 1, errors.New(\"spoiler\")\nwith:\nreturn 2, nil\n"))
	require.NoError(t, err)
	assert.Equal(t, "wrong", m.Expect)
	files, err := m.Apply([]File{{"p.go", []byte(solution)}})
	require.NoError(t, err)
	assert.Contains(t, string(files[0].Text), "\treturn 2, nil\n")
	assert.NotContains(t, string(files[0].Text), `"errors"`, "what is not used any more is not imported")

	m.Edits[0].Old = []string{"return 3, nil"}
	_, err = m.Apply([]File{{"p.go", []byte(solution)}})
	assert.ErrorContains(t, err, "occurs 0 times")

	for _, bad := range []string{
		"expect: x\nreplace:\na\nwith:\n",
		"About.\nreplace:\na\nwith:\nb\n",
		"About.\nexpect: x\n",
		"About.\nexpect: x\nwith:\n",
		"About.\nexpect: x\nreplace:\nwith:\nb\n",
		"About.\nexpect: x\nand more\n",
	} {
		_, err := parseMistake([]byte(bad))
		assert.Error(t, err, bad)
	}
}

func TestHintsFile(t *testing.T) {
	ch := &Chapter{Dir: t.TempDir()}
	read := func(s string) (Hints, error) {
		require.NoError(t, os.WriteFile(filepath.Join(ch.Dir, "hints.md"), []byte(s), 0o644))
		return ch.Hints()
	}
	hints, err := read("# Hints\n\n## A\n\n### 1\n\none\n\nmore\n\n### 2\ntwo\n### 3\nthree\n")
	require.NoError(t, err)
	assert.Equal(t, Hints{"A": {"one\n\nmore\n", "two\n", "three\n"}}, hints)
	for _, bad := range []string{"## A\n### 1\n### 2\n", "## A\n### 2\n", "### 1\n"} {
		_, err := read(bad)
		assert.Error(t, err, bad)
	}
}

func TestModuleFile(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(root, "go.mod"), []byte("module example.net/other\n\ngo 1.26\n\nrequire a.example/b v1.0.0\n"), 0o644))
	c := &Course{Root: root, Module: "example.net/other"}
	mod, err := c.ModuleFile(c.HomeDir())
	require.NoError(t, err)
	assert.Equal(t, "module example.net/other/lessons/work\n\ngo 1.26\n\nrequire a.example/b v1.0.0\n\n"+
		"require example.net/other v0.0.0\n\nreplace example.net/other => ../..\n", string(mod))
	c.Root = filepath.Join(root, "my ws")
	require.NoError(t, os.Mkdir(c.Root, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(c.Root, "go.mod"), mod, 0o644))
	mod, err = c.ModuleFile(t.TempDir())
	require.NoError(t, err)
	assert.Contains(t, string(mod), "=> \""+filepath.ToSlash(c.Root)+"\"\n")
}

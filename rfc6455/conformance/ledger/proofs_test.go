package ledger

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// in puts the source of one test file into a tree.
func in(source string) fstest.MapFS {
	return fstest.MapFS{"p/x_test.go": {Data: []byte("package p\n" + source)}}
}

func TestProofs(t *testing.T) {
	for _, tt := range []struct {
		name, source string
		want         []Proof
	}{
		{"the name of a subtest", `func TestA(t *testing.T) { t.Run("1234-5.6-1 it holds", func(t *testing.T) { assert.True(t, x) }) }`,
			[]Proof{{ID: "1234-5.6-1", Test: "TestA"}}},
		{"more than one row", `func TestA(t *testing.T) { t.Run("1234-5.6-1 1234-5.6-2a "+r.name, func(t *testing.T) { t.Fatal("no") }) }`,
			[]Proof{{ID: "1234-5.6-1", Test: "TestA"}, {ID: "1234-5.6-2a", Test: "TestA"}}},
		{"a row of a table", `
func TestA(t *testing.T) { for _, c := range table { require.Equal(t, c.want, f(c)) } }
var table = []c{{"1234-5.6-1 one", 1}}`,
			[]Proof{{ID: "1234-5.6-1", Test: "TestA"}}},
		{"a message", `func TestA(t *testing.T) { assert.Zero(t, n, "1234-5-1: nothing came") }`,
			[]Proof{{ID: "1234-5-1", Test: "TestA"}}},
		{"the rule of an error", `func TestA(t *testing.T) { assert.Equal(t, "1234-5-1", err.Rule) }`,
			[]Proof{{ID: "1234-5-1", Test: "TestA", Expects: true}}},
		{"the rule that a helper expects", `
func TestA(t *testing.T) { check(t) }
func check(t *testing.T) { assert.Equal(t, rule(), err.Rule) }
func rule() string { return "1234-5-1" }`,
			[]Proof{{ID: "1234-5-1", Test: "TestA", Expects: true}}},
		{"a doc comment", "// TestA is thorough.\n//\n// Proves 1234-5-1, 1234-5-2.\nfunc TestA(t *testing.T) { t.Error() }",
			[]Proof{{ID: "1234-5-1", Test: "TestA"}, {ID: "1234-5-2", Test: "TestA"}}},
		{"a fuzz target", `func FuzzA(f *testing.F) { f.Fuzz(func(t *testing.T, b []byte) { require.NotNil(t, b, "1234-5-1 it holds") }) }`,
			[]Proof{{ID: "1234-5-1", Test: "FuzzA"}}},
		{"an example that runs", "// Proves 1234-5-1.\nfunc Example() {\n\tprintln()\n\t// Output:\n\t// x\n}",
			[]Proof{{ID: "1234-5-1", Test: "Example"}}},
		{"seeds prove nothing", `
func FuzzA(f *testing.F) { for _, c := range table { f.Add(c.in) }; f.Fuzz(func(t *testing.T, b []byte) { t.Fail() }) }
func TestA(t *testing.T) { for _, c := range table { t.Error(c) } }
var table = []c{{"1234-5.6-1 one", 1}}`,
			[]Proof{{ID: "1234-5.6-1", Test: "TestA"}}},
		{"neither a key nor an error of its own", `func TestA(t *testing.T) { assert.True(t, f(map[string]int{"1234-5-1": 1}, Error{Rule: "1234-5-2"})) }`,
			nil},
		{"a variable of the same name is another one", `
func TestA(t *testing.T) { table := f(); assert.Empty(t, table) }
func TestB(t *testing.T) { for _, c := range table { t.Error(c) } }
var table = []c{{"1234-5-1 one", 1}}`,
			[]Proof{{ID: "1234-5-1", Test: "TestB"}}},
		{"a number in the middle is no ID", `func TestA(t *testing.T) { t.Error("see 1234-5-1"); t.Error("1234-5-1-x") }`,
			nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			proofs, err := Proofs(in(tt.source), "p")
			require.NoError(t, err)
			for i := range tt.want {
				tt.want[i].File = "p/x_test.go"
			}
			assert.Equal(t, tt.want, proofs)
		})
	}
}

func TestProofsRefuses(t *testing.T) {
	for _, tt := range []struct{ name, source, want string }{
		{"an empty test", "// Proves 1234-5-1.\nfunc TestA(t *testing.T) {}",
			"p/x_test.go:2: TestA names 1234-5-1, and asserts nothing"},
		{"a test that only looks", `func TestA(t *testing.T) { t.Log("1234-5-1 it holds", f()) }`,
			"asserts nothing"},
		{"an empty subtest beside one that asserts", `func TestA(t *testing.T) {
	t.Run("1234-5-1 it holds", func(t *testing.T) { f() })
	t.Run("other", func(t *testing.T) { assert.True(t, x) })
}`,
			"p/x_test.go:3: TestA names 1234-5-1, and asserts nothing"},
		{"a helper that no test calls", `func check(t *testing.T) { assert.True(t, x, "1234-5-1 it holds") }`,
			"check names 1234-5-1, and no test uses it"},
		{"a table that no test reads", `var table = []c{{"1234-5-1 one", 1}}`,
			"table names 1234-5-1, and no test uses it"},
		{"a name that go test does not run", `func Testing(t *testing.T) { assert.True(t, x, "1234-5-1 it holds") }`,
			"Testing names 1234-5-1, and no test uses it"},
		{"a benchmark", `func BenchmarkA(b *testing.B) { assert.True(b, x, "1234-5-1 it holds") }`,
			"BenchmarkA names 1234-5-1, and no test uses it"},
		{"an example without output", "// Proves 1234-5-1.\nfunc Example() { println() }",
			"does not stand on a test that runs"},
		{"a test that always skips", "// Proves 1234-5-1.\nfunc TestA(t *testing.T) { t.Skip(); t.Error() }",
			"does not stand on a test that runs"},
		{"a comment on a helper", "// Proves 1234-5-1.\nfunc check(t *testing.T) { t.Error() }\nfunc TestA(t *testing.T) { check(t) }",
			"does not stand on a test that runs"},
		{"a comment inside a test", "func TestA(t *testing.T) {\n\t// Proves 1234-5-1.\n\tt.Error()\n}",
			"does not stand on a test that runs"},
		{"no list of IDs", "// Proves 1234-5-1 and more.\nfunc TestA(t *testing.T) { t.Error() }",
			`write it like "Proves 6455-5.2-4, 6455-5.5-1."`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Proofs(in(tt.source), "p")
			assert.ErrorContains(t, err, tt.want)
		})
	}
}

// A file for another platform, and one that is not part of the module, run in
// no build of ours.
func TestProofsOfOtherBuilds(t *testing.T) {
	test := &fstest.MapFile{Data: []byte("package p\nfunc TestA(t *testing.T) { t.Error(\"1234-5-1 it holds\") }")}
	proofs, err := Proofs(fstest.MapFS{
		"p/x_windows_test.go":       test,
		"p/ignored_test.go":         {Data: append([]byte("//go:build ignore\n\n"), test.Data...)},
		"p/testdata/x_test.go":      test,
		"p/nested/go.mod":           {},
		"p/nested/x_test.go":        test,
		"p/nested/q/x_test.go":      test,
		"elsewhere/x_test.go":       test,
		"p/not_a_test.go.txt":       test,
		"p/ledger/requirements.tsv": {},
		"p/ledger/x_test.go":        test,
	}, "p")
	require.NoError(t, err)
	assert.Empty(t, proofs)
}

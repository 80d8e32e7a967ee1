package lesson

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
)

// learner stands in for the test of a learner: it keeps what is printed.
type learner struct {
	testing.TB
	out    bytes.Buffer
	failed bool
	name   string // or "", for TestLearner
	end    []func()
}

func (l *learner) Helper()           {}
func (l *learner) Name() string      { return cmp.Or(l.name, "TestLearner") }
func (l *learner) Cleanup(f func())  { l.end = append(l.end, f) }
func (l *learner) Output() io.Writer { return &l.out }
func (l *learner) Failed() bool      { return l.failed }
func (l *learner) Fail()             { l.failed = true }
func (l *learner) FailNow()          { l.failed = true; runtime.Goexit() }

// try runs the body of a test and returns what it prints, without the line that
// names the place in the test.
func try(t *testing.T, body func(t testing.TB)) string { return tryNamed(t, "", body) }

func tryNamed(t *testing.T, name string, body func(t testing.TB)) string {
	t.Helper()
	l := &learner{name: name}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer task.Catch(l)
		body(l)
	}()
	<-done
	for _, f := range l.end {
		f()
	}
	require.Equal(t, l.failed, l.out.Len() > 0, "%s", l.out.String())
	text, place, found := strings.Cut(l.out.String(), "  test: ")
	if found {
		assert.Regexp(t, `^lesson_test\.go:\d+\n$`, place)
	}
	return text
}

var task = Task{Chapter: 11, Name: "Header", Section: "RFC 6455 section 5.2"}

// todo is the function of that name in every stub.
func todo(part string) any {
	TODO(part)
	return nil
}

func TestFailure(t *testing.T) {
	got := try(t, func(t testing.TB) {
		task.Frame(t, "Header(125)", frames.State{}, Hex("81 7e 00 7d"), Hex("81 7d"),
			If(false, "something else"), If(true, "125 still fits in 7 bits"), If(true, "later"))
	})
	assert.Equal(t, `Header(125)
  got  81 7e 00 7d
          ^^ byte 1: MASK 0, 126 means "a 16-bit length follows"
  want 81 7d
  looks like: 125 still fits in 7 bits (RFC 6455 section 5.2)
  hint: go run ./lessons hint 11 Header
`, got)
	got = try(t, func(t testing.TB) { task.Equal(t, "Name()", "a", "b") })
	assert.Equal(t, "Name()\n  got  \"a\"\n  want \"b\"\n  see: RFC 6455 section 5.2\n  hint: go run ./lessons hint 11 Header\n", got)
	got = try(t, func(t testing.TB) { task.Equal(t, "Name()", 1, 2, If(true, "old (RFC 9110 section 7.8)")) })
	assert.Contains(t, got, "\n  looks like: old (RFC 9110 section 7.8)\n")
}

func TestInOrder(t *testing.T) {
	order.failed = "" // the tests before have made mistakes too
	defer func() { order.failed = "" }()
	wrong := func(t testing.TB) { InOrder(t); task.Equal(t, "F()", 1, 2, If(true, "wrong")) }
	right := func(t testing.TB) { InOrder(t) }
	assert.Empty(t, tryNamed(t, "TestA", right))
	unordered := func(t testing.TB) { task.Equal(t, "F()", 1, 2, If(true, "wrong")) }
	assert.Contains(t, tryNamed(t, "TestB", unordered), "looks like: wrong (")
	assert.Empty(t, tryNamed(t, "TestC", right))
	for _, name := range []string{"TestD", "TestE"} {
		got := tryNamed(t, name, wrong)
		assert.Contains(t, got, "looks like: TestB fails as well, and this may come of it; make that one pass first\n")
		assert.NotContains(t, got, "wrong")
	}
	assert.Contains(t, tryNamed(t, "TestB", wrong), "looks like: wrong (", "it is the first one, also when it runs again")
	assert.Contains(t, tryNamed(t, "TestF", unordered), "looks like: wrong (")
}

func TestRightAnswers(t *testing.T) {
	assert.Empty(t, try(t, func(t testing.TB) {
		task.Equal(t, "", 1, 1)
		task.Bytes(t, "", nil, []byte{})
		task.Frame(t, "", frames.State{}, Hex("81 00"), Hex("81 00"))
		task.Parsed(t, "", nil, 1, 1, nil)
		task.Within(t, time.Minute, "", func() {})
		task.Go(t, func() {})
	}))
}

func TestDiffBytes(t *testing.T) {
	long := strings.Repeat("00 ", 40)
	for _, c := range []struct{ got, want, shown string }{
		{"81 05", "81 06", "got  81 05\n        ^^ byte 1\nwant 81 06"},
		{"81", "81 06", "got  81\n        ^^ ends after 1 byte; 2 expected\nwant 81 06"},
		{"", "81", "got  no bytes\n     ^^ ends after 0 bytes; 1 expected\nwant 81"},
		{"81 05 06", "81 05", "got  81 05 06\n           ^^ byte 2: too many; 2 bytes expected\nwant 81 05"},
		{long + "01", long + "02", "" +
			"got  … 00 00 00 00 00 00 00 00 01  (41 bytes)\n" +
			"                               ^^ byte 40\n" +
			"want … 00 00 00 00 00 00 00 00 02  (41 bytes)"},
		{"01 " + long, "02 " + long, "" +
			"got  01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 …  (41 bytes)\n" +
			"     ^^ byte 0\n" +
			"want 02 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 …  (41 bytes)"},
	} {
		assert.Equal(t, c.shown, diffBytes(Hex(c.got), Hex(c.want), nil))
	}
}

func TestParsedShowsTheFieldsThatDiffer(t *testing.T) {
	type inner struct{ Fin bool }
	type result struct {
		inner
		Length int
		Key    [2]byte
		Err    error
	}
	at := map[string]int{"Length": 1}
	got := try(t, func(t testing.TB) {
		task.Parsed(t, "Parse", Hex("81 85"), result{Length: 133}, result{Length: 5, Key: [2]byte{1, 2}}, at)
	})
	assert.Contains(t, got, "Parse(81 85)\n         ^^ byte 1\n  got  Length 133, Key 00 00\n  want Length 5, Key 01 02\n")
	got = try(t, func(t testing.TB) {
		task.Parsed(t, "Parse", nil, result{Err: io.EOF}, result{Length: 5}, at)
	})
	assert.Contains(t, got, "Parse(no bytes)\n  got  Err \"EOF\"\n  want Err nil\n", "an error explains the rest")
}

func TestNotWritten(t *testing.T) {
	line := `^Header: not written yet \(lesson_test\.go:\d+\)\n$`
	for name, body := range map[string]func(testing.TB){
		"in the test":   func(testing.TB) { todo("Header") },
		"in a call":     func(t testing.TB) { defer task.CatchIn(t, "Header()", If(true, "no")); todo("Header") },
		"within":        func(t testing.TB) { task.Within(t, time.Minute, "Header()", func() { todo("Header") }) },
		"in goroutines": func(t testing.TB) { task.Go(t, func() { todo("Header") }); task.Go(t, func() { todo("Header") }) },
		"a goroutine that others wait for": func(t testing.TB) {
			r, w := io.Pipe()
			task.Go(t, func() { defer w.Close(); todo("Header") })
			_, err := r.Read(make([]byte, 1))
			task.Equal(t, "Read", err, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Regexp(t, line, try(t, body))
			assert.Empty(t, try(t, func(testing.TB) {}), "the next test knows nothing of it")
		})
	}
}

func TestPanics(t *testing.T) {
	var none []int
	want := `\n  panic: runtime error: index out of range \[0\] with length 0\n  at lesson_test\.go:\d+\n`
	assert.Regexp(t, "^TestLearner"+want+"  see: ", try(t, func(testing.TB) { _ = none[0] }))
	assert.Regexp(t, "^in a goroutine"+want, try(t, func(t testing.TB) { task.Go(t, func() { _ = none[0] }) }))
	assert.Regexp(t, `^F\(\)`+want+"  looks like: past the end ", try(t, func(t testing.TB) {
		defer task.CatchIn(t, "F()", If(true, "past the end"))
		_ = none[0]
	}))
}

func TestPanicInsideTheStandardLibrary(t *testing.T) {
	got := try(t, func(testing.TB) { binary.BigEndian.Uint16(nil) })
	assert.Regexp(t, `\n  at lesson_test\.go:\d+\n`, got)
}

func TestWithin(t *testing.T) {
	stop := make(chan struct{})
	defer close(stop)
	got := try(t, func(t testing.TB) {
		task.Within(t, time.Millisecond, "Serve()", func() { <-stop }, If(true, "the end of the input was ignored"))
	})
	assert.Contains(t, got, "Serve()\n  got  nothing for 1ms\n  want an end\n  looks like: the end of the input was ignored (")
}

func TestHexFile(t *testing.T) {
	p := filepath.Join(t.TempDir(), "attack.hex")
	read := func(text string) (b []byte, out string) {
		require.NoError(t, os.WriteFile(p, []byte(text), 0o644))
		out = try(t, func(t testing.TB) { b = task.HexFile(t, p) })
		return b, out
	}
	b, out := read("# a comment\n81 05 # more\r\n4865\n")
	assert.Empty(t, out)
	assert.Equal(t, Hex("81 05 48 65"), b)
	_, out = read("81\n8x\n")
	assert.Contains(t, out, "attack.hex:2\n  got  8x\n  want two hex digits")
	_, out = read("# nothing\n")
	assert.Contains(t, out, "Header: not written yet (")
	require.NoError(t, os.Remove(p))
	assert.Contains(t, try(t, func(t testing.TB) { task.HexFile(t, p) }), "got  no such file\n")
}

func TestTrace(t *testing.T) {
	l := &learner{}
	Trace(l, "out", frames.State{}, Hex("81 00"))
	assert.Empty(t, l.out.String())
	t.Setenv(TraceVar, "1")
	Trace(l, "out", frames.State{}, Hex("81 00 89 00"))
	assert.Equal(t, 2, strings.Count(l.out.String(), "\n"))
	assert.Contains(t, l.out.String(), "out 89 00                      ping, FIN, 0 bytes\n")
}

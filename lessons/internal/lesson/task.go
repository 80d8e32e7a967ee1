package lesson

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Task is one part that the learner of a chapter writes.
type Task struct {
	// Chapter is the number of the chapter.
	Chapter int
	// Name is the name of the lesson:begin mark, and of the hints.
	Name string
	// Section is where the rules are written: "RFC 6455 section 5.2".
	Section string
}

// Diagnosis is a sentence for one kind of wrong answer. Make it with [If].
type Diagnosis struct {
	match    bool
	sentence string
}

// If is the diagnosis that applies when match is true. The first one that
// applies is printed as "looks like: ...", with the section of the task behind
// it unless the sentence names an RFC itself.
func If(match bool, sentence string) Diagnosis { return Diagnosis{match, sentence} }

// Fail ends the test. It prints the call, the detail (lines of its own, indented
// here), the first diagnosis that applies, and the command for a hint. If a part
// that is not written yet was reached before, that is told instead.
func (k Task) Fail(t testing.TB, call, detail string, looks ...Diagnosis) {
	if n := notWritten(); n != nil {
		n.report(t)
	}
	fmt.Fprint(t.Output(), k.text(call, detail, looks))
	t.FailNow()
}

func (k Task) text(call, detail string, looks []Diagnosis) string {
	var b strings.Builder
	b.WriteString(call + "\n")
	for line := range strings.Lines(detail) {
		b.WriteString("  " + strings.TrimRight(line, " \n") + "\n")
	}
	fmt.Fprintf(&b, "  %s\n", k.diagnose(looks))
	fmt.Fprintf(&b, "  hint: go run ./lessons hint %d %s\n", k.Chapter, k.Name)
	if place := caller(isTest); place != "" {
		fmt.Fprintf(&b, "  test: %s\n", place)
	}
	return b.String()
}

func (k Task) diagnose(looks []Diagnosis) string {
	if order.before != "" {
		return "looks like: " + order.before + " fails as well, and this may come of it; make that one pass first"
	}
	for _, d := range looks {
		if !d.match {
			continue
		}
		if strings.Contains(d.sentence, "RFC ") || k.Section == "" {
			return "looks like: " + d.sentence
		}
		return "looks like: " + d.sentence + " (" + k.Section + ")"
	}
	if k.Section == "" {
		return "see: the chapter's README.md"
	}
	return "see: " + k.Section
}

// Within runs f and fails the test when it has not returned after d. A part
// that is not written yet, and a panic, are told as [Task.Catch] does. f goes on
// running when it is late, so it must not use t.
func (k Task) Within(t testing.TB, d time.Duration, call string, f func(), looks ...Diagnosis) {
	t.Helper()
	done := make(chan *crash, 1)
	go func() {
		var c *crash
		defer func() { done <- c }()
		defer func() {
			if v := recover(); v != nil {
				c = newCrash(v)
			}
		}()
		f()
	}()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case c := <-done:
		if c != nil {
			k.crashed(t, c, call, nil)
		}
	case <-timer.C:
		k.Fail(t, call, fmt.Sprintf("got  nothing for %v\nwant an end", d), looks...)
	}
}

// caller returns the first place on the stack that is wanted: "frame_test.go:41".
func caller(wanted func(runtime.Frame) bool) string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		f, more := frames.Next()
		if wanted(f) {
			return fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line)
		}
		if !more {
			return ""
		}
	}
}

func isTest(f runtime.Frame) bool { return strings.HasSuffix(f.File, "_test.go") }

// isChapter reports whether a place is in a chapter: neither in the standard
// library, whose import paths begin without a dot, nor in this package.
func isChapter(f runtime.Frame) bool {
	first, _, _ := strings.Cut(f.Function, "/")
	_, inside, _ := strings.Cut(f.Function, "/internal/lesson.")
	return strings.Contains(first, ".") && strings.Contains(f.Function, "/") && (inside == "" || isTest(f))
}

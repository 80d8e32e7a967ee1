package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"example.com/ws101/lessons/internal/course"
	"example.com/ws101/lessons/internal/lesson"
)

func check(t *tutor, f *flag.FlagSet) func(*course.Chapter, []string) error {
	trace := f.Bool("trace", false, "")
	return func(ch *course.Chapter, _ []string) error {
		p, err := t.started(ch)
		if err != nil {
			return err
		}
		// A newer test is taken before it runs, so that what passes here has
		// passed the chapter as it is now.
		renewed, changed, err := t.work.RenewTests(ch)
		if err != nil {
			return err
		}
		for _, name := range renewed {
			t.printf("%s is new: the chapter's test has changed since you started.\n", name)
		}
		for _, name := range changed {
			t.printf("%s is not the chapter's test any more, since you changed it.\n", name)
		}
		if err := t.gather(ch); err != nil {
			return err
		}
		passed, err := t.test(p, *trace, t.out)
		if err != nil {
			return err
		}
		if !passed {
			return fmt.Errorf("chapter %d does not pass yet: begin with the first failure above, and run this again", ch.Number)
		}
		p.Passed = len(changed) == 0
		if err := t.work.Save(); err != nil {
			return err
		}
		if !p.Passed {
			return fmt.Errorf("your own tests pass; the chapter's do not count: move %s away to get them back", strings.Join(changed, ", "))
		}
		t.printf("\nChapter %d passes.\n  compare    go run ./lessons diff %d\n", ch.Number, ch.Number)
		for _, next := range t.course.Chapters {
			if q := t.work.Chapters[next.Number]; next.Number > ch.Number && (q == nil || !q.Passed) {
				t.printf("  next       go run ./lessons start %d   (%s)\n", next.Number, next.Title)
				break
			}
		}
		return nil
	}
}

// testTimeout is how long the tests of a chapter may take.
const testTimeout = "60s"

// test runs the learner's tests and reports whether they pass.
func (t *tutor) test(p *course.Progress, trace bool, out io.Writer) (bool, error) {
	cmd := exec.Command("go", "test", "-timeout", testTimeout, ".")
	cmd.Dir = p.Dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	var traced bytes.Buffer
	cmd.Stdout, cmd.Stderr = out, out
	if trace {
		cmd.Args = []string{"go", "test", "-timeout", testTimeout, "-count=1", "-v", "."}
		cmd.Env = append(cmd.Env, lesson.TraceVar+"=1")
		cmd.Stdout = &traced
	}
	err := cmd.Run()
	for line := range strings.Lines(traced.String()) {
		if !strings.HasPrefix(line, "=== ") {
			io.WriteString(out, line)
		}
	}
	var exit *exec.ExitError
	switch {
	case err == nil:
		return true, nil
	case errors.As(err, &exit):
		return false, nil
	}
	return false, fmt.Errorf("cannot run go test (%v): go run ./lessons doctor may know why", err)
}

package main

import (
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"strings"

	"example.com/ws101/lessons/internal/course"
)

func start(t *tutor, f *flag.FlagSet) func(*course.Chapter, []string) error {
	dir := f.String("dir", "", "")
	return func(ch *course.Chapter, _ []string) error {
		before := t.work.Dir
		if *dir != "" {
			d := *dir
			if !filepath.IsAbs(d) {
				d = filepath.Join(t.dir, d)
			}
			t.work.Dir = filepath.Clean(d)
		}
		p, err := t.work.Start(ch)
		if errors.Is(err, course.ErrStarted) {
			t.work.Dir = before
			return t.startedBefore(ch)
		}
		if err != nil {
			return err
		}
		t.printf("Chapter %d, %s, is in %s.\n", ch.Number, t.bold(ch.Title), t.path(p.Dir))
		t.about(ch)
		parts, err := ch.Parts()
		if err != nil {
			return err
		}
		t.printf("\n")
		if err := t.gather(ch); err != nil {
			return err
		}
		t.printf("You write: %s. The marks lesson:begin show where.\n", strings.Join(parts, ", "))
		return nil
	}
}

// startedBefore leaves everything as it is, but for tests that got better.
func (t *tutor) startedBefore(ch *course.Chapter) error {
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
	return fmt.Errorf("chapter %d is started already, in %s, and your files stay as they are: go run ./lessons reset %d begins anew",
		ch.Number, t.path(t.work.Started(ch).Dir), ch.Number)
}

func reset(t *tutor, _ *flag.FlagSet) func(*course.Chapter, []string) error {
	return func(ch *course.Chapter, _ []string) error {
		p, err := t.started(ch)
		if err != nil {
			return err
		}
		kept, err := t.work.Reset(ch)
		if err != nil {
			return err
		}
		t.printf("Chapter %d begins anew in %s. Your files are kept in %s.\n", ch.Number, t.path(p.Dir), t.path(kept))
		return nil
	}
}

package main

import (
	"flag"
	"path/filepath"

	"example.com/ws101/lessons/internal/course"
)

// status says where the learner is and what is next.
func (t *tutor) status() error {
	var begun, next *course.Chapter
	passed := 0
	for _, ch := range t.course.Chapters {
		p := t.work.Chapters[ch.Number]
		switch {
		case p != nil && p.Passed:
			passed++
		case t.work.Started(ch) != nil:
			if begun == nil {
				begun = ch
			}
		case next == nil:
			next = ch
		}
	}
	t.printf("%d of %d chapters pass.\n", passed, len(t.course.Chapters))
	if begun != nil {
		t.printf("\nYou are in chapter %d, %s.\n", begun.Number, t.bold(begun.Title))
		t.about(begun)
	} else if next != nil {
		t.printf("\nNext is chapter %d, %s.\n  begin it   go run ./lessons start %d\n", next.Number, t.bold(next.Title), next.Number)
	}
	t.printf("\nMore: go run ./lessons -h\n")
	return nil
}

// about tells where a started chapter is and what can be done with it.
func (t *tutor) about(ch *course.Chapter) {
	t.printf("  read       %s\n", t.path(filepath.Join(ch.Dir, "README.md")))
	t.printf("  write      %s\n", t.path(t.work.Started(ch).Dir))
	t.printf("  test       go run ./lessons check %d   (or go test, in your folder)\n", ch.Number)
	t.printf("  get help   go run ./lessons hint %d\n", ch.Number)
}

func list(t *tutor, _ *flag.FlagSet) func(*course.Chapter, []string) error {
	return func(*course.Chapter, []string) error {
		for _, ch := range t.course.Chapters {
			state := "-"
			switch p := t.work.Chapters[ch.Number]; {
			case p != nil && p.Passed:
				state = "passes"
			case t.work.Started(ch) != nil:
				state = "started"
			}
			t.printf("%2d  %-8s  %s\n", ch.Number, state, ch.Title)
		}
		return nil
	}
}

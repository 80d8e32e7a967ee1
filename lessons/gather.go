package main

import (
	"strconv"
	"strings"

	"example.com/ws101/lessons/internal/course"
)

// gather puts the learner's own chapters into one that is made of them, and tells which of
// them are the learner's. For other chapters it does nothing.
func (t *tutor) gather(ch *course.Chapter) error {
	list, err := t.work.Gather(ch)
	if err != nil || len(list) == 0 {
		return err
	}
	var mine, course []string
	for _, g := range list {
		if g.Mine {
			mine = append(mine, strconv.Itoa(g.Chapter.Number))
		} else {
			course = append(course, strconv.Itoa(g.Chapter.Number))
		}
	}
	t.printf("Chapter %d is put together from other chapters.\n", ch.Number)
	t.printf("  yours         %s\n", listed(mine))
	t.printf("  the course's  %s\n", listed(course))
	for _, g := range list {
		if g.Why != "" {
			t.printf("  %s\n", g.Why)
		}
	}
	t.printf("\n")
	return nil
}

func listed(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}

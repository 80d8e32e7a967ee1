package measure

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

// readReport reads what an earlier run has written with -json.
func readReport(file string) (Report, error) {
	var r Report
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err == nil && len(r.Results) == 0 {
		err = fmt.Errorf("there are no techniques in it")
	}
	if err != nil {
		return r, fmt.Errorf("-before %s: %w", file, err)
	}
	return r, nil
}

// A figure is something by which two runs are compared; it may not have been measured.
type figure struct {
	name string
	of   func(Result) *float64
}

var figures = []figure{
	{"bytes per event, both ways", func(r Result) *float64 { sum := r.UpPerEvent + r.DownPerEvent; return &sum }},
	{"delay p50", func(r Result) *float64 { return &r.DelayP50 }},
	{"server CPU per event", func(r Result) *float64 { return r.CPU }},
	{"memory per client", func(r Result) *float64 { return r.Resident }},
}

// beside says whether this run tells the same story as an earlier one: each figure divided by the
// one before, and whether the techniques stand in the same order.
func (r Report) beside(before Report) string {
	var b strings.Builder
	b.WriteString("Beside the run before: each figure divided by the one of that run.\n")
	if r.Clients != before.Clients || r.Events != before.Events || r.Every != before.Every || r.Poll != before.Poll {
		fmt.Fprintf(&b, "That run was another one: %d clients, %d votes, one every %s, polling every %s.\n",
			before.Clients, before.Events, duration(before.Every), duration(before.Poll))
	}
	fmt.Fprintf(&b, "\n%-31s", "")
	for _, t := range r.Results {
		fmt.Fprintf(&b, " %13s", t.Title)
	}
	b.WriteByte('\n')
	for _, f := range figures {
		fmt.Fprintf(&b, "%-31s", f.name)
		for _, t := range r.Results {
			fmt.Fprintf(&b, " %13s", ratio(f, t, before.find(t.Technique)))
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	for _, f := range figures {
		b.WriteString(r.order(f, before) + "\n")
	}
	return b.String()
}

func ratio(f figure, now Result, before *Result) string {
	if before == nil {
		return "-"
	}
	a, b := f.of(now), f.of(*before)
	if a == nil || b == nil || *b == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", *a / *b)
}

// apart is how many times larger a figure must be to be another one. The times of two runs differ by less
// on most machines.
const apart = 1.5

// order says how the techniques stand by a figure, and whether two that are clearly apart have changed
// places.
func (r Report) order(f figure, before Report) string {
	list := r.ranked(f, before)
	if len(list) < 2 {
		return fmt.Sprintf("By %s there is nothing to compare.", f.name)
	}
	for i, a := range list {
		for _, b := range list[i+1:] {
			x, y := *f.of(*before.find(a)), *f.of(*before.find(b))
			if *f.of(*r.find(b)) > apart**f.of(*r.find(a)) && x > apart*y {
				return fmt.Sprintf("By %s the order is another one: here %s is below %s, and there it was the other way round.", f.name, a, b)
			}
		}
	}
	return fmt.Sprintf("By %s the order is the same, but for what is less than %g times apart: %s.", f.name, apart, strings.Join(list, " < "))
}

// ranked returns the techniques that are in both runs, in the order of a figure.
func (r Report) ranked(f figure, other Report) []string {
	var found []Result
	for _, t := range r.Results {
		if o := other.find(t.Technique); o != nil && f.of(t) != nil && f.of(*o) != nil {
			found = append(found, t)
		}
	}
	slices.SortStableFunc(found, func(a, b Result) int { return cmp.Compare(*f.of(a), *f.of(b)) })
	var list []string
	for _, t := range found {
		list = append(list, t.Technique)
	}
	return list
}

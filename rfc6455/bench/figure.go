package main

import (
	"fmt"
	"regexp"
	"strings"

	"example.com/ws101/rfc6455/bench/libraries"
	"example.com/ws101/rfc6455/bench/stats"
)

// A figure puts one number on many cells: how much of a baseline something
// costs, and below which bar that is wanted.
type figure struct {
	name     string
	cells    *regexp.Regexp
	metric   string
	subject  string
	baseline string // a library, [best], or [absolute]
	bar      float64
}

const (
	best         = "the best library"                  // the peer that costs least over the cells
	bestStandard = "the best that uses compress/flate" // the same, of these
	absolute     = ""                                  // no ratio: the bar is in the unit of the metric
)

// figures are the bars.
var figures = []figure{
	{"the library alone, 125 B echo, binary", cellsLike(`alone/binary/125B/1in`), cpu, ours, "gobwas-low", 0.7},
	{"the library alone, 125 B echo, text", cellsLike(`alone/text/125B/1in`), cpu, ours, "gobwas-low", 0.7},
	{"echo 16 B to 1 KiB, 1 outstanding", cellsLike(`echo/.*/(16B|125B|1KiB)/.*/1out`), cpu, ours, "rawmsg", 1.1},
	{"echo 16 B to 1 KiB, 32 outstanding", cellsLike(`echo/.*/(16B|125B|1KiB)/.*/32out`), cpu, ours, "raw", 1.3},
	{"echo 16 KiB", cellsLike(`echo/.*/16KiB/.*`), cpu, ours, best, 1.05},
	{"echo 1 MiB", cellsLike(`echo/.*/1MiB/.*`), cpu, ours, best, 1.05},
	{"idle after a message, raw listener", cellsLike(`idle/raw`), used, ours, absolute, 4500},
	{"idle after a message, net/http", cellsLike(`idle/http`), used, ours, absolute, 4500},
	{"broadcast to 1,000", cellsLike(`broadcast/.*`), cpu, ours, best, 1.05},
	{"deflate echo, standard library", cellsLike(`deflate/.*`), cpu, ours, bestStandard, 1.05},
	{"deflate echo, klauspost/compress", cellsLike(`deflate/.*`), cpu, "ws101-klauspost", "gws", 1.05},
}

func cellsLike(pattern string) *regexp.Regexp { return regexp.MustCompile("^" + pattern + "$") }

// A finding is a figure that was measured.
type finding struct {
	Name     string         `json:"name"`
	Metric   string         `json:"metric"`
	Subject  string         `json:"subject"`
	Baseline string         `json:"baseline,omitempty"`
	Cells    []string       `json:"cells"`
	Estimate stats.Interval `json:"estimate"`
	Bar      float64        `json:"bar"`
	Verdict  stats.Verdict  `json:"verdict"`
}

// findings are the figures whose cells were measured.
func findings(samples []sample) []finding {
	var all []finding
	for _, f := range figures {
		if found, ok := f.find(samples); ok {
			all = append(all, found)
		}
	}
	return all
}

// find looks at what was measured of a figure's cells, and reports false if
// that was nothing. Only whole rounds count.
func (f figure) find(samples []sample) (finding, bool) {
	measured := collect(samples, f.metric)
	var names []string
	for _, c := range cells() { // in their order
		if f.cells.MatchString(c.name) && measured[c.name] != nil {
			names = append(names, c.name)
		}
	}
	baseline := f.baseline
	switch baseline {
	case best:
		baseline = cheapest(measured, names, func(l libraries.Library) bool { return l.Peer })
	case bestStandard:
		baseline = cheapest(measured, names, func(l libraries.Library) bool { return l.Peer && !l.Klauspost })
	}
	perRound := paired(measured, names, f.subject, baseline)
	if len(perRound) == 0 {
		return finding{}, false
	}
	estimate := stats.Bootstrap(perRound)
	return finding{
		Name: f.name, Metric: f.metric, Subject: f.subject, Baseline: baseline, Cells: names,
		Estimate: estimate, Bar: f.bar, Verdict: stats.Judge(estimate, f.bar, len(perRound)),
	}, true
}

// paired is, for each round, the geometric mean over the cells of what the
// subject costs in that round, in parts of the baseline.
func paired(measured results, cells []string, subject, baseline string) []float64 {
	var perRound []float64
	for round := 0; ; round++ {
		var ratios []float64
		for _, c := range cells {
			a := measured[c][subject]
			if round >= len(a) {
				return perRound
			}
			ratio := a[round]
			if baseline != absolute {
				b := measured[c][baseline]
				if round >= len(b) {
					return perRound
				}
				ratio /= b[round]
			}
			ratios = append(ratios, ratio)
		}
		if len(ratios) == 0 {
			return perRound
		}
		perRound = append(perRound, stats.GeoMean(ratios))
	}
}

// cheapest is the library of those that costs least, over all cells and rounds.
func cheapest(measured results, cells []string, among func(libraries.Library) bool) string {
	name, least := "none", 0.0
	for _, l := range libraries.All {
		if !among(l) {
			continue
		}
		perRound := paired(measured, cells, l.Name, absolute)
		if len(perRound) == 0 {
			continue
		}
		if cost := stats.GeoMean(perRound); name == "none" || cost < least {
			name, least = l.Name, cost
		}
	}
	return name
}

// String is the estimate with its interval.
func (f finding) String() string {
	e := f.Estimate
	if f.Baseline == absolute {
		return fmt.Sprintf("%s (%s to %s)", number(e.Mid), number(e.Low), number(e.High))
	}
	return fmt.Sprintf("%.3f (%.3f to %.3f) of %s", e.Mid, e.Low, e.High, f.Baseline)
}

func (f finding) barString() string {
	if f.Baseline == absolute {
		return "at most " + number(f.Bar)
	}
	return "at most " + strings.TrimRight(fmt.Sprintf("%.2f", f.Bar), "0")
}

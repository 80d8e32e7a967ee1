package main

import (
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/rfc6455/bench/stats"
)

// made are samples of one metric: for each cell and library a value a round.
func made(metric string, of map[string]map[string][]float64) []sample {
	var samples []sample
	for cell, libraries := range of {
		for library, rounds := range libraries {
			for i, v := range rounds {
				samples = append(samples, sample{cell, library, i, values{metric: v}})
			}
		}
	}
	return samples
}

const (
	cellA = "echo/text/16KiB/1conns/1out"
	cellB = "echo/text/16KiB/64conns/1out"
)

var both = regexp.MustCompile(`^echo/text/16KiB/`)

func TestFigure(t *testing.T) {
	five := func(x float64) []float64 { return []float64{x, x, x, x, x} }
	for _, tt := range []struct {
		name     string
		figure   figure
		samples  []sample
		mid      float64
		baseline string
		verdict  stats.Verdict
	}{
		{
			"the geometric mean over two cells", figure{cells: both, subject: "ws101", baseline: "raw", bar: 3.5},
			made("", map[string]map[string][]float64{
				cellA: {"ws101": five(200), "raw": five(100)},
				cellB: {"ws101": five(80), "raw": five(10)},
			}), 4, "raw", stats.NotMet,
		},
		{
			"paired: a slow round of both counts nothing", figure{cells: both, subject: "ws101", baseline: "raw", bar: 2},
			made("", map[string]map[string][]float64{
				cellA: {"ws101": {20, 20, 2000, 20, 20}, "raw": {10, 10, 1000, 10, 10}},
			}), 2, "raw", stats.Met,
		},
		{
			"the best is the cheapest over all cells, and one of the others", figure{cells: both, subject: "ws101", baseline: best, bar: 1.05},
			made("", map[string]map[string][]float64{
				cellA: {"ws101": five(10), "raw": five(1), "gorilla": five(10), "gws": five(40)},
				cellB: {"ws101": five(10), "raw": five(1), "gorilla": five(10), "gws": five(5)},
			}), 1, "gorilla", stats.Met,
		},
		{
			"no ratio", figure{cells: both, subject: "ws101", baseline: absolute, bar: 4500},
			made("", map[string]map[string][]float64{cellA: {"ws101": five(4600)}}), 4600, "", stats.NotMet,
		},
		{
			"too few rounds", figure{cells: both, subject: "ws101", baseline: "raw", bar: 2},
			made("", map[string]map[string][]float64{cellA: {"ws101": {1, 1}, "raw": {1, 1}}}), 1, "raw", stats.Undecided,
		},
		{
			"a round that was cut off does not count", figure{cells: both, subject: "ws101", baseline: "raw", bar: 2},
			made("", map[string]map[string][]float64{
				cellA: {"ws101": {1, 1, 1, 1, 1, 90}, "raw": five(1)},
			}), 1, "raw", stats.Met,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found, ok := tt.figure.find(tt.samples)
			require.True(t, ok)
			assert.InDelta(t, tt.mid, found.Estimate.Mid, 1e-9)
			assert.Equal(t, tt.baseline, found.Baseline)
			assert.Equal(t, tt.verdict, found.Verdict)
		})
	}
}

func TestFigureThatWasNotMeasured(t *testing.T) {
	f := figure{cells: both, subject: "ws101", baseline: best, bar: 1}
	for name, samples := range map[string][]sample{
		"nothing":       nil,
		"another cell":  made("", map[string]map[string][]float64{"alone/text/125B/1in": {"ws101": {1}, "gws": {1}}}),
		"no subject":    made("", map[string]map[string][]float64{cellA: {"gws": {1}}}),
		"no baseline":   made("", map[string]map[string][]float64{cellA: {"ws101": {1}, "raw": {1}}}),
		"other metrics": made(allocs, map[string]map[string][]float64{cellA: {"ws101": {1}, "gws": {1}}}),
	} {
		t.Run(name, func(t *testing.T) {
			_, ok := f.find(samples)
			assert.False(t, ok)
		})
	}
}

// Each figure names cells that there are.
func TestFiguresHaveCells(t *testing.T) {
	for _, f := range figures {
		n := 0
		for _, c := range cells() {
			if f.cells.MatchString(c.name) {
				n++
			}
		}
		assert.Positive(t, n, f.name)
	}
}

func TestNumber(t *testing.T) {
	for x, want := range map[float64]string{
		0: "0", 0.96: "1", 1.25: "1.2", 9.94: "9.9", 10: "10", 999.5: "1,000", 1234.4: "1,234", 1e6: "1,000,000", math.NaN(): "",
	} {
		assert.Equal(t, want, number(x))
	}
}

func TestTables(t *testing.T) {
	samples := append(
		made(cpu, map[string]map[string][]float64{cellA: {"gws": {3, 1, 2}, "ws101": {1000, 2000}}}),
		made(allocs, map[string]map[string][]float64{cellB: {"ws101": {0}}})...)
	var out strings.Builder
	text(&out, tables(samples))
	assert.Equal(t, strings.Join([]string{
		"",
		"CPU ns per message",
		"",
		"Cell                         ws101  gws",
		"echo/text/16KiB/1conns/1out  1,500  2",
		"",
		"Allocations per message",
		"",
		"Cell                          ws101",
		"echo/text/16KiB/64conns/1out  0",
		"",
		"Bars",
		"",
		"Figure       Measured                              Bar           Verdict",
		"echo 16 KiB  816.497 (333.333 to 2000.000) of gws  at most 1.05  undecided",
		"",
	}, "\n"), out.String())
}

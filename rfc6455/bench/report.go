package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"example.com/ws101/rfc6455/bench/libraries"
	"example.com/ws101/rfc6455/bench/stats"
)

// A table has a title, names of columns, and rows.
type table struct {
	title   string
	columns []string
	rows    [][]string
}

// tables are all there is to show: for each metric what was measured, and the
// figures.
func tables(samples []sample) []table {
	var all []table
	for _, metric := range metrics {
		if t := measurements(samples, metric); len(t.rows) > 0 {
			all = append(all, t)
		}
	}
	bars := table{title: "Bars", columns: []string{"Figure", "Measured", "Bar", "Verdict"}}
	for _, f := range findings(samples) {
		bars.rows = append(bars.rows, []string{f.Name, f.String(), f.barString(), string(f.Verdict)})
	}
	if len(bars.rows) > 0 {
		all = append(all, bars)
	}
	return all
}

// measurements are the medians of a metric, a cell a row and a library a
// column.
func measurements(samples []sample, metric string) table {
	measured := collect(samples, metric)
	t := table{title: capital(metric), columns: []string{"Cell"}}
	var columns []string
	for _, l := range libraries.All {
		for _, of := range measured {
			if len(of[l.Name]) > 0 && !slices.Contains(columns, l.Name) {
				columns = append(columns, l.Name)
			}
		}
	}
	t.columns = append(t.columns, columns...)
	for _, c := range cells() {
		if measured[c.name] == nil {
			continue
		}
		row := []string{c.name}
		for _, name := range columns {
			row = append(row, number(stats.Median(measured[c.name][name])))
		}
		t.rows = append(t.rows, row)
	}
	return t
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// number has commas, and as many digits behind the point as say something.
func number(x float64) string {
	switch {
	case math.IsNaN(x):
		return ""
	case x < 10:
		return strings.TrimSuffix(strconv.FormatFloat(x, 'f', 1, 64), ".0")
	}
	digits := strconv.FormatInt(int64(math.Round(x)), 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// text prints tables for a terminal.
func text(w io.Writer, all []table) {
	for _, t := range all {
		fmt.Fprintf(w, "\n%s\n\n", t.title)
		tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, row := range append([][]string{t.columns}, t.rows...) {
			fmt.Fprintln(tw, strings.Join(row, "\t"))
		}
		tw.Flush()
	}
}

// markdown prints them for a README.
func markdown(w io.Writer, all []table) {
	for _, t := range all {
		fmt.Fprintf(w, "\n%s:\n\n| %s |\n|%s\n", t.title, strings.Join(t.columns, " | "), strings.Repeat("---|", len(t.columns)))
		for _, row := range t.rows {
			fmt.Fprintf(w, "| %s |\n", strings.Join(row, " | "))
		}
	}
}

// writeJSON writes all there is, for other programs.
func writeJSON(file, about string, samples []sample) error {
	text, err := json.MarshalIndent(struct {
		About   string    `json:"about"`
		Figures []finding `json:"figures"`
		Samples []sample  `json:"samples"`
	}{about, findings(samples), samples}, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}

// This file holds the table in the README of rfc6455: which peer, in which role,
// was put through how many exchanges.

package peers

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"example.com/ws101/frames"
)

// Passed counts the exchanges of each kind that went as they should.
type Passed map[Kind]int

// A Table is a table of the README, between two comments that name it. Its rows
// are found by their first cells.
type Table struct {
	name    string
	columns []string
	keys    int // how many cells name a row
}

// Matrix is the table of peers and roles.
var Matrix = Table{"peers", []string{
	"Peer", "It is the", "Text", "Binary", "1 and 16 MiB", "Our fragments", "Its fragments",
	"Our Ping", "Its Ping", "Our Close", "Its Close", "What it has no way to do",
}, 2}

// Row returns a row of [Matrix]: how many of the exchanges of each kind were
// passed, of how many there are. limits is the last cell.
func Row(peer, role string, passed Passed, limits string) []string {
	of := Passed{}
	for _, x := range Exchanges() {
		of[x.Kind]++
	}
	row := []string{peer, role}
	for kind := range Compressed {
		switch n := passed[kind]; n {
		case 0:
			row = append(row, "–")
		case of[kind]:
			row = append(row, fmt.Sprint(n))
		default:
			row = append(row, fmt.Sprintf("%d of %d", n, of[kind]))
		}
	}
	return append(row, limits)
}

// Line returns a row as it stands in the README.
func Line(row []string) string { return "| " + strings.Join(row, " | ") + " |" }

// Lines returns the rows that stand in a text.
func (t Table) Lines(text string) ([]string, error) {
	_, lines, _, err := t.cut(text)
	return lines, err
}

// Put puts a row into the table of a text, in place of the one with the same
// first cells. Rows are in alphabetical order.
func (t Table) Put(text string, row []string) (string, error) {
	before, lines, after, err := t.cut(text)
	if err != nil {
		return "", err
	}
	key := strings.TrimSuffix(Line(row[:t.keys]), "|")
	lines = slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, key) })
	lines = append(lines, Line(row))
	slices.Sort(lines)
	head := []string{Line(t.columns), "|" + strings.Repeat("---|", len(t.columns))}
	return before + "\n" + strings.Join(append(head, lines...), "\n") + "\n" + after, nil
}

// cut returns the rows, and what is before and behind the table.
func (t Table) cut(text string) (before string, rows []string, after string, err error) {
	begin, end := "<!-- "+t.name+": written by the tests -->", "<!-- end of "+t.name+" -->"
	before, rest, ok := strings.Cut(text, begin)
	table, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return "", nil, "", fmt.Errorf("there is no table between %q and %q", begin, end)
	}
	if lines := strings.Split(strings.TrimSpace(table), "\n"); len(lines) > 2 {
		rows = lines[2:]
	}
	return before + begin, rows, end + after, nil
}

// Hold wants the row to stand in the table of a file, or writes it there if
// update is set.
func (t Table) Hold(file string, row []string, update bool) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if update {
		now, err := t.Put(string(text), row)
		if err != nil {
			return err
		}
		return os.WriteFile(file, []byte(now), 0o644)
	}
	lines, err := t.Lines(string(text))
	if err != nil {
		return err
	}
	if !slices.Contains(lines, Line(row)) {
		return errors.New(file + " does not have this row; the test writes it with -update:\n" + Line(row))
	}
	return nil
}

// NotInTheAPI reports whether the WebSocket API of browsers has no way to do the
// peer's part.
func NotInTheAPI(x *Exchange) bool {
	return x.Kind == TheirFragments || x.Kind == TheirPing || x.Kind == TheirClose && x.Code == frames.CloseGoingAway
}

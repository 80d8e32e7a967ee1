// Package ledger holds the duties that RFC 6455, RFC 7692 and their neighbours
// lay on an endpoint, one row each, and finds the tests that prove them and
// the code that does them.
//
// The rows are in requirements.tsv. A test names the rows it proves; how, is
// told at [Proofs]. [Page] writes what came of it, which is LEDGER.md:
//
//	go test ./rfc6455/conformance/ledger -update
package ledger

import (
	"fmt"
	"regexp"
	"strings"
)

// Row is one duty.
type Row struct {
	// ID is the number of the RFC, its section, and for RFC 6455 and RFC 7692
	// a number within the section: "6455-5.2-4", "9112-5.1", "SSE-P3".
	ID string
	// Level is MUST, MUST NOT, SHOULD or SHOULD NOT as in RFC 2119, or DEF for
	// a definition that an endpoint has to get right as well.
	Level string
	// On is who has the duty: C client, S server, B both, I intermediary, X
	// the author of an extension.
	On string
	// Text is the duty in our words.
	Text string
	// Code names the functions that do it: "frames.Mask", "rfc6455.Conn.Close".
	Code []string
	// Reason is empty, or says why there is no test: the duty is not ours, is
	// left to the caller, or is said in another row: "Same as 6455-5.1-1."
	Reason string
	// Section is the heading that the row stands under.
	Section string
}

// must reports whether the duty is absolute.
func (r Row) must() bool { return r.Level == "MUST" || r.Level == "MUST NOT" }

// RFC is the number of the RFC, or SSE: the part of the ID before the first -.
func (r Row) RFC() string {
	rfc, _, _ := strings.Cut(r.ID, "-")
	return rfc
}

// id matches the ID of a row.
const id = `(?:[1-9]\d{3}-[1-9]\d*(?:\.\d+)*(?:-\d+[a-z]?)?|SSE-[A-Z]\d+)`

var (
	isID = regexp.MustCompile(`^` + id + `$`)
	ids  = regexp.MustCompile(id)
)

var (
	levels = map[string]bool{"MUST": true, "MUST NOT": true, "SHOULD": true, "SHOULD NOT": true, "DEF": true}
	sides  = map[string]bool{"C": true, "S": true, "B": true, "I": true, "X": true}
)

// columns is how many fields a row has: ID, level, on, requirement, code, reason.
const columns = 6

// Rows reads requirements.tsv: a line that begins with # is the heading of the
// rows below it, every other line is a row, whose fields are separated by tabs.
func Rows(tsv string) ([]Row, error) {
	var rows []Row
	section := ""
	seen := map[string]bool{}
	for i, line := range strings.Split(strings.TrimSuffix(tsv, "\n"), "\n") {
		if heading, ok := strings.CutPrefix(line, "#"); ok {
			section = strings.TrimSpace(heading)
			continue
		}
		row, err := parse(line)
		if err == nil && seen[row.ID] {
			err = fmt.Errorf("%s is there twice", row.ID)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		seen[row.ID] = true
		row.Section = section
		rows = append(rows, row)
	}
	return rows, nil
}

// parse reads one row.
func parse(line string) (Row, error) {
	f := strings.Split(line, "\t")
	if len(f) != columns {
		return Row{}, fmt.Errorf("the row has %d fields and not %d", len(f), columns)
	}
	r := Row{ID: f[0], Level: f[1], On: f[2], Text: f[3], Code: strings.Fields(f[4]), Reason: f[5]}
	switch {
	case !isID.MatchString(r.ID):
		return r, fmt.Errorf("%q is not an ID", r.ID)
	case !levels[r.Level]:
		return r, fmt.Errorf("%s has the level %q", r.ID, r.Level)
	case !sides[r.On]:
		return r, fmt.Errorf("%s is a duty of %q", r.ID, r.On)
	case r.Text == "":
		return r, fmt.Errorf("%s says nothing", r.ID)
	}
	return r, nil
}

// same is the reason of a row that says again what others say.
const same = "Same as "

// sameAs are the IDs of the rows that r says again.
func (r Row) sameAs() []string {
	if !strings.HasPrefix(r.Reason, same) {
		return nil
	}
	return ids.FindAllString(r.Reason, -1)
}

package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
)

// Ledger is the rows with what proves them and what does them.
type Ledger struct {
	Rows   []Row
	Proofs map[string][]Proof // by ID
	Code   Code
}

// Read makes the ledger of the rows and of the Go files under the directories,
// which are paths in fsys.
func Read(rows []Row, fsys fs.FS, dirs ...string) (*Ledger, error) {
	proofs, err := Proofs(fsys, dirs...)
	if err != nil {
		return nil, err
	}
	code, err := ReadCode(fsys, dirs...)
	if err != nil {
		return nil, err
	}
	l := &Ledger{rows, map[string][]Proof{}, code}
	for _, p := range proofs {
		l.Proofs[p.ID] = append(l.Proofs[p.ID], p)
	}
	return l, nil
}

// State is how well a row is known to hold.
type State int

const (
	Open   State = iota // no test, and no reason
	Reason              // the row says why there is no test
	Proved              // some test proves it
)

// String returns the word for the page.
func (s State) String() string { return [...]string{"open", "reason", "proved"}[s] }

// State of a row. One that says again what others say is as well known as the
// least known of them.
func (l *Ledger) State(r Row) State {
	targets := r.sameAs()
	if targets == nil {
		return l.ownState(r)
	}
	state := Proved
	for _, id := range targets {
		state = min(state, l.ownState(l.row(id)))
	}
	return state
}

// ownState is the state of a row that says what no other row says.
func (l *Ledger) ownState(r Row) State {
	switch {
	case r.Reason != "":
		return Reason
	case len(l.Proofs[r.ID]) > 0:
		return Proved
	}
	return Open
}

// row returns the row with this ID, or the zero Row.
func (l *Ledger) row(id string) Row {
	i := slices.IndexFunc(l.Rows, func(r Row) bool { return r.ID == id })
	if i < 0 {
		return Row{}
	}
	return l.Rows[i]
}

// Check tells all that is wrong with the ledger. A MUST or MUST NOT of an RFC in
// enforced has to be proved or to carry a reason, and the rules that errors
// name have to be expected by a test.
func (l *Ledger) Check(enforced ...string) error {
	var problems []error
	problem := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }

	for _, id := range slices.Sorted(maps.Keys(l.Proofs)) {
		if l.row(id).ID == "" {
			problem("%s names %s, which is not a row", l.Proofs[id][0].File, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(l.Code.Rules)) {
		if l.row(id).ID == "" {
			problem("%s has an error with the rule %s, which is not a row", l.Code.Rules[id][0], id)
		}
	}
	for _, r := range l.Rows {
		for _, err := range l.checkRow(r) {
			problem("%s: %w", r.ID, err)
		}
		if slices.Contains(enforced, r.RFC()) {
			if err := l.checkProof(r, enforced); err != nil {
				problem("%s: %w", r.ID, err)
			}
		}
	}
	return errors.Join(problems...)
}

// checkRow tells what a row says that is not so.
func (l *Ledger) checkRow(r Row) (problems []error) {
	for _, name := range r.Code {
		if l.Code.Names[name] == "" {
			problems = append(problems, fmt.Errorf("there is no %s", name))
		}
	}
	for _, id := range r.sameAs() {
		switch target := l.row(id); {
		case target.ID == "":
			problems = append(problems, fmt.Errorf("it is the same as %s, which is not a row", id))
		case target.sameAs() != nil:
			problems = append(problems, fmt.Errorf("it is the same as %s, which only says again what others say", id))
		}
	}
	if tests := l.Proofs[r.ID]; r.Reason != "" && len(tests) > 0 {
		problems = append(problems, fmt.Errorf("it has a reason to have no test, and %s in %s says that it proves it", tests[0].Test, tests[0].File))
	}
	return problems
}

// checkProof tells why a row that has to be proved is not. A row that says again
// what a row of an RFC says that is not in enforced may wait for that.
func (l *Ledger) checkProof(r Row, enforced []string) error {
	waits := slices.ContainsFunc(r.sameAs(), func(id string) bool { return !slices.Contains(enforced, l.row(id).RFC()) })
	if r.must() && !waits && l.State(r) == Open {
		return errors.New("no test proves it, and it carries no reason")
	}
	expected := slices.ContainsFunc(l.Proofs[r.ID], func(p Proof) bool { return p.Expects })
	if files := l.Code.Rules[r.ID]; len(files) > 0 && !expected {
		return fmt.Errorf("errors in %s name it, and no test expects that", files[0])
	}
	return nil
}

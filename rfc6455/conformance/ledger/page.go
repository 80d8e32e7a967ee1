package ledger

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Page writes the ledger as Markdown. up leads from the page to the root of the
// module: "../../..".
func (l *Ledger) Page(up string) string {
	var b strings.Builder
	b.WriteString(intro)
	l.counts(&b)
	b.WriteString(legend)
	section := ""
	for _, r := range l.Rows {
		if r.Section != section {
			section = r.Section
			fmt.Fprintf(&b, "\n## %s\n\n| ID | Requirement | Level | On | Tests | Code | State |\n|---|---|---|---|---|---|---|\n", section)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n",
			r.ID, escape(r.Text), r.Level, r.On, l.tests(r, up), l.code(r, up), l.state(r))
	}
	return b.String()
}

const intro = `# The ledger

What a WebSocket has to do, row by row, with the tests that prove it and the code that does it.
The rows are in [requirements.tsv](requirements.tsv), in our words. This page is made from them and
from the sources:

    go test ./rfc6455/conformance/ledger -update

`

const legend = `
On: C the client, S the server, B both, I an intermediary, X the author of an extension. DEF is a
definition, or a duty that an RFC does not write in capitals.

A row is *proved* when a test names it that asserts something. The names of subtests begin with the
rows that they prove, and so tell them in the output of the tests:

    go test -v ./frames ./handshake ./rfc6455 | grep 6455-5.2-4

The errors of the packages name the row that was broken, in the field Rule; for each of these rows
some test expects that very ID.
`

// counts writes how many rows of each RFC are in which state.
func (l *Ledger) counts(b *strings.Builder) {
	type count struct{ musts, state [Proved + 1]int }
	counts := map[string]*count{}
	var order []string
	for _, r := range l.Rows {
		c := counts[r.RFC()]
		if c == nil {
			c = &count{}
			counts[r.RFC()] = c
			order = append(order, r.RFC())
		}
		s := l.State(r)
		c.state[s]++
		if r.must() {
			c.musts[s]++
		}
	}
	b.WriteString("| | MUST and MUST NOT: proved | with a reason | open | all rows: proved | with a reason | open |\n|---|---|---|---|---|---|---|\n")
	for _, rfc := range order {
		c := counts[rfc]
		fmt.Fprintf(b, "| %s | %d | %d | %d | %d | %d | %d |\n", source(rfc),
			c.musts[Proved], c.musts[Reason], c.musts[Open], c.state[Proved], c.state[Reason], c.state[Open])
	}
}

// source names what a row comes from.
func source(rfc string) string {
	if rfc == "SSE" {
		return "HTML standard, server-sent events"
	}
	return "RFC " + rfc
}

// tests are links to the tests of a row, each once.
func (l *Ledger) tests(r Row, up string) string {
	proofs := slices.Clone(l.Proofs[r.ID])
	slices.SortFunc(proofs, func(a, b Proof) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Test, b.Test))
	})
	var list []string
	for _, p := range proofs {
		list = append(list, link(path.Base(path.Dir(p.File))+"."+p.Test, up, p.File))
	}
	return strings.Join(slices.Compact(list), ", ")
}

// code are links to what does a row: the functions that the row names, and the
// files with errors that name the row.
func (l *Ledger) code(r Row, up string) string {
	var list []string
	named := map[string]bool{}
	for _, name := range r.Code {
		file := l.Code.Names[name]
		named[file] = true
		list = append(list, link(name, up, file))
	}
	for _, file := range l.Code.Rules[r.ID] {
		if !named[file] {
			list = append(list, link(file, up, file))
		}
	}
	return strings.Join(list, ", ")
}

// state is the state of a row, with its reason.
func (l *Ledger) state(r Row) string {
	s := l.State(r).String()
	if r.Reason == "" {
		return s
	}
	return s + ": " + escape(r.Reason)
}

func link(text, up, file string) string { return "[" + text + "](" + up + "/" + file + ")" }

// escape keeps a text inside its cell.
func escape(s string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "*", `\*`, "_", `\_`).Replace(s)
}

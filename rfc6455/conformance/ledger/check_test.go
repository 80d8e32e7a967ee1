package ledger

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// small is a ledger of these rows, written with | for a tab, on a small tree.
func small(t *testing.T, rows string) *Ledger {
	t.Helper()
	list, err := Rows("# A section\n" + strings.ReplaceAll(rows, "|", "\t") + "\n")
	require.NoError(t, err)
	l, err := Read(list, fstest.MapFS{
		"p/code.go": {Data: []byte("package p\ntype T struct{}\nfunc (T) M() error { return &Error{Rule: \"1234-1-1\"} }\n")},
		"p/x_test.go": {Data: []byte(`package p
func TestA(t *testing.T) {
	assert.Equal(t, "1234-1-1", err.Rule)
	assert.True(t, x, "1234-1-2 it holds")
}`)},
	}, "p")
	require.NoError(t, err)
	return l
}

const (
	expected = "1234-1-1|MUST|B|Refuse||"
	named    = "1234-1-2|MUST|B|Hold|p.T.M|"
)

func TestCheck(t *testing.T) {
	for _, tt := range []struct{ name, rows, want string }{
		{"all is proved", expected + "\n" + named, ""},
		{"a SHOULD may be open", expected + "\n" + named + "\n1234-2-1|SHOULD|B|Be fast||", ""},
		{"a MUST of another RFC may be open", expected + "\n" + named + "\n5678-2-1|MUST|B|Be fast||", ""},
		{"a reason", expected + "\n" + named + "\n1234-2-1|MUST|I|Forward||Not ours.", ""},
		{"the same as a proved one", expected + "\n" + named + "\n1234-2-1|MUST|B|Hold on||Same as 1234-1-2.", ""},
		{"the same as one that may be open", expected + "\n" + named + "\n5678-2-1|MUST|B|Zip||\n1234-2-1|MUST|B|Zip||Same as 5678-2-1.", ""},
		{"an open MUST", expected + "\n" + named + "\n1234-2-1|MUST|B|Be fast||",
			"1234-2-1: no test proves it, and it carries no reason"},
		{"an open MUST NOT", expected + "\n" + named + "\n1234-2-1|MUST NOT|B|Be slow||",
			"1234-2-1: no test proves it"},
		{"the same as an open one", expected + "\n" + named + "\n1234-2-1|SHOULD|B|Hold||\n1234-2-2|MUST|B|Hold on||Same as 1234-1-2, 1234-2-1.",
			"1234-2-2: no test proves it"},
		{"the same as nothing", expected + "\n" + named + "\n1234-2-1|MUST|B|Hold on||Same as 1234-9-9.",
			"1234-2-1: it is the same as 1234-9-9, which is not a row"},
		{"the same as what says again itself", expected + "\n" + named + "\n1234-2-1|MUST|B|Hold||Same as 1234-1-2.\n1234-2-2|MUST|B|Hold on||Same as 1234-2-1.",
			"1234-2-2: it is the same as 1234-2-1, which only says again what others say"},
		{"a reason beside a test", expected + "\n1234-1-2|MUST|B|Hold||Cannot be tested.",
			"1234-1-2: it has a reason to have no test, and TestA in p/x_test.go says that it proves it"},
		{"a test of a row that is not there", expected,
			"p/x_test.go names 1234-1-2, which is not a row"},
		{"an error with a rule that is not there", named,
			"p/code.go has an error with the rule 1234-1-1, which is not a row"},
		{"code that is not there", expected + "\n1234-1-2|MUST|B|Hold|p.T.N|",
			"1234-1-2: there is no p.T.N"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := small(t, tt.rows).Check("1234")
			if tt.want == "" {
				assert.NoError(t, err)
				return
			}
			assert.ErrorContains(t, err, tt.want)
		})
	}
	t.Run("a rule that no test expects", func(t *testing.T) {
		l := small(t, expected+"\n"+named)
		l.Proofs["1234-1-1"][0].Expects = false
		assert.EqualError(t, l.Check("1234"), "1234-1-1: errors in p/code.go name it, and no test expects that")
	})
}

func TestRowsRefuses(t *testing.T) {
	for _, tt := range []struct{ rows, want string }{
		{"1234-1-1|MUST|B|Hold|", "line 1: the row has 5 fields and not 6"},
		{"1234|MUST|B|Hold||", `line 1: "1234" is not an ID`},
		{"1234-1-1|must|B|Hold||", `line 1: 1234-1-1 has the level "must"`},
		{"1234-1-1|MUST|A|Hold||", `line 1: 1234-1-1 is a duty of "A"`},
		{"1234-1-1|MUST|B|||", "line 1: 1234-1-1 says nothing"},
		{named + "\n" + named, "line 2: 1234-1-2 is there twice"},
	} {
		_, err := Rows(strings.ReplaceAll(tt.rows, "|", "\t"))
		assert.EqualError(t, err, tt.want)
	}
}

func TestPageOfASmallLedger(t *testing.T) {
	page := small(t, expected+"\n"+named+"\n1234-2-1|SHOULD|B|Use a_b \\ or *||Left to the caller.").Page("../..")
	_, table, _ := strings.Cut(page, "## A section\n\n")
	assert.Equal(t, `| ID | Requirement | Level | On | Tests | Code | State |
|---|---|---|---|---|---|---|
| 1234-1-1 | Refuse | MUST | B | [p.TestA](../../p/x_test.go) | [p/code.go](../../p/code.go) | proved |
| 1234-1-2 | Hold | MUST | B | [p.TestA](../../p/x_test.go) | [p.T.M](../../p/code.go) | proved |
| 1234-2-1 | Use a\_b \ or \* | SHOULD | B |  |  | reason: Left to the caller. |
`, table)
	assert.Contains(t, page, "\n| RFC 1234 | 2 | 0 | 0 | 2 | 1 | 0 |\n")
}

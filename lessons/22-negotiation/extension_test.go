package negotiation

import (
	"fmt"
	"strings"
	"testing"

	"example.com/ws101/lessons/internal/lesson"
)

var (
	taskQuoted = lesson.Task{Chapter: 22, Name: "quoted", Section: "RFC 9110 section 5.6.4"}
	taskParam  = lesson.Task{Chapter: 22, Name: "param", Section: "RFC 6455 section 9.1"}
	taskParse  = lesson.Task{Chapter: 22, Name: "ParseExtensions", Section: "RFC 6455 section 9.1"}
)

// taken is what a scanner took off the front, and what is left.
type taken struct {
	Text, Rest string
	OK         bool
}

func TestQuoted(t *testing.T) {
	defer taskQuoted.Catch(t)
	for _, c := range []struct {
		rest  string
		want  taken
		looks string
	}{
		{`10"`, taken{"10", "", true}, ""},
		{`10"; c`, taken{"10", "; c", true}, "what is behind the closing quote stays"},
		{`a, b; c=d"; e`, taken{"a, b; c=d", "; e", true}, "inside of quotes a comma and a semicolon are nothing special"},
		{`\1\0"`, taken{"10", "", true}, "the backslash was left in the text; it only says that the next byte stands for itself"},
		{`a\"b", c`, taken{`a"b`, ", c", true}, "a quote behind a backslash ended the string; it stands for itself"},
		{`a\\", c`, taken{`a\`, ", c", true}, "a backslash behind a backslash stands for itself, and the quote behind them ends the string"},
		{`"`, taken{"", "", true}, "an empty string is a string"},
		{`10`, taken{OK: false}, "there is no closing quote"},
		{``, taken{OK: false}, "there is no closing quote"},
		{`10\"`, taken{OK: false}, "the last quote stands for itself, so there is no closing one"},
		{`10\`, taken{OK: false}, "there is nothing behind the last backslash, and no closing quote"},
	} {
		s := scanner{c.rest}
		call := fmt.Sprintf("quoted, of %s", c.rest)
		text, ok := func() (string, bool) {
			defer taskQuoted.CatchIn(t, call, lesson.If(strings.HasSuffix(c.rest, `\`), "there is no byte behind the last backslash"))
			return s.quoted()
		}()
		got := taken{text, s.rest, ok}
		if !ok && !c.want.OK {
			continue // what is left then does not matter
		}
		taskQuoted.Equal(t, call, got, c.want, lesson.If(c.looks != "", c.looks))
	}
}

// needQuoted ends the test of a later part if quoted does not do what it should.
func needQuoted(t *testing.T) {
	t.Helper()
	s := scanner{`a\"\\b"; c`}
	open := scanner{`a`}
	text, ok := s.quoted()
	_, openOK := open.quoted()
	if text != `a"\b` || !ok || s.rest != "; c" || openOK {
		taskQuoted.Fail(t, t.Name()+" needs quoted", "", lesson.If(true, "quoted is not right yet; make TestQuoted pass first"))
	}
}

func TestParam(t *testing.T) {
	defer taskParam.Catch(t)
	needQuoted(t)
	type result struct {
		Name, Value, Rest string
		OK                bool
	}
	for _, c := range []struct {
		rest  string
		want  result
		looks string
	}{
		{"b", result{"b", "", "", true}, "a parameter may have no value"},
		{"b; c", result{"b", "", "; c", true}, "a parameter may have no value"},
		{"b=10, d", result{"b", "10", ", d", true}, ""},
		{" b =\t10 ", result{"b", "10", " ", true}, "white space may stand around each sign; token and sign take it away"},
		{`b="10"; c`, result{"b", "10", "; c", true}, "the value is in quotes; quoted reads it"},
		{`b="\1\0"`, result{"b", "10", "", true}, "the value is in quotes; quoted reads it"},
		{"", result{}, "there is no name"},
		{"=10", result{}, "there is no name"},
		{`"b"`, result{}, "there is no name; a name is never in quotes"},
		{"b=", result{}, "behind the = there has to be a value"},
		{"b=;", result{}, "behind the = there has to be a value"},
		{`b="10`, result{}, "the quoted value has no end"},
		{`b=""`, result{}, "the value is no token once its quotes are gone"},
		{`b="1 0"`, result{}, "the value is no token once its quotes are gone"},
		{`b="1,0"`, result{}, "the value is no token once its quotes are gone"},
	} {
		s := scanner{c.rest}
		p, ok := s.param()
		if !ok && !c.want.OK {
			continue
		}
		taskParam.Equal(t, "param, of "+c.rest, result{p.Name, p.Value, s.rest, ok}, c.want, lesson.If(c.looks != "", c.looks))
	}
}

// needParam ends the test of a later part if param does not do what it should.
func needParam(t *testing.T) {
	t.Helper()
	needQuoted(t)
	for rest, want := range map[string]bool{"b": true, "b = 10; c": true, `b="10"`: true, "b=": false, `b=""`: false, "": false} {
		s := scanner{rest}
		if p, ok := s.param(); ok != want || ok && (p.Name != "b" || strings.Contains(rest, "=") != (p.Value == "10")) {
			taskParam.Fail(t, t.Name()+" needs param", "", lesson.If(true, "param is not right yet; make TestParam pass first"))
		}
	}
}

// extensions is a list as a failure shows it.
type extensions []Extension

func (l extensions) String() string {
	if len(l) == 0 {
		return "no extension"
	}
	if len(l) > 8 || len(l[0].Params) > 8 {
		return fmt.Sprintf("%d extensions, the first with %d parameters", len(l), len(l[0].Params))
	}
	var all []string
	for _, e := range l {
		all = append(all, fmt.Sprintf("{%s %q}", e.Name, e.Params))
	}
	return strings.Join(all, " ")
}

// shown is a list of values, shortened.
func shown(values []string) string {
	s := fmt.Sprintf("%q", values)
	if len(s) > 100 {
		return s[:60] + " …"
	}
	return s
}

func TestParseExtensions(t *testing.T) {
	defer taskParse.Catch(t)
	needParam(t)
	type params = []Param
	for _, c := range []struct {
		values []string
		want   extensions // nil is an error, unless there are no values
		looks  string
	}{
		{nil, nil, "no field is no extension, and no error"},
		{[]string{"permessage-deflate"}, extensions{{"permessage-deflate", nil}}, ""},
		{[]string{"permessage-deflate; client_max_window_bits"}, extensions{{"permessage-deflate", params{{"client_max_window_bits", ""}}}}, ""},
		{[]string{"a; b=10; c, d"}, extensions{{"a", params{{"b", "10"}, {"c", ""}}}, {"d", nil}}, "a comma ends an extension, and a semicolon a parameter"},
		{[]string{"a;b=1,a"}, extensions{{"a", params{{"b", "1"}}}, {"a", nil}}, "the same extension may come twice: these are two offers, the better one first"},
		{[]string{"a; b", "c"}, extensions{{"a", params{{"b", ""}}}, {"c", nil}}, "several fields are one list"},
		{[]string{" \ta ; b = c , d\t"}, extensions{{"a", params{{"b", "c"}}}, {"d", nil}}, "white space may stand around each sign, and at both ends"},
		{[]string{`a; b="10", c`}, extensions{{"a", params{{"b", "10"}}}, {"c", nil}}, "a value may be in quotes"},
		{[]string{strings.Repeat("a,", 31) + "a"}, make(extensions, 32), "32 extensions are allowed"},
		{[]string{"a" + strings.Repeat(";b", 32)}, extensions{{"a", make(params, 32)}}, "32 parameters are allowed"},

		{[]string{""}, nil, "there is no name; an empty field is not written as it should be"},
		{[]string{"a,"}, nil, "a comma has nothing behind it"},
		{[]string{",a"}, nil, "there is no name in front of the comma"},
		{[]string{"a,,b"}, nil, "there is nothing between two commas"},
		{[]string{"a;"}, nil, "a semicolon has nothing behind it"},
		{[]string{"a;;b"}, nil, "there is nothing between two semicolons"},
		{[]string{"a; b=", "c"}, nil, "a parameter was wrong, and the list was taken"},
		{[]string{"a b"}, nil, "something was left at the end of a value, and nobody has looked at it"},
		{[]string{"a/b"}, nil, "something was left at the end of a value, and nobody has looked at it"},
		{[]string{`a; b="c"d`}, nil, "something was left at the end of a value, and nobody has looked at it"},
		{[]string{"a b", "c"}, nil, "something was left at the end of a value, and nobody has looked at it"},
		{[]string{strings.Repeat("a,", 32) + "a"}, nil, "more than 32 extensions were taken; a stranger decides how many there are, so there has to be an end"},
		{[]string{strings.Repeat("a,", 31) + "a", "a"}, nil, "more than 32 extensions were taken, in two fields"},
		{[]string{"a" + strings.Repeat(";b", 33)}, nil, "more than 32 parameters were taken; a stranger decides how many there are, so there has to be an end"},
	} {
		call := "ParseExtensions(" + shown(c.values) + ")"
		list, err := func() ([]Extension, error) {
			defer taskParse.CatchIn(t, call)
			return ParseExtensions(c.values)
		}()
		type result struct {
			OK   bool
			List string
		}
		got := result{err == nil, extensions(list).String()}
		taskParse.Equal(t, call, got, result{c.want != nil || len(c.values) == 0, c.want.String()},
			lesson.If(c.want == nil && err != nil, "beside an error the list is nil"),
			lesson.If(c.looks != "", c.looks))
	}
}

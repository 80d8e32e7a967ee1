package streaming

import (
	"encoding/json"
	"fmt"
	"html"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	xhtml "golang.org/x/net/html"

	"example.com/ws101/lessons/internal/lesson"
)

var (
	taskChunk  = lesson.Task{Chapter: 4, Name: "AppendChunk", Section: "RFC 9112 section 7.1"}
	taskScript = lesson.Task{Chapter: 4, Name: "AppendScript", Section: "RFC 8259 section 7"}
)

// piece is bytes as a failure shows them.
type piece string

func (p piece) String() string {
	const most = 60
	if len(p) > 2*most {
		return fmt.Sprintf("%q … %q, %d bytes", string(p[:most]), string(p[len(p)-most/2:]), len(p))
	}
	return strconv.Quote(string(p))
}

// chunks are data and the chunk of it.
var chunks = []struct{ data, want string }{
	{"x", "1\r\nx\r\n"},
	{"0123456789", "a\r\n0123456789\r\n"},
	{`<script>take("x")</script>`, "1a\r\n<script>take(\"x\")</script>\r\n"},
	{"明凯", "6\r\n明凯\r\n"},
	{"two\r\nlines", "a\r\ntwo\r\nlines\r\n"},
	{strings.Repeat("x", 300), "12c\r\n" + strings.Repeat("x", 300) + "\r\n"},
	{"", ""},
}

// sameChunk reports whether a chunk is the one that is wanted. A size may have capitals, and zeros in
// front.
func sameChunk(got, want string) bool {
	size, rest, _ := strings.Cut(got, "\r\n")
	wantSize, wantRest, _ := strings.Cut(want, "\r\n")
	return got == want || want != "" && strings.EqualFold(strings.TrimLeft(size, "0"), wantSize) && rest == wantRest
}

func TestAppendChunk(t *testing.T) {
	defer taskChunk.Catch(t)
	for _, c := range chunks {
		got := string(AppendChunk(nil, []byte(c.data)))
		if sameChunk(got, c.want) {
			continue
		}
		size, rest, _ := strings.Cut(got, "\n")
		size = strings.TrimSuffix(size, "\r")
		n, hexErr := strconv.ParseInt(size, 16, 64)
		taskChunk.Equal(t, fmt.Sprintf("AppendChunk(nil, %v)", piece(c.data)), piece(got), piece(c.want),
			lesson.If(c.data == "" && strings.HasPrefix(got, "0"), "a chunk of size 0 is the last one; with no data, the response would end here"),
			lesson.If(strings.HasPrefix(size, "0x"), "there is no 0x in front of the size"),
			lesson.If(size == strconv.Itoa(len(c.data)) && len(c.data) > 9, "the size is decimal; it is written in hex"),
			lesson.If(hexErr == nil && int(n) == utf8.RuneCountInString(c.data) && int(n) != len(c.data), "characters were counted; the size is the number of bytes"),
			lesson.If(hexErr == nil && int(n) == len(c.data)+2, "the line end behind the data was counted; the size is that of the data alone"),
			lesson.If(c.data != "" && got == c.data, "the size is missing"),
			lesson.If(rest == c.data || rest == c.data+"\n", "there is no \\r\\n behind the data; the next size would be taken for more of it"),
			lesson.If(hexErr == nil && !strings.HasPrefix(got, size+"\r\n"), "there is no \\r\\n behind the size"),
		)
	}
	before := "1\r\nx\r\n"
	got := string(AppendChunk([]byte(before), []byte("y")))
	taskChunk.Equal(t, fmt.Sprintf("AppendChunk([]byte(%q), \"y\")", before), piece(got), piece(before+"1\r\ny\r\n"),
		lesson.If(got == "1\r\ny\r\n", "dst was thrown away; the chunk goes behind what dst holds"))
}

// needChunk ends the test of a later part if AppendChunk does not do what it should.
func needChunk(t *testing.T) {
	t.Helper()
	for _, c := range chunks {
		if got := string(AppendChunk(nil, []byte(c.data))); !sameChunk(got, c.want) {
			taskChunk.Fail(t, t.Name()+" needs AppendChunk", "", lesson.If(true, "AppendChunk is not right yet; make TestAppendChunk pass first"))
		}
	}
}

// lines are what people say, some of them with intent.
var lines = []struct{ text, looks string }{
	{"x", ""},
	{"tea or coffee?", ""},
	{"明凯: 你好", ""},
	{`she said "no" \o/`, "a quote or a backslash in the text was not encoded; the text ends at the first quote"},
	{"two\nlines\tand a tab", "a line end in the text was not encoded; a string cannot go over two lines"},
	{"</script><script>alert(1)</script>", "the text has ended the script, and a script of its own has begun; write < as \\u003c"},
	{"</SCRIPT ><b>", "the text has ended the script; case and white space do not help, so write every < as \\u003c"},
	{"<!--<script>", "behind <!-- and <script> a browser looks for two ends of the script, and there is one; write < as \\u003c"},
	{"a\u2028b\u2029c", "U+2028 and U+2029 end a line in the JavaScript of old browsers, and the script breaks there; write them as \\u2028 and \\u2029"},
	{"a bell \a and a null \x00", "this is how Go writes a string; JSON has no \\a and no \\x00, and writes \\u0007 and \\u0000"},
}

// seen is what a browser makes of a piece of the page.
type seen struct {
	Elements string // "script", or more than it should be
	Script   string // what it runs
}

// browse reads a piece of HTML as a browser does.
func browse(markup string) (s seen) {
	z := xhtml.NewTokenizer(strings.NewReader(markup))
	var elements []string
	for {
		switch z.Next() {
		case xhtml.ErrorToken:
			s.Elements = strings.Join(elements, ", ")
			return s
		case xhtml.StartTagToken, xhtml.SelfClosingTagToken:
			name, _ := z.TagName()
			elements = append(elements, string(name))
		case xhtml.TextToken:
			if len(elements) == 1 && s.Script == "" {
				s.Script = string(z.Text())
			} else {
				elements = append(elements, "text")
			}
		case xhtml.CommentToken:
			elements = append(elements, "comment")
		}
	}
}

// visible writes the characters that cannot be seen as their numbers, and the others as they are.
func visible(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strconv.IsPrint(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "<U+%04X>", r)
		}
	}
	return b.String()
}

// taken returns what take gets, and whether that can be told.
func taken(script string) (text string, ok bool) {
	argument, ok := strings.CutPrefix(script, "take(")
	argument, end := strings.CutSuffix(argument, ")")
	if !ok || !end || strings.ContainsAny(argument, "\u2028\u2029") {
		return "", false
	}
	err := json.Unmarshal([]byte(argument), &text)
	return text, err == nil
}

func TestAppendScript(t *testing.T) {
	defer taskScript.Catch(t)
	const simple = `<script>take("x")</script>`
	got := string(AppendScript(nil, "x"))
	taskScript.Equal(t, `AppendScript(nil, "x")`, piece(got), piece(simple),
		lesson.If(got == "<script>take(\"x\"\n)</script>", "an Encoder writes a line end behind the value; json.Marshal does not"),
		lesson.If(got == `<script>take(x)</script>`, "the text is not in quotes; take would be called with a variable x"),
		lesson.If(got == `"x"` || got == `take("x")`, "the script element around it is missing"),
		lesson.If(strings.NewReplacer(";", "", " ", "", "\n", "").Replace(got) == simple, "this does the same, and has more in it than is needed; it is compared to the byte, and there are 26"))
	got = string(AppendScript([]byte(simple), "x"))
	taskScript.Equal(t, fmt.Sprintf("AppendScript([]byte(%q), \"x\")", simple), piece(got), piece(simple+simple),
		lesson.If(got == simple, "dst was thrown away; the script goes behind what dst holds"))

	for _, line := range lines {
		call := fmt.Sprintf("AppendScript(nil, %s)", visible(strconv.Quote(line.text)))
		markup := string(AppendScript(nil, line.text))
		browser := browse(markup)
		broken := strings.Contains(markup, "</script") && browser.Elements != "script"
		text, ok := taken(browser.Script)
		if browser.Elements == "script" && ok && text == line.text {
			continue
		}
		detail := fmt.Sprintf("wrote %s\na browser finds: %s\nthe first script runs: %s\nwant one script, which calls take with the text",
			visible(markup), browser.Elements, visible(browser.Script))
		taskScript.Fail(t, call, detail,
			lesson.If(ok && text == html.EscapeString(line.text) && text != line.text, "the text was escaped for HTML; inside of a script &lt; is four characters, and take would get them"),
			lesson.If(ok && len(text) < len(line.text) && browser.Elements == "script", "something was taken out of the text; people may write what they like, and take gets it as it is"),
			lesson.If(broken || line.looks != "", line.looks),
			lesson.If(true, "take does not get the text as it is"))
	}
}

// needScript ends the test of a later part if AppendScript does not do what it should.
func needScript(t *testing.T) {
	t.Helper()
	if got := string(AppendScript([]byte("a"), "x")); got != `a<script>take("x")</script>` {
		taskScript.Fail(t, t.Name()+" needs AppendScript", "", lesson.If(true, "AppendScript is not right yet; make TestAppendScript pass first"))
	}
}

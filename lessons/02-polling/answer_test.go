package polling

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"example.com/ws101/lessons/internal/lesson"
)

var (
	taskMatches = lesson.Task{Chapter: 2, Name: "Matches", Section: "RFC 9110 section 13.1.2"}
	taskGet     = lesson.Task{Chapter: 2, Name: "GetVote", Section: "RFC 9110 section 13"}
)

// values are values of If-None-Match, and whether they name the tag "a-1".
var values = []struct {
	value string
	want  bool
	looks string
}{
	{``, false, "an empty value names no tag"},
	{`"a-1"`, true, "the very tag was not found"},
	{`"a-2"`, false, "another tag was taken for this one; the state has changed"},
	{`"a-10"`, false, "another tag was taken for this one because it begins alike"},
	{`"b-0", "a-1"`, true, "the value was compared as a whole; it is a list with commas between its tags"},
	{`"a-1","b-0"`, true, "the value was compared as a whole; it is a list with commas between its tags"},
	{"\"b-0\"\t,\t\"a-1\"", true, "white space in a list is blanks and tabs"},
	{`W/"a-1"`, true, "W/ in front of a tag was taken for a part of it; it says that somebody on the way has changed the form, such as by compressing, and not the meaning"},
	{`"b-0", W/"a-1"`, true, "W/ was looked for in front of the first tag only"},
	{`W/"a-2"`, false, "W/ in front of a tag matched everything"},
	{`*`, true, "* stands for any tag"},
	{`a-1`, false, "the quotes belong to the tag; without them it is no tag"},
}

func TestMatches(t *testing.T) {
	defer taskMatches.Catch(t)
	for _, c := range values {
		taskMatches.Equal(t, fmt.Sprintf("Matches(%q, %q)", c.value, `"a-1"`), Matches(c.value, `"a-1"`), c.want,
			lesson.If(true, c.looks))
	}
}

// matchesWorks reports whether Matches does what it should.
func matchesWorks() bool {
	for _, c := range values {
		if Matches(c.value, `"a-1"`) != c.want {
			return false
		}
	}
	return true
}

const matchesFirst = "Matches is not right yet; make TestMatches pass first"

// drinks is the vote of the tests.
func drinks() *Vote { return NewVote("k3f9", "tea", "coffee", "water") }

// answer is what GetVote answers with.
type answer struct {
	Status       int
	ETag         string
	CacheControl string
	ContentType  string
	Body         string
}

// ask calls GetVote. tags are the If-None-Match fields.
func ask(v *Vote, tags ...string) answer {
	r := httptest.NewRequest("GET", "/vote", nil)
	r.Header["If-None-Match"] = tags
	w := httptest.NewRecorder()
	v.GetVote(w, r)
	h := w.Result().Header // as it was when the status went out
	cache, kind := h.Get("Cache-Control"), h.Get("Content-Type")
	if strings.Contains(cache, "no-cache") && !strings.Contains(cache, "no-store") {
		cache = "no-cache" // other words may stand beside it
	}
	kind, _, _ = strings.Cut(kind, ";") // and a charset behind it
	return answer{w.Code, h.Get("ETag"), cache, kind, w.Body.String()}
}

func TestGetVote(t *testing.T) {
	defer taskGet.Catch(t)
	v := drinks()
	v.Add("1")
	got := ask(v)
	want := answer{200, got.ETag, "no-cache", "application/json", string(v.State().JSON)}
	taskGet.Equal(t, "GetVote, asked for the first time", got, want,
		lesson.If(got.Status == 304, "304 was answered to a client that has nothing yet"),
		lesson.If(got.Status == 200 && got.Body == "", "200 was answered, and the state is missing"),
		lesson.If(got.Body != want.Body, "the body is the state as State returns it, whole and nothing else"),
		lesson.If(got.ETag+got.CacheControl == "" && got.Body == want.Body, "the fields are missing, or they were set too late; they go out with the status, or with the first byte of the body"),
		lesson.If(strings.Contains(got.CacheControl, "no-store"), "no-store forbids the browser to keep the answer, and then it has nothing to ask about; no-cache means \"keep it, and ask before you use it\""),
		lesson.If(got.CacheControl == "", "without Cache-Control a browser may use an old answer for as long as it sees fit; no-cache means \"keep it, and ask before you use it\""),
		lesson.If(strings.HasPrefix(got.ContentType, "text/"), "Content-Type is missing, and net/http has guessed"),
		lesson.If(got.ContentType == "", "Content-Type is missing, or it was set after the body; the fields go out with its first byte"))
	quoted := len(got.ETag) > 2 && got.ETag[0] == '"' && got.ETag[len(got.ETag)-1] == '"'
	if !quoted || strings.Count(got.ETag, `"`) != 2 || strings.ContainsAny(got.ETag, ", ") {
		taskGet.Fail(t, "GetVote, asked for the first time: the ETag field", fmt.Sprintf("got  %q\nwant \"\\\"...\\\"\"", got.ETag),
			lesson.If(got.ETag == "", "ETag is missing; a client needs it to say what it has"),
			lesson.If(!strings.Contains(got.ETag, `"`), "an entity tag stands in double quotes, and they are a part of it (RFC 9110 section 8.8.3)"),
			lesson.If(true, "an entity tag is one word in double quotes (RFC 9110 section 8.8.3)"))
	}
}

// differ fails the test if two tags are equal.
func differ(t *testing.T, call, before, after, looks string) {
	if before == after {
		taskGet.Fail(t, call, fmt.Sprintf("got  the ETag %q, which was there before\nwant another one", after), lesson.If(true, looks))
	}
}

func TestGetVoteNotModified(t *testing.T) {
	defer taskGet.Catch(t)
	v := drinks()
	first := ask(v)
	again := ask(v)
	taskGet.Equal(t, "GetVote, asked twice without a vote in between: the ETag field", again.ETag, first.ETag,
		lesson.If(true, "the tag is another one though nothing has changed; so no client ever has the right one"))

	for _, tags := range [][]string{{first.ETag}, {`"b-0", W/` + first.ETag}, {`"b-0"`, first.ETag}} {
		got := ask(v, tags...)
		taskGet.Equal(t, fmt.Sprintf("GetVote, If-None-Match: %s", strings.Join(tags, " and ")), got, answer{304, first.ETag, "no-cache", "", ""},
			lesson.If(!matchesWorks(), matchesFirst),
			lesson.If(got.Status == 200 && len(tags) == 2, "there were two If-None-Match fields, and only one was looked at; Get returns the first, Values all"),
			lesson.If(got.Status == 200 && got.Body == "", "nothing was answered, and this is 200 without a body; the page would take it for the state"),
			lesson.If(got.Status == 200, "the client has this state, and got it again; that is what 304 is for"),
			lesson.If(got.Status == 412, "412 is for requests that change something; a GET gets 304"),
			lesson.If(got.Body != "", "a body was written after the 304; it has none (RFC 9110 section 15.4.5)"),
			lesson.If(got.ETag == "", "a 304 names the tag too; set it before the status goes out (RFC 9110 section 15.4.5)"),
			lesson.If(got.CacheControl == "", "a 304 has the same Cache-Control as the 200; set it before the status goes out (RFC 9110 section 15.4.5)"),
			lesson.If(got.ContentType != "", "a 304 has no body, so there is no type to tell"))
	}
}

func TestGetVoteModified(t *testing.T) {
	defer taskGet.Catch(t)
	v := drinks()
	before := ask(v)
	v.Add("2")
	after := ask(v)
	differ(t, "GetVote, asked after a vote", before.ETag, after.ETag, "the tag is the same though somebody has voted; the page would never see it")
	got := ask(v, before.ETag)
	taskGet.Equal(t, "GetVote, asked after a vote with the tag from before", got, after,
		lesson.If(!matchesWorks(), matchesFirst),
		lesson.If(got.Status == http.StatusNotModified, "304 was answered though somebody has voted; compare with the tag of the state as it is now"))
	// A vote more for one and a vote less for another have the same sum.
	v.Add("1")
	differ(t, "GetVote, asked after another vote", after.ETag, ask(v).ETag, "the tag is the same though somebody has voted; the page would never see it")
}

// TestGetVoteAfterARestart asks another run of the server, which has counted as many votes.
func TestGetVoteAfterARestart(t *testing.T) {
	defer taskGet.Catch(t)
	old, restarted := drinks(), NewVote("p7x2", "tea", "coffee", "water")
	old.Add("1")
	restarted.Add("2")
	differ(t, "GetVote of a server that was started again, after one vote each", ask(old).ETag, ask(restarted).ETag,
		"after a restart the votes are counted from 0 again, and this tag stands for two states; the run belongs into it")
}

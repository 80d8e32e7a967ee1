package vote

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/feed"
)

func save(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "candidates.json")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func TestLoad(t *testing.T) {
	html := "<b>&</b>"
	long := strings.Repeat("名", MaxName)
	for name, test := range map[string]struct {
		text string
		want []Candidate
	}{
		"object by uid":     {`{"1": {"name": "明凯", "count": 300}, "20": {"name": "b", "count": 0}}`, []Candidate{{1, "明凯", 300}, {20, "b", 0}}},
		"list":              {`[{"uid": 2, "name": "a", "count": 1}, {"uid": 1, "name": "b", "count": 2}]`, []Candidate{{2, "a", 1}, {1, "b", 2}}},
		"no count":          {`{"1": {"name": "a"}}`, []Candidate{{1, "a", 0}}},
		"uid in and out":    {`{"1": {"uid": 1, "name": "a"}}`, []Candidate{{1, "a", 0}}},
		"HTML":              {`{"1": {"name": "<b>&</b>"}}`, []Candidate{{1, html, 0}}},
		"long":              {`{"1": {"name": "` + long + `"}}`, []Candidate{{1, long, 0}}},
		"emoji":             {`{"1": {"name": "👩‍💻"}}`, []Candidate{{1, "👩‍💻", 0}}},
		"byte order mark":   {"\ufeff[{\"uid\": 1, \"name\": \"a\"}]\r\n", []Candidate{{1, "a", 0}}},
		"largest numbers":   {`{"9007199254740991": {"name": "a", "count": 1000000000000000}}`, []Candidate{{MaxUID, "a", MaxCount}}},
		"a saved get_vote":  {`{"1": {"name": "明凯", "count": 301}, "2": {"name": "厂长", "count": 200}, "3": {"name": "7酱", "count": 600}}`, []Candidate{{1, "明凯", 301}, {2, "厂长", 200}, {3, "7酱", 600}}},
		"same name is fine": {`{"1": {"name": "a"}, "2": {"name": "a"}}`, []Candidate{{1, "a", 0}, {2, "a", 0}}},
	} {
		got, err := Load(save(t, test.text))
		require.NoError(t, err, name)
		assert.Equal(t, test.want, got, name)
	}
}

func TestLoadSaysWhatIsWrongAndInWhichFile(t *testing.T) {
	many := make([]string, MaxCandidates+1)
	for i := range many {
		many[i] = fmt.Sprintf(`{"uid": %d, "name": "x"}`, i+1)
	}
	for text, want := range map[string]string{
		``:                            "line 1: unexpected end of JSON input",
		`{"1": {"name": "a"}`:         "line 1: unexpected end of JSON input",
		`{}`:                          "there is no candidate",
		`[]`:                          "there is no candidate",
		`null`:                        "the JSON is neither an object by uid nor a list of candidates",
		`"x"`:                         "the JSON is neither an object by uid nor a list of candidates",
		`[1]`:                         "candidate number 1 of the file must be an object with a name and a count, not a JSON number",
		`{"1": "明凯"}`:                 "candidate number 1 of the file must be an object with a name and a count, not a JSON string",
		"{\n\"1\": {\"name\": 5}}":    `candidate number 1 of the file has a JSON number as its "name"`,
		`[{"uid": "1", "name": "a"}]`: `candidate number 1 of the file has a JSON string as its "uid"`,
		`[{"uid": 1.5, "name": "a"}]`: `candidate number 1 of the file has a JSON number 1.5 as its "uid"`,
		`[{"uid": 1, "name": "a", "count": "3"}]`:                   `candidate number 1 of the file has a JSON string as its "count"`,
		"[{\"uid\": 1,\n\"name\": \"a\",\n}]":                       "line 3: invalid character '}' looking for beginning of object key string",
		`[{"uid": 1, "name": "a", "votes": 3}]`:                     `candidate number 1 of the file has an unknown field "votes"`,
		`[{"name": "a"}]`:                                           `candidate number 1 of the file has no "uid"`,
		`[{"uid": 1, "name": "a"}, {"uid": 2}]`:                     `candidate number 2 of the file has no "name"`,
		`[null]`:                                                    `candidate number 1 of the file has no "uid"`,
		`{"1": null}`:                                               `candidate number 1 of the file has no "name"`,
		`{"1": {"uid": 2, "name": "a"}}`:                            `candidate number 1 of the file has one uid as its key and another inside`,
		`{"x": {"name": "a"}}`:                                      `candidate number 1 of the file has the key "x", which is not a uid: a whole number from 1 to 9007199254740991`,
		`{"01": {"name": "a"}}`:                                     `candidate number 1 of the file has the key "01", which is not a uid: a whole number from 1 to 9007199254740991`,
		`[{"uid": 0, "name": "a"}]`:                                 `the uid 0 is not a whole number from 1 to 9007199254740991`,
		`[{"uid": -3, "name": "a"}]`:                                `the uid -3 is not a whole number from 1 to 9007199254740991`,
		`{"1": {"name": "a"}, "1": {"name": "b"}}`:                  "the uid 1 is there twice",
		`[{"uid": 7, "name": "a"}, {"uid": 7, "name": "b"}]`:        "the uid 7 is there twice",
		`{"1": {"name": ""}}`:                                       "candidate 1 has no name",
		`{"1": {"name": " \u3000\n"}}`:                              "candidate 1 has no name",
		`{"1": {"name": "` + strings.Repeat("名", MaxName+1) + `"}}`: "the name of candidate 1 has 4097 characters; at most 4096 are allowed",
		`{"1": {"name": "a", "count": -1}}`:                         "the count -1 of candidate 1 is not from 0 to 1000000000000000",
		`{"1": {"name": "a", "count": 1000000000000001}}`:           "the count 1000000000000001 of candidate 1 is not from 0 to 1000000000000000",
		`{"1": {"name": "a"}} {}`:                                   "line 1: invalid character '{' after top-level value",
		"{\"1\": {\"name\": \"\xd6\xd0\"}}":                         "the text is not valid UTF-8",
		"[" + strings.Join(many, ",") + "]":                         "there are 1001 candidates; at most 1000 are allowed",
	} {
		file := save(t, text)
		_, err := Load(file)
		require.Error(t, err, text)
		assert.Equal(t, file+": "+want, err.Error())
	}
}

func TestLoadOfAFileThatCannotBeRead(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.json")
	_, err := Load(missing)
	assert.ErrorContains(t, err, missing+" cannot be read: ")
	assert.Equal(t, 1, strings.Count(err.Error(), missing))

	_, err = Load(t.TempDir()) // a folder
	assert.ErrorContains(t, err, "cannot be read")

	_, err = Load(save(t, strings.Repeat(" ", maxFile+1)))
	assert.ErrorContains(t, err, "is larger than")
}

func TestStateOfAVoteCanBeLoadedAgain(t *testing.T) {
	tally, err := New(feed.New(feed.Options{}), []Candidate{{1, "<script>\u2028", 4}, {12, "7酱", 0}})
	require.NoError(t, err)
	got, err := Load(save(t, string(tally.State().JSON)))
	require.NoError(t, err)
	assert.Equal(t, tally.candidates, got)
}

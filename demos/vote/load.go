package vote

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"
)

// Load reads candidates from a JSON file. The file has the shape of the vote's own state, so that what
// GET /get_vote answers can be saved and loaded again:
//
//	{"1": {"name": "明凯", "count": 300}, "2": {"name": "厂长", "count": 200}}
//
// or is a list of the same things:
//
//	[{"uid": 1, "name": "明凯", "count": 300}, {"uid": 2, "name": "厂长", "count": 200}]
//
// A count may be left out and is 0 then. The rules are those of Check. An error is one
// line that names the file and says what is wrong with it.
func Load(file string) ([]Candidate, error) {
	f, err := os.Open(file)
	if err != nil {
		var path *os.PathError
		if errors.As(err, &path) {
			err = path.Err // the name of the file is said below
		}
		return nil, fmt.Errorf("%s cannot be read: %w", file, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", file, err)
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("%s is larger than %d bytes", file, maxFile)
	}
	candidates, err := parseCandidates(text)
	if err == nil {
		err = Check(candidates)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return candidates, nil
}

// fields is a candidate in a file. Pointers tell what is missing from what is zero.
type fields struct {
	UID   *int64  `json:"uid"`
	Name  *string `json:"name"`
	Count *int64  `json:"count"`
}

func parseCandidates(text []byte) ([]Candidate, error) {
	// Some editors put a byte order mark in front of UTF-8.
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	// The JSON decoder would quietly turn other encodings into U+FFFD.
	if !utf8.Valid(text) {
		return nil, errors.New("the text is not valid UTF-8")
	}
	var whole json.RawMessage
	if err := json.Unmarshal(text, &whole); err != nil {
		return nil, syntaxError(text, err)
	}
	// From here on the JSON is well-formed, so reading a token cannot fail.
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	start, _ := d.Token()
	if start != json.Delim('{') && start != json.Delim('[') {
		return nil, errors.New("the JSON is neither an object by uid nor a list of candidates")
	}
	// Token by token, because a map would hide a uid that is there twice.
	var candidates []Candidate
	for d.More() && len(candidates) <= MaxCandidates {
		c, err := parseCandidate(d, start == json.Delim('{'))
		if err != nil {
			return nil, fmt.Errorf("candidate number %d of the file %w", len(candidates)+1, err)
		}
		candidates = append(candidates, c)
	}
	return candidates, nil
}

// parseCandidate reads the next candidate from d, with the uid as its key or not.
func parseCandidate(d *json.Decoder, keyed bool) (Candidate, error) {
	var key *int64
	if keyed {
		token, _ := d.Token()
		uid, err := ParseUID(token.(string))
		if err != nil {
			return Candidate{}, fmt.Errorf("has the key %.40q, which is not a uid: a whole number from 1 to %d", token, MaxUID)
		}
		key = &uid
	}
	var c fields
	err := d.Decode(&c)
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong) && wrong.Field == "":
		return Candidate{}, fmt.Errorf("must be an object with a name and a count, not a JSON %s", wrong.Value)
	case errors.As(err, &wrong):
		return Candidate{}, fmt.Errorf("has a JSON %s as its %q", wrong.Value, wrong.Field)
	case err != nil:
		return Candidate{}, fmt.Errorf("has an %s", strings.TrimPrefix(err.Error(), "json: ")) // unknown field
	case key != nil && c.UID != nil && *c.UID != *key:
		return Candidate{}, errors.New("has one uid as its key and another inside")
	case key != nil:
		c.UID = key
	}
	if c.UID == nil {
		return Candidate{}, errors.New(`has no "uid"`)
	}
	if c.Name == nil {
		return Candidate{}, errors.New(`has no "name"`)
	}
	if c.Count == nil {
		c.Count = new(int64)
	}
	return Candidate{*c.UID, *c.Name, *c.Count}, nil
}

// syntaxError says in which line the JSON is wrong, which is where an editor can go.
func syntaxError(text []byte, err error) error {
	var wrong *json.SyntaxError
	if !errors.As(err, &wrong) {
		return err
	}
	line := 1 + bytes.Count(text[:wrong.Offset], []byte("\n"))
	return fmt.Errorf("line %d: %w", line, wrong)
}

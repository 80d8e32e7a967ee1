package vote

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
)

// A Refusal says why a vote was not counted. Its text is one sentence for the person who
// voted, and Status is the HTTP status that says the same.
type Refusal struct {
	Status   int
	Sentence string
}

// Error returns the sentence.
func (r *Refusal) Error() string { return r.Sentence }

var (
	errUID = &Refusal{http.StatusBadRequest,
		"The uid must be a whole number in plain digits, such as 1."}
	errBallot = &Refusal{http.StatusBadRequest,
		`The body must be one JSON object with a uid and nothing after it, such as {"uid": 1}.`}
)

// ParseUID reads a uid as text: plain digits, from 1 to MaxUID. There is only one way to
// write a uid: no sign, no space, no leading zero. The error is a *Refusal.
func ParseUID(s string) (int64, error) {
	if s == "" || s[0] < '1' || s[0] > '9' {
		return 0, errUID
	}
	uid, err := strconv.ParseInt(s, 10, 64)
	if err != nil || uid > MaxUID {
		return 0, errUID
	}
	return uid, nil
}

// ParseBallot reads the body of a vote: a JSON object whose uid is a number or a numeric
// string, {"uid": 1} or {"uid": "1"}. Other fields are ignored. Forms that only mean a
// whole number after arithmetic, like 1.0 or 1e0, are refused. The error is a *Refusal.
func ParseBallot(body []byte) (int64, error) {
	// Token by token: a struct would also take "UID", and the last of two uids.
	d := json.NewDecoder(bytes.NewReader(body))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return 0, errBallot
	}
	var raw json.RawMessage
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return 0, errBallot
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return 0, errBallot
		}
		if key == "uid" {
			if raw != nil {
				return 0, errBallot
			}
			raw = value
		}
	}
	if _, err := d.Token(); err != nil || raw == nil {
		return 0, errBallot
	}
	if _, err := d.Token(); err != io.EOF {
		return 0, errBallot
	}
	text := string(raw)
	if raw[0] == '"' {
		if err := json.Unmarshal(raw, &text); err != nil {
			return 0, errUID
		}
	}
	return ParseUID(text)
}

package vote

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"

	"example.com/ws101/demos/site"
)

var (
	errUID = &site.Refusal{Status: http.StatusBadRequest,
		Sentence: "The uid must be a whole number in plain digits, such as 1."}
	errBallot = &site.Refusal{Status: http.StatusBadRequest,
		Sentence: `The body must be one JSON object with a uid and nothing after it, such as {"uid": 1}.`}
)

// ParseUID reads a uid as text: plain digits, from 1 to MaxUID. There is only one way to
// write a uid: no sign, no space, no leading zero. The error is a *site.Refusal.
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
// whole number after arithmetic, like 1.0 or 1e0, are refused. The error is a *site.Refusal.
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
	return ParseRawUID(raw)
}

// ParseRawUID reads a uid as JSON: a number or a numeric string. The error is a *site.Refusal.
func ParseRawUID(raw json.RawMessage) (int64, error) {
	text := string(raw)
	if text != "" && text[0] == '"' {
		if err := json.Unmarshal(raw, &text); err != nil {
			return 0, errUID
		}
	}
	return ParseUID(text)
}

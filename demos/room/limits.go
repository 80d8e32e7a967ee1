package room

import (
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"example.com/ws101/demos/site"
)

const (
	// MaxText is the most characters that a line may have.
	MaxText = 500
	// MaxName is the most characters that a name may have.
	MaxName = 24
	// maxID is the most characters that the id of a page may have.
	maxID = 64

	// Nobody types faster than this: a burst of lines, and then one in each step.
	burst = 20
	step  = time.Second / 5
)

// quota lets burst things happen at once, and then one in each step. Its zero value is full.
type quota struct {
	full time.Time // when nothing of it will be used up any more
}

// take reports whether one more thing may happen now.
func (q *quota) take(now time.Time) bool {
	if q.full.Before(now) {
		q.full = now
	}
	if q.full.Add(step).After(now.Add(burst * step)) {
		return false
	}
	q.full = q.full.Add(step)
	return true
}

var errTooFast = &site.Refusal{Status: http.StatusTooManyRequests, After: step,
	Sentence: "That is faster than anybody can read. Wait a second, then send it again."}

// checkText returns why a text cannot be said, or nil.
func checkText(text string) error {
	if !utf8.ValidString(text) {
		return refuse("A line is UTF-8 text.")
	}
	blank := true
	for _, c := range text {
		if unicode.IsControl(c) && c != '\n' && c != '\t' {
			return refuse("A line has no control characters.")
		}
		blank = blank && unicode.IsSpace(c)
	}
	if blank {
		return refuse("There is nothing in this line.")
	}
	if n := utf8.RuneCountInString(text); n > MaxText {
		return refuse("A line has at most %d characters, and this one has %d.", MaxText, n)
	}
	return nil
}

// cleanName returns a name as it is shown, without spaces around it, or why it cannot be taken.
func cleanName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if name == "" {
		return "", refuse("A name has at least one character.")
	}
	if n := utf8.RuneCountInString(name); n > MaxName {
		return "", refuse("A name has at most %d characters, and this one has %d.", MaxName, n)
	}
	for _, c := range name {
		// What cannot be seen could make one name look like another, or turn around what stands beside it.
		if c == utf8.RuneError || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, c) ||
			!unicode.IsPrint(c) && !joins(c) {
			return "", errUnseen
		}
	}
	if looks(name) == "" {
		return "", errUnseen
	}
	return name, nil
}

var errUnseen = refuse("A name has only characters that can be seen.")

// joins reports whether c is one of those that cannot be seen and yet hold an emoji together, or
// choose its form.
func joins(c rune) bool { return c == '\u200d' || unicode.Is(unicode.Variation_Selector, c) }

// looks returns the same for two names that look the same but for small and capital letters: it
// leaves out what cannot be seen, and of several spaces, which a page shows as one, all but one.
//
// It does not know the letters of different scripts that look alike.
func looks(name string) string {
	seen := strings.Map(func(c rune) rune {
		if joins(c) {
			return -1
		}
		return c
	}, name)
	return strings.Join(strings.Fields(seen), " ")
}

// CheckID returns why a text cannot be the id of a page, or nil. It is what a page has made up:
// letters and digits, and enough of them that nobody guesses it. No id at all is one who only reads.
func CheckID(me string) error {
	for _, c := range []byte(me) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
			return errID
		}
	}
	if me != "" && len(me) < 16 || len(me) > maxID {
		return errID
	}
	return nil
}

var errID = refuse("The id of a page (me) is 16 to %d letters and digits that it made up.", maxID)

func refuse(format string, args ...any) *site.Refusal {
	return &site.Refusal{Status: http.StatusBadRequest, Sentence: fmt.Sprintf(format, args...)}
}

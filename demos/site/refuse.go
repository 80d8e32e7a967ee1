package site

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Refusal says why something was not done. Its text is one sentence for the person who asked,
// and Status is the HTTP status that says the same.
type Refusal struct {
	Status   int
	Sentence string
	// After is when to try again; 0 means that it would not help.
	After time.Duration
}

// Error returns the sentence.
func (r *Refusal) Error() string { return r.Sentence }

// Refuse answers with a status and one sentence for a person, as plain text.
func Refuse(w http.ResponseWriter, status int, sentence string) {
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, sentence, status)
}

// RefuseError answers with what a *Refusal says, and with 500 for any other error.
func RefuseError(w http.ResponseWriter, err error) {
	var r *Refusal
	if !errors.As(err, &r) {
		Refuse(w, http.StatusInternalServerError, "The server failed to do this.")
		return
	}
	if r.After > 0 {
		seconds := int64((r.After + time.Second - 1) / time.Second)
		w.Header().Set("Retry-After", strconv.FormatInt(seconds, 10))
	}
	Refuse(w, r.Status, r.Sentence)
}

// Allow reports whether r has one of these methods. If not, it has answered 405.
func Allow(w http.ResponseWriter, r *http.Request, methods ...string) bool {
	if slices.Contains(methods, r.Method) {
		return true
	}
	w.Header().Set("Allow", strings.Join(methods, ", "))
	Refuse(w, http.StatusMethodNotAllowed, "This address takes only "+strings.Join(methods, " and ")+".")
	return false
}

package site

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
)

// bodyTime is how long a client may take to send a body.
const bodyTime = 10 * time.Second

// ReadJSON reads a body of at most limit bytes, which must be declared as JSON. what names it in
// the sentences of a refusal, such as "a vote". The error is a *Refusal: 415 for another type,
// 413 for too many bytes, 400 for a body that did not arrive.
func ReadJSON(w http.ResponseWriter, r *http.Request, limit int64, what string) ([]byte, error) {
	if !isType(r, "application/json") {
		limitRead(w)
		return nil, &Refusal{Status: http.StatusUnsupportedMediaType,
			Sentence: "The body of " + what + " must have the Content-Type application/json."}
	}
	return ReadBody(w, r, limit, what)
}

// ReadBody is ReadJSON for a body of any type.
//
// It sets a deadline of its own: the server as a whole has no limit on the time of a request,
// since that would also end a request that is held on purpose.
func ReadBody(w http.ResponseWriter, r *http.Request, limit int64, what string) ([]byte, error) {
	limitRead(w)
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, &Refusal{Status: http.StatusRequestEntityTooLarge,
			Sentence: fmt.Sprintf("The body of %s has at most %d bytes.", what, limit)}
	}
	if err != nil {
		return nil, &Refusal{Status: http.StatusBadRequest, Sentence: "The body of " + what + " did not arrive."}
	}
	// Only now: after an error net/http waits for the rest of the body before it answers.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	return body, nil
}

// limitRead gives the client bodyTime to send its body.
func limitRead(w http.ResponseWriter) {
	// This fails only where there is no connection with deadlines, as in a test.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTime))
}

// isType reports whether the body of r is declared as this media type, in UTF-8 if it says so.
func isType(r *http.Request, want string) bool {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != want {
		return false
	}
	charset := params["charset"]
	return charset == "" || strings.EqualFold(charset, "utf-8")
}

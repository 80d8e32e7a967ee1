package vote

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"example.com/ws101/demos/site"
)

const (
	maxBallot  = 1024             // bytes of the body of a vote
	ballotTime = 10 * time.Second // to send them
	thanks     = "投票成功"           // what the classic server answers: "voted"
)

// Post answers POST /vote: the body is a ballot (see ParseBallot), the answer is the
// text of the classic server. Everything else gets a 4xx with one sentence, and counts nothing: 405
// for another method, 415 for a body that is not JSON, 413 for one that is too large, 400 for
// one that is no ballot, 404 for an unknown candidate.
func (t *Tally) Post(w http.ResponseWriter, r *http.Request) {
	if !site.Allow(w, r, http.MethodPost) {
		return
	}
	if !isJSON(r.Header.Get("Content-Type")) {
		site.Refuse(w, http.StatusUnsupportedMediaType, "The body of a vote must have the Content-Type application/json.")
		return
	}
	body, err := readBallot(w, r)
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		site.Refuse(w, http.StatusRequestEntityTooLarge, "The body of a vote has at most 1024 bytes.")
		return
	}
	if err != nil {
		site.Refuse(w, http.StatusBadRequest, "The body of the vote did not arrive.")
		return
	}
	uid, err := ParseBallot(body)
	if err == nil {
		_, err = t.Vote(uid)
	}
	var refusal *Refusal
	if errors.As(err, &refusal) {
		site.Refuse(w, refusal.Status, refusal.Sentence)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, thanks) // the vote is counted, whether or not the voter still listens
}

// readBallot reads the body, within a time of its own: the server as a whole has no limit on
// the time of a request, since that would also end a request that is held on purpose.
func readBallot(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	control := http.NewResponseController(w)
	// Both fail only where there is no connection with deadlines, as in a test.
	_ = control.SetReadDeadline(time.Now().Add(ballotTime))
	defer func() { _ = control.SetReadDeadline(time.Time{}) }()
	return io.ReadAll(http.MaxBytesReader(w, r.Body, maxBallot))
}

func isJSON(contentType string) bool {
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil || media != "application/json" {
		return false
	}
	charset := params["charset"]
	return charset == "" || strings.EqualFold(charset, "utf-8")
}

package vote

import (
	"io"
	"net/http"

	"example.com/ws101/demos/site"
)

const (
	maxBallot = 1024   // bytes of the body of a vote
	thanks    = "投票成功" // what the classic server answers: "voted"
)

// Post answers POST /vote: the body is a ballot (see ParseBallot), the answer is the
// text of the classic server. Everything else gets a 4xx with one sentence, and counts nothing: 405
// for another method, 415 for a body that is not JSON, 413 for one that is too large, 400 for
// one that is no ballot, 404 for an unknown candidate.
func (t *Tally) Post(w http.ResponseWriter, r *http.Request) {
	if !site.Allow(w, r, http.MethodPost) {
		return
	}
	body, err := site.ReadJSON(w, r, maxBallot, "a vote")
	var uid int64
	if err == nil {
		uid, err = ParseBallot(body)
	}
	if err == nil {
		_, err = t.Vote(uid)
	}
	if err != nil {
		site.RefuseError(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, thanks) // the vote is counted, whether or not the voter still listens
}

package polling

import (
	"net/http"
	"strconv"
	"strings"
)

// Matches reports whether the value of an If-None-Match field names a tag: the client has that state
// already. The value is a list of tags, or "*", which stands for any. A tag in it may have W/ in
// front; this makes no difference here (RFC 9110 section 13.1.2).
//
// tag is one of our own, such as `"k3f9-17"`, quotes included. There is no comma in it.
func Matches(value, tag string) bool {
	// lesson:begin Matches
	for element := range strings.SplitSeq(value, ",") {
		element = strings.TrimPrefix(strings.Trim(element, " \t"), "W/")
		if element == tag || element == "*" {
			return true
		}
	}
	return false
	// lesson:end
}

// GetVote answers a question for the vote: with 200 and the whole state, or with 304 and no body if
// the question says that the client has this very state.
func (v *Vote) GetVote(w http.ResponseWriter, r *http.Request) {
	// lesson:begin GetVote
	state := v.State()
	tag := `"` + state.Run + "-" + strconv.Itoa(state.Votes) + `"`
	h := w.Header()
	h.Set("ETag", tag)
	h.Set("Cache-Control", "no-cache")
	if Matches(strings.Join(r.Header.Values("If-None-Match"), ","), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", "application/json")
	w.Write(state.JSON)
	// lesson:end
}

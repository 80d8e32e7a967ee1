package echo

import (
	"encoding/json"
	"net/http"
	"slices"

	"example.com/ws101/demos/site"
	"example.com/ws101/handshake"
)

// head is the head of a request, as the page shows it.
type head struct {
	Line   string  `json:"line"`   // "GET /echo/headers HTTP/1.1"
	Fields []field `json:"fields"` // by name
}

type field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// secrets are fields whose values are not told. A browser keeps the first from the scripts of a page
// on purpose if it is marked HttpOnly, and adds either of them by itself.
var secrets = []string{"Cookie", "Authorization"}

const hidden = "(hidden)"

// headOf returns the head of r as JSON. net/http has read it: the order of the fields is lost, and
// their names are spelled the usual way.
func headOf(r *http.Request) []byte {
	request := handshake.FromHTTP(r)
	h := head{Line: request.Method + " " + request.Target + " " + request.Proto}
	for _, f := range request.Header {
		if slices.Contains(secrets, f.Name) {
			f.Value = hidden
		}
		h.Fields = append(h.Fields, field{f.Name, f.Value})
	}
	text, err := json.Marshal(h)
	if err != nil {
		panic(err) // strings alone can always be written
	}
	return text
}

// serveHead answers a request with its own head.
func serveHead(w http.ResponseWriter, r *http.Request) {
	if !site.Allow(w, r, http.MethodGet) {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(headOf(r))
}

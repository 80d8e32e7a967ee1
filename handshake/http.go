// This file holds the way in for servers that already run net/http. No other file imports it.

package handshake

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// FromHTTP returns the request as a server under net/http received it, ready for
// [Request.Check]. net/http takes some fields out of the header; they go back in: Host,
// Transfer-Encoding and Content-Length. The order of fields is lost in net/http, so
// they come sorted by name; fields of one name keep their order. Secure is set if the request
// came over TLS to this very server.
//
// FromHTTP does not read the body. It shares no memory with r that r changes later.
func FromHTTP(r *http.Request) *Request {
	target := r.RequestURI
	if target == "" {
		target = r.URL.RequestURI()
	}
	header := make(Header, 0, len(r.Header)+1)
	if r.Host != "" {
		header = append(header, Field{"Host", r.Host})
	}
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		for _, value := range r.Header[name] {
			header = append(header, Field{name, value})
		}
	}
	if len(r.TransferEncoding) > 0 {
		header = append(header, Field{"Transfer-Encoding", strings.Join(r.TransferEncoding, ", ")})
	}
	if r.ContentLength > 0 && !header.Has("Content-Length") {
		header = append(header, Field{"Content-Length", strconv.FormatInt(r.ContentLength, 10)})
	}
	return &Request{
		Method: r.Method,
		Target: target,
		Proto:  r.Proto,
		Header: header,
		Secure: r.TLS != nil,
	}
}

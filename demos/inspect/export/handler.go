// Package export turns rows of the tap into what other programs read: a capture
// for Wireshark, an HTTP archive, a test in Go, commands for curl, hex. Each is a
// function from rows to bytes, and says what it had to leave out.
package export

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"example.com/ws101/demos/site"
	"example.com/ws101/demos/wire"
)

// output is a form in which rows leave.
type output struct {
	make  func([]wire.Row) []byte
	media string
	end   string // of the name of a file
	// opening is set if the rows mean little without the opening of their
	// connections.
	opening bool
}

var outputs = map[string]output{
	"pcap": {Pcap, "application/octet-stream", ".pcapng", true},
	"har":  {HAR, "application/json", ".har", true},
	"go":   {GoTest, "text/plain; charset=utf-8", "_test.go", false},
	"curl": {Curl, "text/plain; charset=utf-8", ".sh", false},
	"hex":  {Hex, "text/plain; charset=utf-8", ".txt", false},
}

// Handler serves rows of the tap as a file:
//
//	GET ?format=pcap&from=SEQ&to=SEQ
//
// Formats are pcap, har, go, curl and hex. Both numbers count; to may be left
// out, and then the last row is the latest. With conn=NUMBER, which may be there
// more than once, it is only the rows of these connections. Rows that the tap does
// not have any more are missing.
// For pcap and har the opening of each connection in the rows comes with them, if
// the tap still has it.
func Handler(tap *wire.Tap) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !site.Allow(w, r, http.MethodGet, http.MethodHead) {
			return
		}
		q := r.URL.Query()
		f, known := outputs[q.Get("format")]
		if !known {
			site.Refuse(w, http.StatusBadRequest, "The format must be pcap, har, go, curl or hex.")
			return
		}
		from, err := strconv.ParseUint(q.Get("from"), 10, 64)
		to := ^uint64(0)
		if err == nil && q.Has("to") {
			to, err = strconv.ParseUint(q.Get("to"), 10, 64)
		}
		if err != nil || to < from {
			site.Refuse(w, http.StatusBadRequest, "Name the rows as from=12&to=34, by their numbers.")
			return
		}
		from = max(from, 1) // which is the first one
		rows := tap.Rows(from, to)
		if conns := q["conn"]; len(conns) > 0 {
			rows = slices.DeleteFunc(rows, func(r wire.Row) bool { return !slices.Contains(conns, strconv.FormatUint(r.Conn, 10)) })
		}
		if len(rows) == 0 {
			site.Refuse(w, http.StatusNotFound, "None of these rows is there any more, or yet.")
			return
		}
		if f.opening {
			rows = append(openings(tap.Rows(0, from-1), rows), rows...)
		}
		h := w.Header()
		h.Set("Content-Type", f.media)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		last := rows[len(rows)-1].Seq
		h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="ws101-%d-%d%s"`, from, last, f.end))
		_, _ = w.Write(f.make(rows)) // an error is one of the connection, which ends
	})
}

// openings returns, of the rows before, those without which the later ones mean
// little: how their connections were opened, and the handshake of each WebSocket.
func openings(before, rows []wire.Row) []wire.Row {
	wanted := map[uint64]bool{}
	for i := range rows {
		wanted[rows[i].Conn] = true
	}
	webSocket := map[uint64]bool{}
	var list []wire.Row
	for i := range before {
		r := &before[i]
		if !wanted[r.Conn] || r.Part == wire.Begun {
			continue
		}
		switch r.Kind {
		case wire.Request:
			h := readHead(r)
			webSocket[r.Conn] = h.isUpgrade()
			if !webSocket[r.Conn] {
				continue
			}
		case wire.Response:
			if !webSocket[r.Conn] {
				continue
			}
		case wire.Opened:
		default:
			continue
		}
		list = append(list, *r)
	}
	return list
}

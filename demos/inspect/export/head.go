package export

import (
	"strings"

	"example.com/ws101/demos/wire"
	"example.com/ws101/handshake"
)

// head is an HTTP head taken apart, as far as it goes.
type head struct {
	// line are the three parts of the first line: a method, a target and a
	// version, or a version, a status and a reason.
	line   [3]string
	fields handshake.Header
}

// readHead takes the head of a Request or Response row apart. Nothing is
// refused: what is wrong is to be exported too.
func readHead(r *wire.Row) head {
	var h head
	first := true
	for line := range strings.Lines(strings.TrimLeft(string(r.Bytes), "\r\n")) {
		line = strings.TrimRight(line, "\r\n")
		if first {
			copy(h.line[:], strings.SplitN(line, " ", 3))
			first = false
			continue
		}
		if name, value, ok := strings.Cut(line, ":"); ok {
			h.fields = append(h.fields, handshake.Field{Name: name, Value: strings.Trim(value, " \t")})
		}
	}
	return h
}

// url returns the address of a request on a connection to this server, which
// is used where the request does not name its host.
func (h *head) url(server string) string {
	target := h.line[1]
	if strings.HasPrefix(target, "http://") || strings.HasPrefix(target, "https://") {
		return target // as one asks a proxy
	}
	host := h.fields.Get("Host")
	if host == "" {
		host = server
	}
	if host == "" {
		host = "localhost"
	}
	return "http://" + host + target
}

// isUpgrade reports whether a request asks for a WebSocket.
func (h *head) isUpgrade() bool { return h.fields.HasToken("Upgrade", "websocket") }

package compare

import (
	"errors"
	"net"
	"net/http"
	"sync"

	"example.com/ws101/demos/site"
	"example.com/ws101/demos/wire"
)

// maxPages is how many pages may compare at once.
const maxPages = 64

type server struct {
	Options

	mu    sync.Mutex
	pages map[string]*page // by their ids
}

// A page knows on which connections its lanes are.
type page struct {
	id string

	mu    sync.Mutex
	lanes map[string]*lane // by technique
}

type lane struct {
	conn net.Conn // on which a request is held, or the WebSocket is; else nil
	next breakage // what the next request is to fall into
}

// A breakage is a way to break a lane.
type breakage string

const (
	reset   breakage = "reset"
	silence breakage = "silence"
)

// do breaks a connection.
func (b breakage) do(nc net.Conn) error {
	if b == reset {
		return wire.Abort(nc)
	}
	return wire.Silence(nc)
}

var (
	errTooMany = &site.Refusal{Status: http.StatusServiceUnavailable, Sentence: "Too many pages compare at this moment."}
	errTaken   = &site.Refusal{Status: http.StatusConflict, Sentence: "Another page has this id."}
)

// enter takes a page in.
func (s *server) enter(id string) (*page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pages[id] != nil {
		return nil, errTaken
	}
	if len(s.pages) >= maxPages {
		return nil, errTooMany
	}
	p := &page{id: id, lanes: map[string]*lane{}}
	for _, technique := range []string{"polling", "longpolling", "streaming", "sse", "websocket"} {
		p.lanes[technique] = &lane{}
	}
	s.pages[id] = p
	return p, nil
}

func (s *server) leave(p *page) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pages, p.id)
}

func (s *server) find(id string) *page {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pages[id]
}

// lane answers the requests of a lane with next, and takes note of the
// connection on which that goes on.
func (s *server) lane(technique string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		nc := wire.RequestConn(r)
		p := s.find(r.URL.Query().Get("page"))
		if p == nil || nc == nil {
			next.ServeHTTP(w, r)
			return
		}
		switch b := p.begin(technique, nc); b {
		case reset:
			_ = b.do(nc)
			return
		case silence:
			_ = b.do(nc)
		}
		next.ServeHTTP(w, r)
		if _, err := w.Write(nil); !errors.Is(err, http.ErrHijacked) { // a WebSocket goes on
			p.end(technique, nc)
		}
	})
}

// begin says that a lane has a request on a connection. It returns what the
// request is to fall into, if it is.
func (p *page) begin(technique string, nc net.Conn) breakage {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.lanes[technique]
	b := l.next
	l.conn, l.next = nc, ""
	return b
}

// end says that the request has been answered. The connection then belongs to
// nobody: the next request on it may be one of another page.
func (p *page) end(technique string, nc net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l := p.lanes[technique]; l.conn == nc {
		l.conn = nil
	}
}

// shatter breaks all lanes. A lane that has no connection at this moment, as when
// it polls, is broken at its next request.
func (p *page) shatter(b breakage) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.lanes {
		if l.conn == nil || b.do(l.conn) != nil {
			l.next = b
		}
		l.conn = nil
	}
}

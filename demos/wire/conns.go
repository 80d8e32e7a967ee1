package wire

import (
	"cmp"
	"net"
	"slices"
	"sync/atomic"
	"time"
)

// ConnInfo is what a [Tap] knows of an open connection. It is counted from the
// start, whether anybody watches or not.
type ConnInfo struct {
	// Conn is the number of the connection, as in [Row].
	Conn uint64
	// Client and Server are the addresses of the two ends.
	Client, Server string
	// Opened is when the tap got the connection.
	Opened time.Time
	// Path is that of the first request, as in [Row]; empty before there is
	// one, and where it cannot be told.
	Path string
	// Requests is how many HTTP requests there have been. An Upgrade is one.
	Requests uint64
	// Up is how many bytes the client has sent, and Down how many the server
	// has: all that crossed the connection, heads, headers and chunk sizes too.
	// Bytes of a Write that still goes on are not counted yet.
	Up, Down uint64
}

// Conns returns the open connections, the oldest first. A connection goes from
// the list when it is closed by the program that was given it. Of more than
// 4096 only the latest are listed; see [Options].
func (t *Tap) Conns() []ConnInfo {
	t.openMu.Lock()
	open := slices.Clone(t.open)
	t.openMu.Unlock()
	list := make([]ConnInfo, 0, len(open))
	for _, m := range open {
		list = append(list, m.info())
	}
	return list
}

// meter counts what passes on a connection. It is apart from the connection, so
// that a tap holds on to no connection that was forgotten and not closed.
type meter struct {
	conn           uint64
	client, server net.Addr
	opened         time.Time
	path           atomic.Pointer[string]
	requests       atomic.Uint64
	bytes          [2]atomic.Uint64 // by the Side that sent them
}

// asked takes note of how many requests there have been, and of the path of the
// first.
func (m *meter) asked(requests uint64, first string) {
	before := m.requests.Load()
	if requests == before {
		return
	}
	if before == 0 {
		path := first // so that only this one is allocated
		m.path.Store(&path)
	}
	m.requests.Store(requests)
}

func (m *meter) info() ConnInfo {
	i := ConnInfo{
		Conn:     m.conn,
		Client:   m.client.String(),
		Server:   m.server.String(),
		Opened:   m.opened,
		Requests: m.requests.Load(),
		Up:       m.bytes[Client].Load(),
		Down:     m.bytes[Server].Load(),
	}
	if path := m.path.Load(); path != nil {
		i.Path = *path
	}
	return i
}

// listOpen takes a connection into the list.
func (t *Tap) listOpen(m *meter) {
	t.openMu.Lock()
	defer t.openMu.Unlock()
	if len(t.open) == t.maxConns {
		t.open = slices.Delete(t.open, 0, 1)
	}
	at, _ := t.find(m.conn)
	t.open = slices.Insert(t.open, at, m)
}

// listClosed takes a connection out of the list, if it is there.
func (t *Tap) listClosed(m *meter) {
	t.openMu.Lock()
	defer t.openMu.Unlock()
	if at, ok := t.find(m.conn); ok {
		t.open = slices.Delete(t.open, at, at+1)
	}
}

// find returns where a connection is in the list, or belongs.
func (t *Tap) find(conn uint64) (at int, ok bool) {
	return slices.BinarySearchFunc(t.open, conn, func(m *meter, conn uint64) int { return cmp.Compare(m.conn, conn) })
}

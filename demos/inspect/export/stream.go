package export

import (
	"net/netip"
	"strings"
	"time"

	"example.com/ws101/demos/wire"
)

// segment is a run of bytes that one side of a connection has sent, or the end
// of what it sends. Put together, the segments of a side are its byte stream:
// no byte is there twice.
type segment struct {
	row  uint64
	conn uint64
	from wire.Side
	kind wire.Kind
	time time.Time
	// bytes are what was kept, and size is how many have crossed.
	bytes    []byte
	size     uint64
	injected bool
}

// notKept is how many bytes behind bytes have crossed and were not kept.
func (s *segment) notKept() uint64 { return s.size - uint64(len(s.bytes)) }

// isEnd reports whether it is an end and no bytes.
func (s *segment) isEnd() bool { return s.kind == wire.FIN || s.kind == wire.Reset }

// sender is one side of one connection.
type sender struct {
	conn uint64
	from wire.Side
}

// segments turns rows into segments, in the same order. Rows show some bytes
// twice: those of a thing that was shown as begun before, and those of a
// server-sent event, which the chunks before it carried. And some that never
// left after all.
func segments(rows []wire.Row) []segment {
	s := splitter{again: map[sender]uint64{}, unsent: map[sender]uint64{}}
	for i := range rows {
		s.add(&rows[i])
	}
	for who := range s.unsent {
		s.takeBack(who)
	}
	return s.list
}

type splitter struct {
	list   []segment
	again  map[sender]uint64 // bytes that the rows to come show a second time
	unsent map[sender]uint64 // bytes that did not leave
}

func (s *splitter) add(r *wire.Row) {
	who := sender{r.Conn, r.From}
	switch r.Kind {
	case wire.Opened, wire.Event:
		return
	case wire.Unsent:
		s.unsent[who] += r.Size
		return
	}
	if r.Part != wire.Cut { // what was cut short by that itself counts as sent before
		s.takeBack(who)
	}
	shown := min(s.again[who], r.Size)
	s.again[who] -= shown
	if r.Part == wire.Begun {
		s.again[who] += r.Size
	}
	part := segment{row: r.Seq, conn: r.Conn, from: r.From, kind: r.Kind, time: r.Time, injected: r.Injected,
		bytes: r.Bytes[min(shown, uint64(len(r.Bytes))):], size: r.Size - shown}
	if part.size > 0 || part.isEnd() {
		s.list = append(s.list, part)
	}
}

// takeBack takes what did not leave from the end of what was shown.
func (s *splitter) takeBack(who sender) {
	for i := len(s.list) - 1; i >= 0 && s.unsent[who] > 0; i-- {
		part := &s.list[i]
		if part.conn != who.conn || part.from != who.from || part.isEnd() {
			continue
		}
		n := min(part.size, s.unsent[who])
		s.unsent[who] -= n
		part.size -= n
		part.bytes = part.bytes[:min(uint64(len(part.bytes)), part.size)]
	}
	delete(s.unsent, who)
}

// addresses returns the two ends of the connection that an Opened row tells of,
// if they are IP addresses.
func addresses(r *wire.Row) (client, server netip.AddrPort, ok bool) {
	a, b, _ := strings.Cut(r.Note, " to ")
	client, err := netip.ParseAddrPort(a)
	if err != nil {
		return client, server, false
	}
	server, err = netip.ParseAddrPort(b)
	client = netip.AddrPortFrom(client.Addr().Unmap().WithZone(""), client.Port())
	server = netip.AddrPortFrom(server.Addr().Unmap().WithZone(""), server.Port())
	return client, server, err == nil && client.Addr().Is4() == server.Addr().Is4()
}

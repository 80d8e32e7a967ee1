package export

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"example.com/ws101/demos/wire"
)

// Pcap returns the rows as a capture file that Wireshark opens (pcapng). The
// bytes, their times and the addresses are as they were seen. The packets are
// made up, since a program that reads and writes sees none: every row begins a
// packet of its own, none is lost, and all are acknowledged at once.
//
// What was not kept is said in the comment of the file, and the packets that it
// was in are cut short, as those of a capture with a limit are. Every packet with
// bytes has the number of its row as a comment.
func Pcap(rows []wire.Row) []byte {
	p := capture{open: map[uint64]*tcp{}, notes: []string{
		"Made by ws101 from what a program read and wrote. Bytes and times are as they were seen; the packets around them are made up.",
	}}
	parts := segments(rows)
	for i := range rows {
		r := &rows[i]
		if r.Kind == wire.Opened {
			p.begin(r)
		}
		for len(parts) > 0 && parts[0].row <= r.Seq {
			p.segment(&parts[0])
			parts = parts[1:]
		}
	}
	return append(p.head(), p.packets...)
}

// capture is a capture file in the making. What is in front of the packets is
// written last: it holds the notes.
type capture struct {
	packets []byte
	notes   []string
	open    map[uint64]*tcp // by the number of the connection
}

func (p *capture) note(format string, args ...any) {
	const most = 100
	switch n := len(p.notes); {
	case n < most:
		p.notes = append(p.notes, fmt.Sprintf(format, args...))
	case n == most:
		p.notes = append(p.notes, "There is more like this.")
	}
}

// begin writes the three packets with which TCP begins.
func (p *capture) begin(r *wire.Row) {
	c := p.connection(r.Conn)
	client, server, ok := addresses(r)
	if ok {
		c.addr = [2]netip.AddrPort{client, server}
	} else {
		p.note("Connection %d has no IP addresses, so %v and %v stand for them.", r.Conn, c.addr[0], c.addr[1])
	}
	p.packet(r.Time, c.packet(wire.Client, tcpSyn, nil, 0), 0, "")
	p.packet(r.Time, c.packet(wire.Server, tcpSyn|tcpAck, nil, 0), 0, "")
	p.packet(r.Time, c.packet(wire.Client, tcpAck, nil, 0), 0, "")
}

// connection returns the state of a connection. One that is not known yet gets
// addresses that stand for the true ones.
func (p *capture) connection(number uint64) *tcp {
	if c := p.open[number]; c != nil {
		return c
	}
	local := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	c := &tcp{seq: [2]uint32{1000, 2000}, addr: [2]netip.AddrPort{
		netip.AddrPortFrom(local, uint16(40000+number%20000)), netip.AddrPortFrom(local, 80),
	}}
	p.open[number] = c
	return c
}

// mostPackets is how many packets a row takes at most: 64 MiB.
const mostPackets = 1024

// segment writes what one side has sent, and the other side's acknowledgement.
func (p *capture) segment(s *segment) {
	if p.open[s.conn] == nil {
		c := p.connection(s.conn)
		p.note("Connection %d was open before the first of these rows, so it has no SYN, and %v and %v stand for its addresses.", s.conn, c.addr[0], c.addr[1])
	}
	c := p.open[s.conn]
	comment := fmt.Sprintf("row %d", s.row)
	if s.injected {
		comment += ", injected by the inspector"
	}
	switch s.kind {
	case wire.FIN:
		p.packet(s.time, c.packet(s.from, tcpFin|tcpAck, nil, 0), 0, comment)
		p.packet(s.time, c.packet(1-s.from, tcpAck, nil, 0), 0, "")
		return
	case wire.Reset:
		p.packet(s.time, c.packet(s.from, tcpRst|tcpAck, nil, 0), 0, comment)
		return
	}
	missing := s.notKept()
	if missing > 0 {
		p.note("Row %d: %d of its last %d bytes were not kept.", s.row, missing, s.size)
	}
	b := s.bytes
	for range mostPackets {
		n := min(len(b), mostPayload)
		cut := 0
		if n == len(b) {
			cut = int(min(missing, uint64(mostPayload-n)))
		}
		if n+cut == 0 {
			break
		}
		p.packet(s.time, c.packet(s.from, tcpPsh|tcpAck, b[:n], cut), cut, comment)
		b = b[n:]
		missing -= uint64(cut)
	}
	c.seq[s.from] += uint32(missing) + uint32(len(b)) // a gap, which Wireshark shows as one
	p.packet(s.time, c.packet(1-s.from, tcpAck, nil, 0), 0, "")
}

// The types of block and of option in a pcapng file.
const (
	blockSection   = 0x0a0d0d0a
	blockInterface = 1
	blockPacket    = 6

	optionComment     = 1
	optionApplication = 4 // of a section
	optionResolution  = 9 // of an interface
)

// head returns the blocks in front of the packets.
func (p *capture) head() []byte {
	section := binary.LittleEndian.AppendUint32(nil, 0x1a2b3c4d) // the order of bytes
	section = binary.LittleEndian.AppendUint16(section, 1)       // version 1.0
	section = binary.LittleEndian.AppendUint16(section, 0)
	section = binary.LittleEndian.AppendUint64(section, ^uint64(0)) // how long it is, is not said
	section = appendOption(section, optionComment, strings.Join(p.notes, "\n"))
	section = appendOption(section, optionApplication, "ws101")

	const rawIP = 101 // a packet begins with its IPv4 or IPv6 header
	inter := binary.LittleEndian.AppendUint32(nil, rawIP)
	inter = binary.LittleEndian.AppendUint32(inter, 0)               // no limit on the length of packets
	inter = appendOption(inter, optionResolution, string([]byte{9})) // 10^-9 s
	return appendBlock(appendBlock(nil, blockSection, section), blockInterface, inter)
}

// packet adds a packet, of which the last cut bytes are not there.
func (p *capture) packet(at time.Time, b []byte, cut int, comment string) {
	nanos := uint64(at.UnixNano())
	block := binary.LittleEndian.AppendUint32(nil, 0) // the only interface
	block = binary.LittleEndian.AppendUint32(block, uint32(nanos>>32))
	block = binary.LittleEndian.AppendUint32(block, uint32(nanos))
	block = binary.LittleEndian.AppendUint32(block, uint32(len(b)))
	block = binary.LittleEndian.AppendUint32(block, uint32(len(b)+cut))
	block = appendPadded(block, b)
	if comment != "" {
		block = appendOption(block, optionComment, comment)
	}
	p.packets = appendBlock(p.packets, blockPacket, block)
}

// appendBlock appends a block: its type, its length, what it holds with the end
// of its options, and its length once more.
func appendBlock(dst []byte, kind uint32, body []byte) []byte {
	body = append(body, 0, 0, 0, 0) // no more options
	length := uint32(4 + 4 + len(body) + 4)
	dst = binary.LittleEndian.AppendUint32(dst, kind)
	dst = binary.LittleEndian.AppendUint32(dst, length)
	dst = append(dst, body...)
	return binary.LittleEndian.AppendUint32(dst, length)
}

func appendOption(dst []byte, code uint16, value string) []byte {
	value = value[:min(len(value), 1<<16-1)]
	dst = binary.LittleEndian.AppendUint16(dst, code)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(value)))
	return appendPadded(dst, []byte(value))
}

func appendPadded(dst, b []byte) []byte {
	dst = append(dst, b...)
	return append(dst, make([]byte, -len(b)&3)...)
}

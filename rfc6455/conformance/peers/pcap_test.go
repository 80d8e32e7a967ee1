package peers_test

import (
	"encoding/binary"
	"io"
	"net/netip"
	"time"
)

// A pcapWriter writes TCP connections as a capture file that Wireshark reads: the
// old format, packets of Ethernet, with IPv4 and TCP inside. What a program has
// read and written has no packets any more, so it makes them up: of at most
// 1460 bytes, none lost and each at its time.
type pcapWriter struct {
	w   io.Writer
	err error // the first one
}

func newPcapWriter(w io.Writer) *pcapWriter {
	p := &pcapWriter{w: w}
	head := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4) // times in microseconds
	head = binary.LittleEndian.AppendUint16(head, 2)          // version 2.4
	head = binary.LittleEndian.AppendUint16(head, 4)
	head = binary.LittleEndian.AppendUint64(head, 0) // UTC
	head = binary.LittleEndian.AppendUint32(head, 1<<16)
	head = binary.LittleEndian.AppendUint32(head, 1) // Ethernet
	p.write(head)
	return p
}

func (p *pcapWriter) write(b []byte) {
	if p.err == nil {
		_, p.err = p.w.Write(b)
	}
}

// A pcapConn is a TCP connection in a capture.
type pcapConn struct {
	p        *pcapWriter
	addr     [2]netip.AddrPort // of the client and of the server
	seq      [2]uint32         // of the next byte from each
	lastTime time.Time
}

const (
	fromClient = 0
	fromServer = 1
)

// The flags of TCP.
const (
	tcpFin = 0x01
	tcpSyn = 0x02
	tcpPsh = 0x08
	tcpAck = 0x10
)

// open writes the three packets with which TCP begins. Both addresses are IPv4.
func (p *pcapWriter) open(client, server netip.AddrPort, at time.Time) *pcapConn {
	c := &pcapConn{p: p, addr: [2]netip.AddrPort{client, server}, seq: [2]uint32{1000, 2000}, lastTime: at}
	c.packet(fromClient, tcpSyn, nil)
	c.packet(fromServer, tcpSyn|tcpAck, nil)
	c.packet(fromClient, tcpAck, nil)
	return c
}

// data writes what one side has sent, and the other side's acknowledgement.
func (c *pcapConn) data(from int, b []byte, at time.Time) {
	const most = 1460
	c.lastTime = at
	for len(b) > 0 {
		n := min(len(b), most)
		c.packet(from, tcpPsh|tcpAck, b[:n])
		b = b[n:]
	}
	c.packet(1-from, tcpAck, nil)
}

// close writes the end of the connection, which one side begins.
func (c *pcapConn) close(first int) {
	c.packet(first, tcpFin|tcpAck, nil)
	c.packet(1-first, tcpFin|tcpAck, nil)
	c.packet(first, tcpAck, nil)
}

func (c *pcapConn) packet(from int, flags byte, payload []byte) {
	src, dst := c.addr[from], c.addr[1-from]
	tcp := binary.BigEndian.AppendUint16(nil, src.Port())
	tcp = binary.BigEndian.AppendUint16(tcp, dst.Port())
	tcp = binary.BigEndian.AppendUint32(tcp, c.seq[from])
	ack := c.seq[1-from]
	if flags&tcpAck == 0 {
		ack = 0
	}
	tcp = binary.BigEndian.AppendUint32(tcp, ack)
	tcp = append(tcp, 5<<4, flags)                    // 5 words of header
	tcp = binary.BigEndian.AppendUint16(tcp, 0xffff)  // window
	tcp = append(append(tcp, 0, 0, 0, 0), payload...) // checksum, no urgent data
	pseudo := append(src.Addr().AsSlice(), dst.Addr().AsSlice()...)
	pseudo = append(pseudo, 0, 6) // TCP
	pseudo = binary.BigEndian.AppendUint16(pseudo, uint16(len(tcp)))
	binary.BigEndian.PutUint16(tcp[16:], checksum(append(pseudo, tcp...)))
	c.seq[from] += uint32(len(payload))
	if flags&(tcpSyn|tcpFin) != 0 {
		c.seq[from]++ // which count as a byte
	}

	ip := []byte{4<<4 | 5, 0} // version, 5 words of header
	ip = binary.BigEndian.AppendUint16(ip, uint16(20+len(tcp)))
	ip = append(ip, 0, 0, 0x40, 0, 64, 6, 0, 0) // do not fragment, 64 hops, TCP, checksum
	ip = append(append(ip, src.Addr().AsSlice()...), dst.Addr().AsSlice()...)
	binary.BigEndian.PutUint16(ip[10:], checksum(ip))

	ether := []byte{2, 0, 0, 0, 0, byte(1 - from), 2, 0, 0, 0, 0, byte(from), 0x08, 0x00}
	length := uint32(len(ether) + len(ip) + len(tcp))
	record := binary.LittleEndian.AppendUint32(nil, uint32(c.lastTime.Unix()))
	record = binary.LittleEndian.AppendUint32(record, uint32(c.lastTime.Nanosecond()/1000))
	record = binary.LittleEndian.AppendUint32(record, length) // as kept
	record = binary.LittleEndian.AppendUint32(record, length) // as it was
	record = append(append(append(record, ether...), ip...), tcp...)
	c.p.write(record)
}

// checksum is that of the Internet protocols (RFC 1071).
func checksum(b []byte) uint16 {
	var sum uint32
	for i, x := range b {
		if i%2 == 0 {
			sum += uint32(x) << 8
		} else {
			sum += uint32(x)
		}
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

package export

import (
	"encoding/binary"
	"net/netip"

	"example.com/ws101/demos/wire"
)

// tcp makes the packets of one connection.
type tcp struct {
	addr [2]netip.AddrPort // of the client and of the server, both of one family
	seq  [2]uint32         // of the next byte from each
}

// The flags of a segment.
const (
	tcpFin = 0x01
	tcpSyn = 0x02
	tcpRst = 0x04
	tcpPsh = 0x08
	tcpAck = 0x10
)

const (
	tcpHeader = 20
	// mostPayload is what fits into a packet of 64 KiB, which is what the
	// loopback interface carries, with either kind of IP in front.
	mostPayload = 1<<16 - 1 - 40 - tcpHeader
)

// packet returns an IP packet with a TCP segment in it: payload, and then cut
// bytes that are counted and not there.
func (c *tcp) packet(from wire.Side, flags byte, payload []byte, cut int) []byte {
	src, dst := c.addr[from], c.addr[1-from]
	segment := binary.BigEndian.AppendUint16(nil, src.Port())
	segment = binary.BigEndian.AppendUint16(segment, dst.Port())
	segment = binary.BigEndian.AppendUint32(segment, c.seq[from])
	ack := c.seq[1-from]
	if flags&tcpAck == 0 {
		ack = 0
	}
	segment = binary.BigEndian.AppendUint32(segment, ack)
	segment = append(segment, tcpHeader/4<<4, flags)
	segment = binary.BigEndian.AppendUint16(segment, 0xffff)  // window
	segment = append(append(segment, 0, 0, 0, 0), payload...) // checksum, and no urgent data
	length := len(segment) + cut
	if cut == 0 { // else nobody can say what it was
		binary.BigEndian.PutUint16(segment[16:], checksum(append(pseudoHeader(src, dst, length), segment...)))
	}
	c.seq[from] += uint32(len(payload) + cut)
	if flags&(tcpSyn|tcpFin) != 0 {
		c.seq[from]++ // which count as a byte
	}
	return append(ipHeader(src.Addr(), dst.Addr(), length), segment...)
}

const protocolTCP = 6

// ipHeader returns the header in front of length bytes of TCP.
func ipHeader(src, dst netip.Addr, length int) []byte {
	if src.Is6() {
		h := binary.BigEndian.AppendUint32(nil, 6<<28)
		h = binary.BigEndian.AppendUint16(h, uint16(length))
		h = append(h, protocolTCP, 64) // 64 hops
		return append(append(h, src.AsSlice()...), dst.AsSlice()...)
	}
	h := []byte{4<<4 | 5, 0} // version 4, 5 words of header
	h = binary.BigEndian.AppendUint16(h, uint16(20+length))
	h = append(h, 0, 0, 0x40, 0, 64, protocolTCP, 0, 0) // whole, 64 hops, the checksum
	h = append(append(h, src.AsSlice()...), dst.AsSlice()...)
	binary.BigEndian.PutUint16(h[10:], checksum(h))
	return h
}

// pseudoHeader returns what TCP counts into its checksum besides itself.
func pseudoHeader(src, dst netip.AddrPort, length int) []byte {
	h := append(src.Addr().AsSlice(), dst.Addr().AsSlice()...)
	if src.Addr().Is6() {
		h = binary.BigEndian.AppendUint32(h, uint32(length))
		return append(h, 0, 0, 0, protocolTCP)
	}
	h = append(h, 0, protocolTCP)
	return binary.BigEndian.AppendUint16(h, uint16(length))
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

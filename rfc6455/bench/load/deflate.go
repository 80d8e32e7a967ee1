package load

import (
	"bufio"
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"example.com/ws101/frames"
)

// The offers of a client that compresses each message on its own. The server is
// to do so, too, or may do as it pleases.
const (
	OfferNoTakeover = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
	OfferTakeover   = "permessage-deflate; client_no_context_takeover"
)

// tail is what ends a flushed block and is not sent (RFC 7692 section 7.2.1).
const tail = "\x00\x00\xff\xff"

// Messages are sent compressed, one after the other, over and over.
type Messages struct {
	plain [][]byte
	sent  [][]byte // the frames
}

// Compressed makes n messages of a size, compressed by the standard library,
// each on its own.
func Compressed(size, n int) *Messages {
	random := rand.New(rand.NewPCG(uint64(size), uint64(n)))
	m := &Messages{}
	for i := range n {
		p := Feed(random, size, i)
		m.plain = append(m.plain, p)
		m.sent = append(m.sent, Frame(random, frames.Header{Fin: true, Rsv1: true, Opcode: frames.Text}, deflate(p)))
	}
	return m
}

func deflate(p []byte) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestSpeed)
	if err != nil {
		panic(err) // there is such a level
	}
	w.Write(p)
	w.Flush()
	return bytes.TrimSuffix(b.Bytes(), []byte(tail))
}

// Learn sends each message, checks that it comes back, and makes a script of
// the very bytes that came. It holds for servers that compress each message on
// its own. It also returns how large the replies are, in parts of the messages.
func (m *Messages) Learn(c *Conn) (*Script, float64, error) {
	s := &Script{Messages: len(m.plain)}
	in := m.Listen(c)
	for i := range m.plain {
		reply, err := in.exchange(i)
		if err != nil {
			return nil, 0, err
		}
		s.Send = append(s.Send, m.sent[i]...)
		s.Want = append(s.Want, reply...)
	}
	return s, in.Share(), nil
}

// A Listener receives compressed messages of one connection, inflates each with
// those before it as its dictionary, and compares all of it.
type Listener struct {
	m        *Messages
	c        *Conn
	in       *bufio.Reader
	inflater io.ReadCloser
	window   []byte

	sent, came int // bytes of payload
}

// Listen begins with an empty window.
func (m *Messages) Listen(c *Conn) *Listener {
	return &Listener{m: m, c: c, in: bufio.NewReader(c.nc), inflater: flate.NewReader(bytes.NewReader(nil))}
}

// Share is how much came back, in parts of what it stood for.
func (l *Listener) Share() float64 { return float64(l.came) / float64(l.sent) }

// For goes through the messages again and again for d, and returns how many it
// were.
func (l *Listener) For(d time.Duration) (int, error) {
	until := time.Now().Add(d)
	for n := 0; ; {
		for i := range l.m.plain {
			if _, err := l.exchange(i); err != nil {
				return n, fmt.Errorf("after %d messages: %w", n, err)
			}
			n++
		}
		if !time.Now().Before(until) {
			return n, nil
		}
	}
}

// exchange sends message i and returns the bytes of the reply.
func (l *Listener) exchange(i int) ([]byte, error) {
	l.c.nc.SetDeadline(time.Now().Add(patience))
	if _, err := l.c.nc.Write(l.m.sent[i]); err != nil {
		return nil, err
	}
	wire, payload, compressed, err := l.receive()
	if err != nil {
		return nil, noEOF(err)
	}
	l.came += len(payload)
	l.sent += len(l.m.plain[i])
	if compressed {
		if payload, err = l.inflate(payload); err != nil {
			return nil, fmt.Errorf("the reply does not decompress: %w", err)
		}
	}
	if !bytes.Equal(payload, l.m.plain[i]) {
		return nil, fmt.Errorf("the reply to message %d decompresses to something else", i)
	}
	return wire, nil
}

// receive reads one message, of any number of frames.
func (l *Listener) receive() (wire, payload []byte, compressed bool, err error) {
	for {
		h, err := l.header()
		if err != nil {
			return nil, nil, false, err
		}
		if h.Masked || h.Length > 1<<24 || h.Opcode != frames.Text && h.Opcode != frames.Continuation {
			return nil, nil, false, fmt.Errorf("a frame with the header %+v came", h)
		}
		compressed = compressed || h.Rsv1
		wire = frames.AppendHeader(wire, h)
		start := len(wire)
		wire = append(wire, make([]byte, h.Length)...)
		if _, err := io.ReadFull(l.in, wire[start:]); err != nil {
			return nil, nil, false, err
		}
		payload = append(payload, wire[start:]...)
		if h.Fin {
			return wire, payload, compressed, nil
		}
	}
}

func (l *Listener) header() (frames.Header, error) {
	for n := 2; n <= frames.MaxHeaderLen; n++ {
		b, err := l.in.Peek(n)
		if err != nil {
			return frames.Header{}, err
		}
		h, size, err := frames.ParseHeader(b)
		if err != nil || size > 0 {
			l.in.Discard(size)
			return h, err
		}
	}
	return frames.Header{}, errors.New("a header without an end")
}

const windowSize = 32 << 10

func (l *Listener) inflate(p []byte) ([]byte, error) {
	// The block behind the tail ends the stream, which the reader insists on.
	in := io.MultiReader(bytes.NewReader(p), bytes.NewReader([]byte(tail+"\x01\x00\x00\xff\xff")))
	if err := l.inflater.(flate.Resetter).Reset(in, l.window); err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(io.LimitReader(l.inflater, 1<<24))
	if err != nil {
		return nil, err
	}
	l.window = append(l.window, plain...)
	l.window = l.window[max(0, len(l.window)-windowSize):]
	return plain, nil
}

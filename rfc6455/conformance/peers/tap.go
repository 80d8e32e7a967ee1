// This file holds the tap: a copy of what crossed a connection, and the frames in it.

package peers

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"example.com/ws101/frames"
)

// Tap is a connection that keeps a copy of all the bytes that cross it.
type Tap struct {
	nc     net.Conn // not embedded: its other methods would go around the tap
	client bool

	mu       sync.Mutex
	segments []Segment
}

// Segment is what one Read or Write has moved.
type Segment struct {
	FromClient bool
	Time       time.Time
	Bytes      []byte
}

// NewTap wraps nc. client says which side holds this end of it.
func NewTap(nc net.Conn, client bool) *Tap { return &Tap{nc: nc, client: client} }

// Read implements net.Conn.
func (t *Tap) Read(p []byte) (int, error) {
	n, err := t.nc.Read(p)
	if n > 0 {
		t.keep(!t.client, p[:n])
	}
	return n, err
}

// Write implements net.Conn. What leaves is kept before it does, so that it
// stands in front of the answer.
func (t *Tap) Write(p []byte) (int, error) {
	i := t.keep(t.client, p)
	n, err := t.nc.Write(p)
	if n < len(p) {
		t.mu.Lock()
		t.segments[i].Bytes = t.segments[i].Bytes[:n]
		t.mu.Unlock()
	}
	return n, err
}

func (t *Tap) keep(fromClient bool, p []byte) int {
	s := Segment{fromClient, time.Now(), bytes.Clone(p)}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.segments = append(t.segments, s)
	return len(t.segments) - 1
}

// Segments returns all that has crossed, in order.
func (t *Tap) Segments() []Segment {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]Segment(nil), t.segments...)
}

// Frames explains the frames of one side, after the head of its HTTP message.
// deflate says that permessage-deflate is in use. The error is the first
// rule that a frame breaks, or says that the last one is not whole.
func (t *Tap) Frames(fromClient, deflate bool) ([]frames.Explanation, error) {
	var stream []byte
	for _, s := range t.Segments() {
		if s.FromClient == fromClient {
			stream = append(stream, s.Bytes...)
		}
	}
	_, rest, ok := bytes.Cut(stream, []byte("\r\n\r\n"))
	if !ok {
		return nil, errors.New("the head of the handshake is not whole")
	}
	var all []frames.Explanation
	state := frames.State{FromClient: fromClient, Deflate: deflate}
	for len(rest) > 0 {
		x := frames.Explain(rest, state)
		all = append(all, x)
		switch {
		case x.Grade == frames.Broken:
			return all, fmt.Errorf("frame %d: %w", len(all), x.Problems[0])
		case x.Missing > 0:
			return all, fmt.Errorf("frame %d is cut short: %v", len(all), x)
		}
		rest, state = rest[len(x.Bytes):], x.Next
	}
	return all, nil
}

// check wants every frame of both sides to be legal.
func (t *Tap) check() error {
	for _, fromClient := range []bool{true, false} {
		if _, err := t.Frames(fromClient, t.Deflated()); err != nil {
			return fmt.Errorf("from the %s: %w", map[bool]string{true: "client", false: "server"}[fromClient], err)
		}
	}
	return nil
}

// Deflated reports whether the server's answer has compression in it.
func (t *Tap) Deflated() bool {
	for _, s := range t.Segments() {
		if !s.FromClient {
			return bytes.Contains(s.Bytes, []byte("permessage-deflate"))
		}
	}
	return false
}

// CloseWrite lets a server end TCP in two steps, where the connection can.
func (t *Tap) CloseWrite() error {
	if half, ok := t.nc.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// Close implements net.Conn, and so do all below.
func (t *Tap) Close() error                       { return t.nc.Close() }
func (t *Tap) LocalAddr() net.Addr                { return t.nc.LocalAddr() }
func (t *Tap) RemoteAddr() net.Addr               { return t.nc.RemoteAddr() }
func (t *Tap) SetDeadline(d time.Time) error      { return t.nc.SetDeadline(d) }
func (t *Tap) SetReadDeadline(d time.Time) error  { return t.nc.SetReadDeadline(d) }
func (t *Tap) SetWriteDeadline(d time.Time) error { return t.nc.SetWriteDeadline(d) }

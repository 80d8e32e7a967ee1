package rfc6455

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"example.com/ws101/frames"
)

// firstAlloc is how much room is made for a message before its bytes arrive;
// more is made as they do. A header that announces much and brings nothing
// costs no more than this.
const firstAlloc = 16 << 10

// Read waits for the next message and returns it whole. The slice is the
// caller's.
//
// When ctx ends, Read returns its error and the connection stays usable: what
// arrived of a message is kept, and the next Read goes on with it. A goroutine
// that reads while another does gets [ErrConcurrentRead]. Every other error is
// the end of the connection, a [*CloseError].
func (c *Conn) Read(ctx context.Context) (MessageType, []byte, error) {
	if err := c.beginRead(ctx); err != nil {
		return 0, nil, err
	}
	w := watch(ctx, c.in.nc, net.Conn.SetReadDeadline)
	t, p, err := c.readMessage()
	return t, p, c.endRead(ctx, w, err)
}

// beginRead takes the read lock.
func (c *Conn) beginRead(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !c.readLock.tryLock() {
		if !c.closing.Load() {
			return ErrConcurrentRead
		}
		// It is Close that reads, and its end is the end of the connection.
		select {
		case <-c.Done():
			return c.end(nil)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if e := c.end(nil); e != nil {
		c.unlockRead()
		return e
	}
	return nil
}

// endRead lets the read lock go and turns a deadline that watch has set back
// into the error of its context.
func (c *Conn) endRead(ctx context.Context, w *watching, err error) error {
	if w.stop() {
		c.in.nc.SetReadDeadline(noDeadline)
		if err != nil && isTimeout(err) {
			err = ctx.Err()
		}
	}
	c.unlockRead()
	return err
}

// readMessage reads a message to its end, or goes on with the one that an
// earlier call began.
func (c *Conn) readMessage() (MessageType, []byte, error) {
	whole, n, err := c.nextWhole()
	if err != nil {
		return 0, nil, err
	}
	if n > 0 {
		p := make([]byte, len(whole)) // no more of it than the message has bytes
		copy(p, whole)
		c.in.discard(n)
		return c.m.kind, p, nil
	}
	if err := c.beginMessage(); err != nil {
		return 0, nil, err
	}
	if c.inflate != nil {
		return c.readInflated()
	}
	p := c.gathered
	c.gathered = nil
	for {
		more, err := c.nextPayload()
		if err == nil && !more {
			return c.m.kind, p, nil
		}
		if err == nil {
			if len(p) == cap(p) {
				p = c.grow(p)
			}
			var n int
			n, err = c.readPayload(p[len(p):cap(p)])
			p = p[:len(p)+n]
		}
		if err != nil {
			c.gathered = p
			return 0, nil, err
		}
	}
}

// nextWhole waits for a message that arrives whole, and returns it with the length
// of its frame. That lies at the start of the input, and is for the caller to
// discard. If something else has come, or is expected, n is 0.
func (c *Conn) nextWhole() (p []byte, n int, err error) {
	if c.closing.Load() {
		if e := c.end(nil); e != nil {
			return nil, 0, e // a write has failed: nothing more is delivered
		}
	}
	if c.stream != nil || c.inflate != nil || c.gathered != nil || c.m.inMessage() {
		return nil, 0, nil
	}
	if len(c.in.bytes()) == 0 { // this is fill, spelled out to save a call
		if c.holding {
			c.releaseHeld()
		}
		if err := c.in.fill(); err != nil {
			return nil, 0, c.failRead(err)
		}
	}
	p, n, err = c.m.whole(c.in.bytes())
	if err != nil {
		return nil, 0, c.failProtocol(err)
	}
	return p, n, nil
}

// readInflated reads a compressed message to its end, or goes on with it. What
// it will come to is not known beforehand, so it is put together in a buffer
// from a pool.
func (c *Conn) readInflated() (MessageType, []byte, error) {
	gathered, err := c.assemble()
	p := append([]byte(nil), gathered...)
	putMessage(gathered)
	if err != nil {
		c.gathered = p
		return 0, nil, err
	}
	return c.m.kind, p, nil
}

// beginMessage waits for the header of the next message, unless one is at hand
// that a Read left unfinished. What is left of one that was handed out as a
// stream is skipped.
func (c *Conn) beginMessage() error {
	if c.stream != nil {
		if err := c.skipMessage(); err != nil {
			return err
		}
	}
	if c.m.inMessage() || c.inflate != nil {
		return nil
	}
	if err := c.advance(); err != nil {
		return err
	}
	if c.m.deflated {
		c.beginInflate()
	}
	return nil
}

// grow makes room in p for the payload of the frame at hand, a part at a time
// if there is much of it. Room at least doubles, so that a message in many
// small fragments is not copied for each of them.
func (c *Conn) grow(p []byte) []byte {
	room := max(firstAlloc, 3*len(p))
	if c.m.left < uint64(room) {
		room = max(int(c.m.left), len(p))
	}
	bigger := make([]byte, len(p), len(p)+room)
	copy(bigger, p)
	return bigger
}

// nextPayload goes to the next payload byte of the message at hand, over all
// its frames, and reports whether there is one. In a compressed message it
// reports true until the end has been found.
func (c *Conn) nextPayload() (bool, error) {
	if c.inflate != nil {
		return c.stillInflating(), nil
	}
	return c.nextOnWire()
}

// nextOnWire is nextPayload for the payload as it is on the wire.
func (c *Conn) nextOnWire() (bool, error) {
	for c.m.left == 0 || c.m.head.Opcode.IsControl() {
		if !c.m.inMessage() {
			return false, nil
		}
		if err := c.advance(); err != nil {
			return false, err
		}
	}
	return true, nil
}

// readPayload reads payload of the message at hand into p. Of a compressed
// message it may read none, since the end was found.
func (c *Conn) readPayload(p []byte) (int, error) {
	if c.inflate != nil {
		return c.inflatePayload(p)
	}
	if uint64(len(p)) > c.m.left {
		p = p[:c.m.left]
	}
	if c.holding && len(c.in.bytes()) == 0 {
		c.releaseHeld()
	}
	n, err := c.in.read(p)
	if err != nil {
		return 0, c.failRead(err)
	}
	if err := c.m.payload(p[:n]); err != nil {
		return 0, c.failProtocol(err)
	}
	return n, nil
}

// advance reads up to the payload of the next data frame, and handles the
// control frames on the way. It can be left by a timeout at any byte, and
// called again.
func (c *Conn) advance() error {
	for {
		if !c.m.inFrame {
			if err := c.readHeader(); err != nil {
				return err
			}
		}
		if !c.m.head.Opcode.IsControl() {
			if c.m.left > 0 {
				return nil
			}
			if err := c.m.payload(nil); err != nil {
				return c.failProtocol(err)
			}
			return nil
		}
		if err := c.readControl(); err != nil {
			return err
		}
	}
}

func (c *Conn) readHeader() error {
	for {
		n, err := c.m.header(c.in.bytes())
		if err != nil {
			return c.failProtocol(err)
		}
		if n > 0 {
			c.in.discard(n)
			return nil
		}
		if err := c.fill(); err != nil {
			return err
		}
	}
}

// fill waits for more bytes.
func (c *Conn) fill() error {
	if c.holding {
		c.releaseHeld()
	}
	if err := c.in.fill(); err != nil {
		return c.failRead(err)
	}
	return nil
}

func (c *Conn) readControl() error {
	for c.m.inFrame {
		b := c.in.bytes()
		if len(b) == 0 && c.m.left > 0 {
			if err := c.fill(); err != nil {
				return err
			}
			continue
		}
		n := int(min(uint64(len(b)), c.m.left))
		if err := c.m.payload(b[:n]); err != nil {
			return c.failProtocol(err)
		}
		c.in.discard(n)
	}
	return c.handleControl()
}

// skipMessage reads and discards the rest of the message at hand.
func (c *Conn) skipMessage() error {
	buf := getBuffer()
	defer putBuffer(buf)
	for {
		more, err := c.nextPayload()
		if err != nil {
			return err
		}
		if !more {
			c.gathered, c.stream = nil, nil
			return nil
		}
		if _, err := c.readPayload(buf); err != nil {
			return err
		}
	}
}

// Reader waits for the next message and returns a reader of its payload, which
// ends with io.EOF at the message's end. ctx holds for all of the message.
//
// What is left of a message when the next one is asked for is skipped. Text is
// checked as it arrives, so the error that says it is not UTF-8 may come after
// part of it has been read.
func (c *Conn) Reader(ctx context.Context) (MessageType, io.Reader, error) {
	if err := c.beginRead(ctx); err != nil {
		return 0, nil, err
	}
	w := watch(ctx, c.in.nc, net.Conn.SetReadDeadline)
	err := c.beginMessage()
	var t MessageType
	if err == nil {
		t = c.m.kind
		c.stream = &messageReader{c: c, ctx: ctx}
	}
	r := c.stream
	if err = c.endRead(ctx, w, err); err != nil {
		return 0, nil, err
	}
	return t, r, nil
}

// messageReader reads one message as a stream.
type messageReader struct {
	c    *Conn
	ctx  context.Context
	done bool
}

var errStaleReader = errors.New("rfc6455: this message was skipped, since the next one was asked for")

// Read implements io.Reader.
func (r *messageReader) Read(p []byte) (int, error) {
	if r.done {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	c := r.c
	if err := c.beginRead(r.ctx); err != nil {
		return 0, err
	}
	if c.stream != r {
		c.unlockRead()
		return 0, errStaleReader
	}
	if len(c.gathered) > 0 { // what a Read that gave up had gathered comes first
		n := copy(p, c.gathered)
		c.gathered = c.gathered[n:]
		c.unlockRead()
		return n, nil
	}
	w := watch(r.ctx, c.in.nc, net.Conn.SetReadDeadline)
	n, err := c.readStream(p)
	if err == io.EOF {
		r.done = true
		c.gathered, c.stream = nil, nil
	}
	return n, c.endRead(r.ctx, w, err)
}

// readStream reads at least one byte of the message at hand. The error is io.EOF
// at its end.
func (c *Conn) readStream(p []byte) (int, error) {
	for {
		more, err := c.nextPayload()
		if err != nil {
			return 0, err
		}
		if !more {
			return 0, io.EOF
		}
		if n, err := c.readPayload(p); n > 0 || err != nil {
			return n, err
		}
	}
}

// failRead ends the connection because the socket did, or returns the error as
// it is if it is only a deadline.
func (c *Conn) failRead(err error) error {
	switch {
	case isTimeout(err):
		return err
	case err == io.EOF:
		err = io.ErrUnexpectedEOF
	}
	return c.cut(err)
}

// failProtocol ends the connection because the peer broke a rule: it is told
// which, and nothing that it sends after that is looked at (RFC 6455 section
// 7.1.7).
func (c *Conn) failProtocol(err error) error {
	code := frames.CloseProtocolError
	var rule *frames.Error
	if errors.As(err, &rule) {
		code = rule.Code
	}
	c.letGo()
	return c.fail(code, err)
}

// letGo gives back all that the reader holds. To tell the peer how the
// connection failed, and to let it hear that, may take seconds, and a peer that
// does so on many connections must not pin a message for each.
func (c *Conn) letGo() {
	c.in.discard(len(c.in.bytes()))
	if c.inflate != nil {
		c.endInflate()
	}
	putMessage(c.gathered)
	c.gathered = nil
	c.giveTurn()
}

// noDeadline takes a deadline away.
var noDeadline time.Time

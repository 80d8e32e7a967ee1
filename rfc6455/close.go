package rfc6455

import (
	"context"
	"errors"
	"net"
	"time"
	"unicode/utf8"

	"example.com/ws101/frames"
)

// Close closes the connection with a code and a reason of at most 123 bytes:
// it sends a Close frame, waits for the peer's, and closes the socket (RFC 6455
// section 7.1.2). Messages that arrive in the meantime go to the goroutine that
// reads; if there is none, Close reads and discards them. A peer that does not
// answer within [Options.CloseTimeout] is cut off.
//
// The error is nil if both Close frames passed, now or earlier. A code that may
// not be sent, such as 1006, is an error, and nothing happens. With code
// [frames.CloseNoStatus] the Close frame is empty.
//
// Under [Conn.Serve] Close does not wait, since it may have been called by the
// handler that Serve waits for: Serve finishes the handshake, and reports its
// outcome. (After go conn.Serve(...), Serve has begun once Handler.Open is
// called. A Close before that reads by itself, and discards.)
func (c *Conn) Close(code CloseCode, reason string) error {
	payload, err := frames.AppendClose(nil, code, reason)
	if err != nil {
		return err
	}
	if e := c.end(nil); e != nil {
		<-c.Done()
		return unclean(e)
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.closeWithin())
	defer cancel()
	if _, err := c.sendClose(ctx, code, payload); err != nil {
		return unclean(c.cut(err))
	}
	if c.serving.Load() {
		c.cutLater()
		return nil
	}
	return unclean(c.awaitClose(ctx))
}

// CloseNow closes the socket without a Close frame. The peer will see an
// abnormal closure (1006). Use it to give up, or in a defer behind a Close.
func (c *Conn) CloseNow() { c.cut(errClosedNow) }

// unclean is nil for an end that needs no mention.
func unclean(e *CloseError) error {
	if e.Clean {
		return nil
	}
	return e
}

// awaitClose waits for the end after our Close frame was sent. Either somebody
// reads and will meet the peer's Close frame, or the reading is done here.
func (c *Conn) awaitClose(ctx context.Context) *CloseError {
	err := c.readLock.lock(ctx, c.Done)
	if err != nil {
		return c.cut(errNoAnswer) // says so only if there was no end before
	}
	defer c.unlockRead()
	if e := c.end(nil); e != nil {
		return e
	}
	w := watch(ctx, c.in.nc, net.Conn.SetReadDeadline)
	for err == nil {
		if err = c.skipMessage(); err == nil {
			err = c.advance()
		}
	}
	w.stop()
	var e *CloseError
	if errors.As(err, &e) {
		return e
	}
	return c.cut(errNoAnswer)
}

// cutLater cuts the connection if it has not ended when the close timeout is
// over.
func (c *Conn) cutLater() {
	c.endLock.Lock()
	defer c.endLock.Unlock()
	if end := c.startEnding(); !c.over.Load() && end.closeTimer == nil {
		end.closeTimer = time.AfterFunc(c.closeWithin(), func() { c.cut(errNoAnswer) })
	}
}

// closed ends the connection because a Close frame came: it is answered with
// its own code, unless ours went first (RFC 6455 section 5.5.1).
func (c *Conn) closed(payload []byte) error {
	code, reason, err := frames.ParseClose(payload)
	if err != nil {
		return c.failProtocol(err)
	}
	// Whatever happens from here on, this is how the peer closed: a write that
	// fails because the peer is already gone must not hide it.
	c.endLock.Lock()
	c.startEnding().received = &CloseError{Code: code, Reason: reason}
	c.endLock.Unlock()
	c.pongDue.Store(false) // no Pong is due any more (section 5.5.2)
	ctx, cancel := context.WithTimeout(context.Background(), c.closeWithin())
	defer cancel()
	answered, err := c.sendClose(ctx, code, closePayload(code, ""))
	e := c.end(&CloseError{
		Code: code, Reason: reason, Sent: c.out.sentCode(),
		Remote: answered, Clean: err == nil, Err: err,
	})
	c.hangUp()
	return e
}

// fail ends the connection with a Close frame that says why. The caller is the
// reader, and reads no more.
func (c *Conn) fail(code CloseCode, err error) *CloseError {
	ctx, cancel := context.WithTimeout(context.Background(), c.closeWithin())
	defer cancel()
	c.pongDue.Store(false)
	_, sendErr := c.sendClose(ctx, code, closePayload(code, reasonOf(err)))
	e := c.end(&CloseError{Code: frames.CloseAbnormal, Sent: c.out.sentCode(), Err: err})
	if sendErr != nil {
		c.shut()
		return e
	}
	c.hangUp()
	return e
}

// abort is fail for those who do not read: it does not wait for the peer.
func (c *Conn) abort(code CloseCode, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), c.closeWithin())
	defer cancel()
	c.sendClose(ctx, code, closePayload(code, reasonOf(err)))
	c.cut(err)
}

// sendClose sends a Close frame unless one was sent before, and reports whether
// it did. The frame at hand leaves first; if that takes until ctx ends, the
// error is errCloseUnsent.
func (c *Conn) sendClose(ctx context.Context, code CloseCode, payload []byte) (bool, error) {
	c.closing.Store(true)
	if err := c.out.lock.lock(ctx, c.Done); err != nil {
		return false, errCloseUnsent
	}
	defer c.unlockFrame()
	if c.out.sentCode() != 0 {
		return false, nil
	}
	c.out.code.Store(uint32(code))
	c.out.hold = false
	if err := c.out.frame(ctx, &frames.Header{Fin: true, Opcode: frames.Close}, payload); err != nil {
		return true, errCloseUnsent
	}
	c.closeSent.Store(true)
	return true, nil
}

// reasonOf is what a peer is told about an error: the rule it broke.
func reasonOf(err error) string {
	var rule *frames.Error
	if errors.As(err, &rule) {
		return rule.Text
	}
	return ""
}

// closePayload is a Close frame's payload for a code that is known to be good.
// The reason is cut to fit.
func closePayload(code CloseCode, reason string) []byte {
	const most = frames.MaxControlPayload - 2
	if len(reason) > most {
		cut := most
		for !utf8.RuneStart(reason[cut]) {
			cut--
		}
		reason = reason[:cut]
	}
	payload, _ := frames.AppendClose(nil, code, reason)
	return payload
}

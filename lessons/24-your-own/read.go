package own

import (
	"io"
	"unicode/utf8"
)

// ReadMessage waits for the next message, and returns whether it is text, and all of it.
// It handles the control frames that come before or inside of it.
//
// An error is the end of the connection, and the client has been told why, if it was to be
// told.
func (c *Conn) ReadMessage() (text bool, message []byte, err error) {
	text, message, err = c.next()
	if err != nil {
		c.fail(err)
		return false, nil, err
	}
	return text, message, nil
}

// next is ReadMessage without the end.
//
// The errors are those of header, payload and control; errTooMany for a message of more than
// maxFragments frames; and errNotUTF8 for a text that is not UTF-8 as a whole. (Chapter 18
// notices it earlier.) The end of the stream inside of a message is io.ErrUnexpectedEOF, also
// between two of its frames.
func (c *Conn) next() (text bool, message []byte, err error) {
	// lesson:begin next
	for frames := 0; ; {
		h, err := c.header()
		if c.state.Open != Continuation {
			err = unexpected(err)
		}
		if err != nil {
			return false, nil, err
		}
		if h.Opcode.IsControl() {
			payload, err := c.payload(nil, h)
			if err == nil {
				err = c.control(h.Opcode, payload)
			}
			if err != nil {
				return false, nil, err
			}
			continue
		}
		if frames++; frames > maxFragments {
			return false, nil, errTooMany
		}
		if message, err = c.payload(message, h); err != nil {
			return false, nil, err
		}
		if h.Opcode != Continuation {
			text = h.Opcode == Text
		}
		c.state = c.state.After(h)
		if h.Fin {
			if text && !utf8.Valid(message) {
				return false, nil, errNotUTF8
			}
			return text, message, nil
		}
	}
	// lesson:end
}

// header waits for the next header, and takes it out of c.in. It returns an error, from
// parseHeader or from check, as soon as the header is there: the payload of a frame that
// breaks a rule is not waited for. It never waits for more bytes than the header has.
//
// The end of the stream is io.EOF in front of the header, and io.ErrUnexpectedEOF inside
// of it.
func (c *Conn) header() (Header, error) {
	// lesson:begin header
	for want := 2; ; want++ {
		b, err := c.in.Peek(want)
		if err != nil {
			if len(b) > 0 {
				err = unexpected(err)
			}
			return Header{}, err
		}
		h, n, err := parseHeader(b)
		if n == 0 && err == nil {
			continue
		}
		c.in.Discard(n)
		if err == nil {
			err = check(c.state, h)
		}
		return h, err
	}
	// lesson:end
}

// payload reads the payload behind the header h, takes the mask off, and returns message
// with it at its end. The error is errTooBig, before any room was made, or that of the
// socket, which is io.ErrUnexpectedEOF for its end.
func (c *Conn) payload(message []byte, h Header) ([]byte, error) {
	// lesson:begin payload
	start := len(message)
	message, err := makeRoom(message, h.Length)
	if err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(c.in, message[start:]); err != nil {
		return nil, unexpected(err)
	}
	unmask(h.MaskKey, message[start:])
	return message, nil
	// lesson:end
}

// control does what a control frame asks for. A Ping is answered with a Pong that carries
// the same payload, unless it may not be sent any more. A Close goes to c.closing and gets
// the answer that it gives; then the error is errClosed, also if the answer cannot be sent.
//
// A Close that breaks a rule is an error: errNotUTF8 if what stands behind the two bytes of
// its code is no text, and broken("7.4", err) for the err of c.closing.
func (c *Conn) control(op Opcode, payload []byte) error {
	// lesson:begin control
	c.mu.Lock()
	defer c.mu.Unlock()
	switch op {
	case Close:
		if len(payload) > 2 && !utf8.Valid(payload[2:]) {
			return errNotUTF8
		}
		answer, err := c.closing.Receive(payload)
		if err != nil {
			return broken("7.4", err)
		}
		if answer != nil {
			c.write(answer)
		}
		return errClosed
	case Ping:
		if c.maySend(Pong) {
			return c.write(appendFrame(nil, Pong, payload))
		}
	}
	return nil
	// lesson:end
}

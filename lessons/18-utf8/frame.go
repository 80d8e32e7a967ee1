package text

// Opcode says what a frame is.
type Opcode byte

const (
	Continuation Opcode = 0x0
	Text         Opcode = 0x1
	Binary       Opcode = 0x2
	Close        Opcode = 0x8
	Ping         Opcode = 0x9
	Pong         Opcode = 0xa
)

// IsControl reports whether a frame with this opcode is a control frame.
func (o Opcode) IsControl() bool { return o&0x8 != 0 }

// Frame is a frame, unmasked. State.Check of chapter 15 has let it pass.
type Frame struct {
	Fin     bool
	Opcode  Opcode
	Payload []byte
}

// Checker checks the text messages of a connection. Its zero value is a connection just opened.
type Checker struct {
	open Opcode // the type of the message that is not finished, or Continuation
	text UTF8   // what is known of its text
}

// Check takes the next frame. It checks the payload if it is text: that of a text frame, and of the
// continuations of one. The text of a message is all of its payloads together. An error is one of UTF8's, and
// means close code 1007.
func (c *Checker) Check(f Frame) error {
	// lesson:begin Check
	if f.Opcode.IsControl() {
		return nil
	}
	if f.Opcode != Continuation {
		c.open = f.Opcode
	}
	if c.open != Text {
		return nil
	}
	if err := c.text.Add(f.Payload); err != nil {
		return err
	}
	if f.Fin {
		return c.text.End()
	}
	return nil
	// lesson:end
}

package wire

import "example.com/ws101/frames"

// frameHeader gathers the header of a frame.
func (d *Decoder) frameHeader(from Side, p []byte) int {
	h := &d.halves[from]
	f := &h.frame
	before := f.rawLen
	f.rawLen += copy(f.raw[before:], p)
	// A broken length is still a length, so the error does not matter here.
	head, used, _ := frames.ParseHeader(f.header())
	if used == 0 {
		return f.rawLen - before // and never nothing: the longest header fits
	}
	f.head, f.rawLen, f.maskPos = head, used, 0
	d.keep(from, f.header())
	h.mode, h.left = modePayload, head.Length
	f.checking = f.checks(d.Emit != nil)
	if h.left == 0 {
		d.endFrame(from)
	}
	return used - before
}

// checks reports whether the text in the frame at hand is checked here. Where
// nobody looks, that is only so if a later frame depends on it.
func (f *frameHalf) checks(watched bool) bool {
	whole := f.head.Fin && f.head.Opcode != frames.Continuation
	if !f.state.IsText(f.head) || whole && !watched {
		return false
	}
	if f.head.Opcode != frames.Continuation {
		f.text, f.bad = frames.UTF8{}, nil
	}
	return f.bad == nil
}

// payload takes payload bytes as they pass.
func (d *Decoder) payload(from Side, p []byte) int {
	h := &d.halves[from]
	n := int(min(uint64(len(p)), h.left))
	d.keep(from, p[:n])
	h.left -= uint64(n)
	if h.frame.checking {
		h.frame.check(p[:n])
	}
	if h.left == 0 {
		d.endFrame(from)
	}
	return n
}

// check checks text, which it unmasks in pieces: p is the program's, and may
// not be changed.
func (f *frameHalf) check(p []byte) {
	var clear [512]byte
	for len(p) > 0 && f.bad == nil {
		n := copy(clear[:], p)
		if f.head.Masked {
			f.maskPos = frames.Mask(f.head.MaskKey, f.maskPos, clear[:n])
		}
		f.bad = f.text.Add(clear[:n])
		p = p[n:]
	}
}

// textError is what is wrong with the text in the frame at hand, if it is
// checked.
func (f *frameHalf) textError() error {
	if !f.checking {
		return nil
	}
	return f.bad
}

// endFrame shows the frame at hand and goes on to the next one.
func (d *Decoder) endFrame(from Side) {
	h := &d.halves[from]
	f := &h.frame
	r := Row{Kind: Frame, State: f.state}
	if f.checking && f.bad == nil && f.head.Fin {
		f.bad = f.text.End()
	}
	r.textError = f.textError()
	if d.Emit != nil && len(h.kept) == 0 { // somebody has just begun to look
		h.kept = clone(f.header())
	}
	text := f.state.IsText(f.head)
	f.state = f.state.After(f.head)
	if text && f.state.Open == frames.Text {
		f.state.Text = f.text
		if f.bad != nil {
			f.state.Text = frames.UTF8{}
		}
	}
	h.mode, f.rawLen = modeFrameHeader, 0
	d.finish(from, r)
}

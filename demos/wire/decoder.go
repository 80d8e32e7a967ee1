package wire

import "example.com/ws101/frames"

// Decoder takes the two byte streams of one connection apart. It is fed the
// bytes in whatever pieces they come, and survives any: where it cannot make
// sense of them it says so, and shows bytes.
//
// Its zero value is a connection on which nothing has been sent. It holds little
// more than what it keeps of the rows that have begun: a head, and the start of
// a body or frame.
type Decoder struct {
	// Emit is given the rows. While it is nil, the decoder only keeps in step,
	// at next to no cost. It may be changed between calls.
	Emit func(Row)
	// Keep is how many bytes of a row are kept at most; 0 means 16 KiB. The
	// header of a frame is kept in any case.
	Keep int

	halves   [2]half
	asked    []asked // requests whose response has not come yet
	requests uint64  // how many there have been
	first    string  // the path of the first one
}

// mode is what a half expects next.
type mode uint8

const (
	modeHead mode = iota
	modeCounted
	modeUntilEnd
	modeChunkSize
	modeChunkData
	modeTrailer
	modeFrameHeader
	modePayload
	modeAwait  // the answer to an Upgrade decides what follows
	modeOpaque // no sense can be made of the bytes
)

// half is one direction.
type half struct {
	mode  mode
	buf   []byte // a head or a line that is not complete, or what waits for an answer
	scan  headScan
	left  uint64 // bytes of the body, chunk or payload still to come
	ended bool
	path  string // of the request that is sent or answered here

	// The row at hand.
	kept  []byte // its first bytes
	size  uint64 // its bytes so far
	shown bool   // it was shown as begun
	skip  int    // see Row

	frame  frameHalf
	events events
}

// asked is what a response is read by.
type asked struct {
	head, connect bool // the method
	switches      bool // it asks to speak another protocol on the connection
	path          string
}

// maxAsked is how many requests may wait for their responses. Browsers do not
// send one before the answer to the last one is there.
const maxAsked = 64

// Feed takes the next bytes that from has sent.
func (d *Decoder) Feed(from Side, p []byte) {
	for len(p) > 0 {
		p = p[d.step(from, p):]
	}
}

// step takes some of p and returns how many bytes. It takes none only when it
// has come to another mode.
func (d *Decoder) step(from Side, p []byte) int {
	switch h := &d.halves[from]; h.mode {
	case modeHead:
		return d.head(from, p)
	case modeCounted:
		return d.counted(from, p)
	case modeUntilEnd:
		return d.untilEnd(from, p)
	case modeChunkSize:
		return d.chunkSize(from, p)
	case modeChunkData:
		return d.chunkData(from, p)
	case modeTrailer:
		return d.trailer(from, p)
	case modeFrameHeader:
		return d.frameHeader(from, p)
	case modePayload:
		return d.payload(from, p)
	case modeAwait:
		return d.await(from, p)
	default:
		d.piece(from, Bytes, p)
	}
	return len(p)
}

// betweenFrames reports whether the next byte from a side begins a frame.
func (d *Decoder) betweenFrames(from Side) bool {
	h := &d.halves[from]
	return h.mode == modeFrameHeader && h.frame.rawLen == 0
}

// End takes the end of what from sends: FIN, or Reset, which ends both. Only
// the first end of each direction counts.
func (d *Decoder) End(from Side, kind Kind, note string) {
	if d.halves[from].ended {
		return
	}
	d.end(from)
	if kind == Reset {
		d.end(from.other())
	}
	d.emit(Row{From: from, Kind: kind, Note: note})
}

// end shows what a direction has left behind.
func (d *Decoder) end(from Side) {
	h := &d.halves[from]
	if h.mode == modeAwait {
		d.loseHeld(from, "")
	}
	d.cut(from)
	*h = half{mode: modeOpaque, ended: true, path: h.path}
}

// unsent takes back the last n bytes that from was said to have sent.
func (d *Decoder) unsent(from Side, n int) {
	d.emit(Row{From: from, Kind: Unsent, Size: uint64(n)})
	d.lose(from, "the sender was interrupted")
}

// loseHeld gives up on a direction and shows as bytes what was gathered of it.
// It takes none of the bytes at hand, and returns 0 to say so.
func (d *Decoder) loseHeld(from Side, why string) int {
	held := d.halves[from].buf
	d.halves[from].buf = nil
	d.lose(from, why)
	d.Feed(from, held)
	return 0
}

// lose gives up on a direction. What is left of the row at hand is cut.
func (d *Decoder) lose(from Side, why string) {
	h := &d.halves[from]
	if h.mode == modeOpaque {
		return
	}
	var held []byte
	if h.mode == modeAwait {
		held = h.buf // which is no row yet, so that cut knows nothing of it
	}
	d.cut(from)
	*h = half{mode: modeOpaque, ended: h.ended, path: h.path}
	if why != "" {
		d.emit(Row{From: from, Kind: Bytes, Note: why + ", so what follows is shown as bytes"})
	}
	d.Feed(from, held)
}

// emit shows a row, if anybody looks. What the other side has begun comes
// first: it may be the reason for this row.
func (d *Decoder) emit(r Row) {
	if d.Emit == nil {
		return
	}
	if r.Kind != FIN { // which answers nothing
		d.showBegun(r.From.other())
	}
	d.show(r)
}

// show hands a row over, and the request it belongs to with it.
func (d *Decoder) show(r Row) {
	r.Path = d.halves[r.From].path
	d.Emit(r)
}

// showBegun shows the row that a direction is in the middle of, once.
func (d *Decoder) showBegun(from Side) {
	h := &d.halves[from]
	if d.Emit == nil || h.shown {
		return
	}
	if r, ok := d.atHand(from); ok {
		h.shown = true
		d.show(r)
	}
}

// cut shows what a direction is in the middle of, and whose rest will not come.
func (d *Decoder) cut(from Side) {
	if d.Emit == nil {
		return
	}
	if r, ok := d.atHand(from); ok {
		r.Part = Cut
		d.show(r)
	}
	d.endEvents(from)
}

// atHand returns the row that a direction is in the middle of, if it is.
func (d *Decoder) atHand(from Side) (Row, bool) {
	h := &d.halves[from]
	r := Row{From: from, Part: Begun, Skip: h.skip}
	begun := h.buf // of what is gathered before it is looked at
	switch h.mode {
	case modeHead:
		r.Kind = headKind(from)
	case modeChunkSize:
		r.Kind = Chunk
	case modeTrailer:
		r.Kind = LastChunk
	case modeFrameHeader:
		r.Kind, r.State = Frame, h.frame.state
		begun = h.frame.header()
	case modeCounted, modeChunkData, modePayload:
		r.Size, r.Bytes = h.size, clone(h.kept)
		switch h.mode {
		case modeCounted:
			r.Kind, r.Content = Body, h.size+h.left
		case modeChunkData:
			r.Kind, r.Content = Chunk, h.chunkLen()
		default:
			r.Kind, r.State, r.textError = Frame, h.frame.state, h.frame.textError()
			if len(r.Bytes) == 0 {
				r.Bytes = clone(h.frame.header())
			}
		}
		return r, r.Size > 0
	default:
		return Row{}, false
	}
	r.Size, r.Bytes = uint64(len(begun)), clone(begun)
	return r, r.Size > 0
}

// keep adds p to the row at hand.
func (d *Decoder) keep(from Side, p []byte) {
	h := &d.halves[from]
	// Only a beginning without gaps is worth keeping.
	if d.Emit != nil && uint64(len(h.kept)) == h.size {
		h.kept = appendUpTo(d.limit(), h.kept, p)
	}
	h.size += uint64(len(p))
}

// finish shows the row at hand, which is complete, and begins the next one.
func (d *Decoder) finish(from Side, r Row) {
	h := &d.halves[from]
	r.From, r.Size, r.Bytes, r.Skip = from, h.size, h.kept, h.skip
	if h.shown {
		r.Part = Ended
	}
	// What is shown while emit shows this row has to be of the next one.
	h.kept, h.size, h.skip, h.shown = nil, 0, 0, false
	h.buf = nil
	d.emit(r)
}

// piece shows bytes that no row could hold together.
func (d *Decoder) piece(from Side, kind Kind, p []byte) {
	if d.Emit == nil {
		return
	}
	d.emit(Row{From: from, Kind: kind, Size: uint64(len(p)), Content: uint64(len(p)), Bytes: appendUpTo(d.limit(), nil, p)})
}

// limit is how many bytes of a row are kept.
func (d *Decoder) limit() int { return max(positiveOr(d.Keep, defaultKeep), frames.MaxHeaderLen) }

// appendUpTo appends what fits of p, so that dst is not longer than limit.
func appendUpTo(limit int, dst, p []byte) []byte {
	return append(dst, p[:max(0, min(len(p), limit-len(dst)))]...)
}

func clone(p []byte) []byte { return append([]byte(nil), p...) }

// frameHalf is what a direction knows of its frames.
type frameHalf struct {
	state    frames.State
	head     frames.Header
	raw      [frames.MaxHeaderLen]byte // the header as it comes
	rawLen   int
	maskPos  int
	checking bool        // the text in this frame is checked
	text     frames.UTF8 // how far the text of the message is checked
	bad      error       // what is wrong with it
}

func (f *frameHalf) header() []byte { return f.raw[:f.rawLen] }

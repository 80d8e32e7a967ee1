package stream

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"example.com/ws101/frames"
	"example.com/ws101/lessons/internal/lesson"
)

var (
	taskFill = lesson.Task{Chapter: 13, Name: "fill"}
	taskNext = lesson.Task{Chapter: 13, Name: "Next", Section: "RFC 6455 section 5.2"}
)

// source gives its pieces one by one, one for each Read, as a network does.
type source struct {
	pieces  [][]byte
	end     error // comes when all pieces are gone
	withEnd bool  // comes together with the last piece already

	task  lesson.Task
	t     *testing.T
	f     *Reader
	reads int // how often Read was called
	late  int // and how often when nothing was left
	given int // how many bytes it has brought
}

func (s *source) Read(p []byte) (n int, err error) {
	s.reads++
	if len(p) == 0 {
		s.task.Fail(s.t, "src.Read of an empty slice", "got  no room for even one byte\nwant some",
			lesson.If(s.f.r == 0 && s.f.w == len(s.f.buf), "the buffer is full of a frame that is longer than it; copy into the payload what is there, and fill again"),
			lesson.If(true, "the buffer was full though some of it was used; move what was not used to its start first"))
	}
	if s.task.Name == "fill" && s.reads > 1 {
		s.task.Fail(s.t, "src.Read, in one call of fill", "got  2 calls\nwant 1",
			lesson.If(true, "fill read more than once; the second Read may wait for bytes that the other side never sends"))
	}
	if len(s.pieces) == 0 {
		if s.late++; s.late > 100 {
			s.task.Fail(s.t, "src.Read, again and again", fmt.Sprintf("got  100 calls after the error %q\nwant none", s.end),
				lesson.If(!fillWorks(s.t), fillFirst),
				lesson.If(true, "the end of the stream was ignored, and the loop asks for more without end; one core of the server is busy with that"))
		}
		return 0, s.end
	}
	n = copy(p, s.pieces[0])
	s.given += n
	if s.pieces[0] = s.pieces[0][n:]; len(s.pieces[0]) == 0 {
		s.pieces = s.pieces[1:]
	}
	if len(s.pieces) == 0 && s.withEnd {
		err = s.end
	}
	return n, err
}

const fillFirst = "fill is not right yet; make TestFill pass first"

// errReset is what a connection says that was cut.
var errReset = errors.New("connection reset by peer")

// fills are states of a Reader with a buffer of 16 bytes, and what one call of fill
// does to them.
var fills = []struct {
	name    string
	r, w    int // buf[i] is i, and buf[r:w] was not used
	pieces  [][]byte
	end     error
	withEnd bool
	want    string // what is not used afterwards
	err     error
}{
	{name: "an empty buffer", pieces: [][]byte{{0xaa, 0xbb}}, want: "aa bb"},
	{name: "bytes that were not used", r: 0, w: 3, pieces: [][]byte{{0xaa, 0xbb}}, want: "00 01 02 aa bb"},
	{name: "bytes that were not used, behind others that were", r: 5, w: 8, pieces: [][]byte{{0xaa}}, want: "05 06 07 aa"},
	{name: "a full buffer, used up to its last bytes", r: 13, w: 16, pieces: [][]byte{{0xaa, 0xbb}}, want: "0d 0e 0f aa bb"},
	{name: "two pieces on their way", r: 5, w: 8, pieces: [][]byte{{0xaa}, {0xbb}}, want: "05 06 07 aa"},
	{name: "a Read that brings nothing", r: 5, w: 8, pieces: [][]byte{{}, {0xbb}}, want: "05 06 07"},
	{name: "a Read that brings bytes and io.EOF", r: 5, w: 8, pieces: [][]byte{{0xaa}}, end: io.EOF, withEnd: true, want: "05 06 07 aa"},
	{name: "the end of the stream", r: 5, w: 8, end: io.EOF, want: "05 06 07", err: io.EOF},
	{name: "a connection that was cut", r: 5, w: 8, end: errReset, want: "05 06 07", err: errReset},
}

// filled is what fill comes to.
type filled struct {
	Unused []byte
	Err    error
}

// fillOnce calls fill for fills[i].
func fillOnce(t *testing.T, i int) (got, want filled, f *Reader, src *source) {
	c := fills[i]
	src = &source{pieces: slices.Clone(c.pieces), end: c.end, withEnd: c.withEnd, task: taskFill, t: t}
	f = &Reader{src: src, buf: make([]byte, 16), r: c.r, w: c.w}
	src.f = f
	for i := range f.buf {
		f.buf[i] = byte(i)
	}
	defer taskFill.CatchIn(t, "fill, with "+c.name, lesson.If(true, "the indexes do not fit the buffer any more"))
	err := f.fill()
	return filled{bytes.Clone(f.buf[f.r:f.w]), err}, filled{lesson.Hex(c.want), c.err}, f, src
}

// fillWorks reports whether fill does what it should.
func fillWorks(t *testing.T) bool {
	for i := range fills {
		got, want, f, src := fillOnce(t, i)
		if !bytes.Equal(got.Unused, want.Unused) || got.Err != want.Err || len(f.buf) != 16 || src.reads != 1 {
			return false
		}
	}
	return true
}

func TestFill(t *testing.T) {
	defer taskFill.Catch(t)
	for i, c := range fills {
		got, want, f, src := fillOnce(t, i)
		left := make([]byte, c.w-c.r)
		for i := range left {
			left[i] = byte(c.r + i)
		}
		call := fmt.Sprintf("fill, with %s: unused %s; Read brings %s", c.name, orNone(lesson.Spaced(left)), brings(c.pieces, c.end, c.withEnd))
		size := struct{ BufferSize, Reads int }{len(f.buf), src.reads}
		taskFill.Equal(t, call, size, struct{ BufferSize, Reads int }{16, 1},
			lesson.If(len(f.buf) > 16, "the buffer grew; the bytes that were used have to leave it, or it grows as long as the connection lasts"),
			lesson.If(src.reads == 0, "fill did not read"))
		fresh := want.Unused[min(len(left), len(want.Unused)):]
		taskFill.Equal(t, call, got, want,
			lesson.If(got.Err == io.EOF && want.Err == nil && !c.withEnd, "a Read of no bytes without an error was taken for the end; it only means that nothing has come yet"),
			lesson.If(got.Err == io.EOF && want.Err == nil && bytes.Equal(got.Unused, left), "the bytes that came together with io.EOF were dropped; they are the last of the stream"),
			lesson.If(got.Err == io.EOF && want.Err == nil, "bytes came, and the error too; keep quiet about it, the next Read says it again"),
			lesson.If(got.Err == nil && want.Err != nil, "the source returned an error, and fill did not"),
			lesson.If(len(left) > 0 && bytes.Equal(got.Unused, fresh), "what was left of the last Read was overwritten; the next frame begins in it"),
			lesson.If(len(fresh) > 0 && bytes.Equal(got.Unused, left), "the bytes that came were not added; w has to move on by n"),
			lesson.If(len(got.Unused) > len(want.Unused), "bytes that were used already came back; w is where the moved bytes end"))
	}
}

func brings(pieces [][]byte, end error, withEnd bool) string {
	switch {
	case len(pieces) == 0:
		return fmt.Sprintf("the error %q", end)
	case len(pieces[0]) == 0:
		return "nothing"
	case withEnd:
		return fmt.Sprintf("%s and the error %q", lesson.Spaced(pieces[0]), end)
	}
	return lesson.Spaced(pieces[0])
}

func orNone(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// frame is what Next has to return for some bytes.
type frame struct {
	wire    string
	header  Header
	payload string
}

var helloKey = [4]byte{0x37, 0xfa, 0x21, 0x3d}

var (
	hello = frame{"81 85 37 fa 21 3d 7f 9f 4d 51 58", Header{Fin: true, Opcode: Text, Masked: true, MaskKey: helloKey, Length: 5}, "Hello"}
	ping  = frame{"89 80 00 00 00 01", Header{Fin: true, Opcode: Ping, Masked: true, MaskKey: [4]byte{3: 1}}, ""}
	world = frame{"82 86 01 02 03 04 56 6d 71 68 65 23", Header{Fin: true, Opcode: Binary, Masked: true, MaskKey: [4]byte{1, 2, 3, 4}, Length: 6}, "World!"}
	three = []frame{hello, ping, world}
)

// long is a masked frame with 300 bytes of payload, many times the test's buffer.
func long() frame {
	payload := []byte(strings.Repeat("0123456789", 30))
	masked := slices.Clone(payload)
	for i := range masked {
		masked[i] ^= helloKey[i%4]
	}
	wire := "82 fe 01 2c 37 fa 21 3d " + lesson.Spaced(masked)
	return frame{wire, Header{Fin: true, Opcode: Binary, Masked: true, MaskKey: helloKey, Length: 300}, string(payload)}
}

// wireOf returns the bytes of some frames.
func wireOf(list []frame) (b []byte) {
	for _, f := range list {
		b = append(b, lesson.Hex(f.wire)...)
	}
	return b
}

// cut cuts bytes into pieces of n.
func cut(b []byte, n int) [][]byte { return slices.Collect(slices.Chunk(b, n)) }

// stream is a Reader on a source, with a buffer of 16 bytes.
type stream struct {
	t    *testing.T
	f    *Reader
	src  *source
	used int // the bytes of the frames so far
	call string
}

func open(t *testing.T, pieces [][]byte, end error) *stream {
	src := &source{pieces: slices.Clone(pieces), end: end, task: taskNext, t: t}
	var shown []string
	for i, p := range pieces {
		if i == 12 || len(p) > 32 {
			shown = append(shown, "...")
			break
		}
		shown = append(shown, lesson.Spaced(p))
	}
	b := slices.Concat(pieces...)
	lesson.Trace(t, "in", frames.State{FromClient: len(b) < 2 || b[1]&0x80 != 0}, b)
	src.f = &Reader{src: src, buf: make([]byte, 16)}
	return &stream{t, src.f, src, 0, "Next, of the pieces " + strings.Join(shown, " | ")}
}

// next calls Next.
func (s *stream) next(i int) (h Header, payload []byte, err error) {
	defer taskNext.CatchIn(s.t, s.name(i), lesson.If(true, "r and w do not fit the buffer, or a piece is cut out beyond what has arrived"))
	return s.f.Next()
}

func (s *stream) name(i int) string { return fmt.Sprintf("%s: frame %d", s.call, i+1) }

// header is what is compared before the payload.
type header struct {
	Header
	Err error
}

// want calls Next and compares the frame.
func (s *stream) want(i int, want frame) []byte {
	left := s.src.given - s.used // what came behind the frames so far
	kept := s.f.w - s.f.r
	h, payload, err := s.next(i)
	s.used += len(lesson.Hex(want.wire))
	call := s.name(i)
	ended := err == io.EOF || err == io.ErrUnexpectedEOF
	got, right := header{h, err}, header{want.header, nil}
	if got != right {
		taskNext.Equal(s.t, call, got, right,
			lesson.If(!fillWorks(s.t), fillFirst),
			lesson.If(kept < left, "what came behind a frame in the same Read was thrown away; the next frame begins there"),
			lesson.If(ended && kept > 0, "fill was called before the buffer was looked at; what the last Read brought may be a whole frame, and no other may follow"),
			lesson.If(ended, "a whole frame came, and the end of the stream was found before it"),
			lesson.If(err == nil && h == Header{}, "half a header was taken for a whole one; as long as ParseHeader returns n == 0, read more"),
			lesson.If(kept > left, "the header was not looked for where the last frame ends; move r on by all that was used"))
	}
	if string(payload) == want.payload {
		return payload
	}
	n := 0
	for n < min(len(payload), len(want.payload)) && payload[n] == want.payload[n] {
		n++
	}
	keyed := make([]byte, len(payload))
	for i, c := range payload {
		keyed[i] = c ^ want.header.MaskKey[i%4]
	}
	short := len(payload) == len(want.payload) && (zeros(payload[n:]) || zeros(keyed[n:])) || len(payload) < len(want.payload) && n == len(payload)
	taskNext.Bytes(s.t, call, payload, []byte(want.payload),
		lesson.If(!fillWorks(s.t), fillFirst),
		lesson.If(short, "a short Read was taken for the whole payload; what has not arrived yet is missing or zero"),
		lesson.If(want.header.Masked && string(keyed) == want.payload, "the payload is still masked"),
		lesson.If(want.header.Masked && n > 0, "the mask began anew with a piece of the payload; it goes on where the last piece ended"))
	return payload
}

func zeros(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

// ends calls Next once more, where only an error may come.
func (s *stream) ends(i int, want error, looks ...lesson.Diagnosis) {
	h, _, err := s.next(i)
	if err == want && err != nil {
		return
	}
	call := s.name(i)
	taskNext.Equal(s.t, call, struct{ Err error }{err}, struct{ Err error }{want}, append([]lesson.Diagnosis{
		lesson.If(!fillWorks(s.t), fillFirst),
		lesson.If(err == nil, "the stream ended, and Next returned a frame of "+h.Opcode.String()+" all the same"),
	}, looks...)...)
}

func TestNextOneFrame(t *testing.T) {
	defer taskNext.Catch(t)
	for _, f := range three {
		open(t, [][]byte{lesson.Hex(f.wire)}, io.EOF).want(0, f)
	}
}

func TestNextElevenPieces(t *testing.T) {
	defer taskNext.Catch(t)
	open(t, cut(lesson.Hex(hello.wire), 1), io.EOF).want(0, hello)
}

func TestNextThreeFramesInOnePiece(t *testing.T) {
	defer taskNext.Catch(t)
	s := open(t, [][]byte{wireOf(three)}, io.EOF)
	for i, f := range three {
		s.want(i, f)
	}
}

func TestNextLongPayload(t *testing.T) {
	defer taskNext.Catch(t)
	for _, n := range []int{1, 7, 400} {
		list := []frame{hello, long(), world}
		s := open(t, cut(wireOf(list), n), io.EOF)
		for i, f := range list {
			s.want(i, f)
		}
	}
}

// TestNextAnyCut cuts the same three frames at every byte, and into pieces of every
// size. Some pieces are empty: such a Read means nothing.
func TestNextAnyCut(t *testing.T) {
	defer taskNext.Catch(t)
	b := wireOf(three)
	var ways [][][]byte
	for i := range len(b) {
		ways = append(ways, [][]byte{b[:i], b[i:]}, cut(b, i+1))
	}
	for _, pieces := range ways {
		s := open(t, pieces, io.EOF)
		for i, f := range three {
			s.want(i, f)
		}
	}
}

// TestNextEnd ends the stream at every byte.
func TestNextEnd(t *testing.T) {
	defer taskNext.Catch(t)
	b := wireOf(three)
	for n := range len(b) + 1 {
		s := open(t, cut(b[:n], 1), io.EOF)
		whole, used := 0, 0
		for whole < len(three) && used+len(lesson.Hex(three[whole].wire)) <= n {
			s.want(whole, three[whole])
			used += len(lesson.Hex(three[whole].wire))
			whole++
		}
		want := io.ErrUnexpectedEOF
		if used == n {
			want = io.EOF
		}
		s.ends(whole, want,
			lesson.If(want == io.EOF, "the stream ended between two frames, which is a clean end: io.EOF"),
			lesson.If(true, "the stream ended inside a frame, and the error is that of a clean end; nobody would notice that something is missing"))
	}
}

func TestNextOtherErrors(t *testing.T) {
	defer taskNext.Catch(t)
	b := wireOf(three)
	for n := range len(hello.wire)/3 + 1 {
		s := open(t, cut(b[:n], 1), errReset)
		s.ends(0, errReset, lesson.If(true, "the connection was cut, and its error was replaced; it says why"))
	}
}

func TestNextLastBytesWithEOF(t *testing.T) {
	defer taskNext.Catch(t)
	s := open(t, [][]byte{lesson.Hex(hello.wire)[:4], lesson.Hex(hello.wire)[4:]}, io.EOF)
	s.src.withEnd = true
	s.want(0, hello)
	s.ends(1, io.EOF)
}

func TestNextKeepsPayloads(t *testing.T) {
	defer taskNext.Catch(t)
	other := frame{"81 05 77 6f 72 6c 64", Header{Fin: true, Opcode: Text, Length: 5}, "world"}
	first := frame{"81 05 48 65 6c 6c 6f", Header{Fin: true, Opcode: Text, Length: 5}, "Hello"}
	s := open(t, [][]byte{lesson.Hex(first.wire), lesson.Hex(other.wire)}, io.EOF)
	kept := s.want(0, first)
	s.want(1, other)
	taskNext.Bytes(t, s.call+": the payload of frame 1, after frame 2", kept, []byte(first.payload),
		lesson.If(true, "the payload lies in the buffer of the reader, and the next frame has overwritten it; it needs memory of its own"))
}

func TestNextTooLong(t *testing.T) {
	defer taskNext.Catch(t)
	s := open(t, [][]byte{lesson.Hex("82 7f 7f ff ff ff ff ff ff ff")}, io.EOF)
	const believed = "a length beyond the limit was believed; newPayload looks at it"
	func() {
		defer taskNext.CatchIn(t, s.name(0), lesson.If(true, believed))
		_, _, err := s.f.Next()
		taskNext.Equal(t, s.name(0), struct{ Err error }{err}, struct{ Err error }{errTooLong}, lesson.If(true, believed))
	}()
}

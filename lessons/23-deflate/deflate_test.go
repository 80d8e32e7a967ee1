package deflate

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"math/bits"
	"runtime"
	"strings"
	"testing"

	"example.com/ws101/frames"
	"example.com/ws101/lessons/internal/lesson"
)

var (
	taskCompress   = lesson.Task{Chapter: 23, Name: "Compress", Section: "RFC 7692 section 7.2.1"}
	taskDecompress = lesson.Task{Chapter: 23, Name: "Decompress", Section: "RFC 7692 section 7.2.2"}
	taskMessage    = lesson.Task{Chapter: 23, Name: "AppendMessage", Section: "RFC 7692 section 6.1"}
	taskRSV1       = lesson.Task{Chapter: 23, Name: "CheckRSV1", Section: "RFC 7692 section 6.2"}
)

// inflate decompresses what ends with a tail, as far as it goes.
func inflate(b []byte, dict string) (string, error) {
	out, err := io.ReadAll(flate.NewReaderDict(bytes.NewReader(b), []byte(dict)))
	return string(out), err
}

// chat are messages that resemble each other, as they do in a program.
var chat = []string{
	`{"from":"ada","room":"lobby","text":"Hello"}`,
	`{"from":"bob","room":"lobby","text":"Hello"}`,
	`{"from":"ada","room":"lobby","text":"How are you?"}`,
	``,
	`{"from":"ada","room":"lobby","text":"How are you?"}`,
}

func TestCompress(t *testing.T) {
	defer taskCompress.Catch(t)
	lesson.InOrder(t)
	c := NewCompressor(false)
	for i, message := range append([]string{"Hello", "Hello"}, chat...) {
		call := fmt.Sprintf("Compress(%q), without takeover", message)
		if i == 1 {
			call = `Compress("Hello"), again, without takeover`
		}
		checkCompressed(t, call, c.Compress([]byte(message)), message, "")
	}
}

// checkCompressed checks that a payload is a message, if what was before is past.
func checkCompressed(t *testing.T, call string, payload []byte, message, past string) {
	whole := append(bytes.Clone(payload), tail...)
	got, err := inflate(whole, past)
	bare, _ := inflate(whole, "")
	if len(payload) > 0 && err == io.ErrUnexpectedEOF && got == message && !bytes.HasSuffix(payload, []byte(tail)) {
		return
	}
	if len(payload) > 0 && err == nil && got == message && past == "" {
		return // the last block is marked so, which is allowed
	}
	taskCompress.Fail(t, call, fmt.Sprintf("got  %s, which is %q\nwant the compressed %q", shown(payload), got, message),
		lesson.If(bytes.HasSuffix(payload, []byte(tail)), "the tail 00 00 ff ff is still there; the receiver puts it back, and then it is there twice"),
		lesson.If(len(payload) == 0 && past != "", "nothing came out behind the first message; Flush ends a message, and Close ends everything"),
		lesson.If(len(payload) == 0, "the compressor holds the message back; without a Flush it waits for more"),
		lesson.If(past == "" && len(got) > len(message) && strings.HasSuffix(got, message), "the message before was sent again; what is in c.out has to leave it"),
		lesson.If(past == "" && got != message, "the message refers to one before it, and no takeover was agreed on; the receiver has forgotten that"),
		lesson.If(bare == message, "takeover was agreed on, and the message could be read by somebody who has seen none before; nothing is saved"))
}

// shown is a payload, shortened.
func shown(b []byte) string {
	switch {
	case len(b) == 0:
		return "no bytes"
	case len(b) > 16:
		return fmt.Sprintf("%s … (%d bytes)", lesson.Spaced(b[:16]), len(b))
	}
	return lesson.Spaced(b)
}

func TestCompressTakeover(t *testing.T) {
	defer taskCompress.Catch(t)
	lesson.InOrder(t)
	c := NewCompressor(true)
	past := ""
	for _, message := range chat {
		call := fmt.Sprintf("Compress(%q), with takeover", message)
		payload := c.Compress([]byte(message))
		checkCompressed(t, call, payload, message, past)
		if alone := NewCompressor(false).Compress([]byte(message)); past != "" && message != "" && len(payload) >= len(alone) {
			taskCompress.Fail(t, call, fmt.Sprintf("got  %d bytes\nwant fewer than the %d that it has alone", len(payload), len(alone)),
				lesson.If(true, "takeover was agreed on, and the message could be read by somebody who has seen none before; nothing is saved"))
		}
		past += message
	}
}

func TestCompressKeepsPayloads(t *testing.T) {
	defer taskCompress.Catch(t)
	lesson.InOrder(t)
	c := NewCompressor(false)
	first := c.Compress([]byte("Hello"))
	kept := bytes.Clone(first)
	c.Compress([]byte("Other"))
	taskCompress.Bytes(t, `Compress("Hello"), after Compress("Other")`, first, kept,
		lesson.If(true, "the payload lies in the buffer of the compressor, and the next message has overwritten it"))
}

// vectors are payloads, most of them of RFC 7692 section 7.2.3, and what they come to.
var vectors = []struct {
	name, payload, message string
	err                    error
}{
	{"one block", "f2 48 cd c9 c9 07 00", "Hello", nil},
	{"a block that is not compressed", "00 05 00 fa ff 48 65 6c 6c 6f 00", "Hello", nil},
	{"two blocks", "f2 48 05 00 00 00 ff ff ca c9 c9 07 00", "Hello", nil},
	{"a block that is marked as the last one", "f3 48 cd c9 c9 07 00 00", "Hello", nil},
	{"an empty message", "00", "", nil},
	{"no DEFLATE", "ff ff ff", "", errBroken},
	{"a payload that is cut off", "f2 48 cd", "", errBroken},
	{"a block of 100 bytes that ends after one", "00 64 00 9b ff 48", "", errBroken},
}

func TestDecompress(t *testing.T) {
	defer taskDecompress.Catch(t)
	lesson.InOrder(t)
	type result struct {
		Message string
		Err     error
	}
	for _, v := range vectors {
		got, err := NewDecompressor(false, 100).Decompress(lesson.Hex(v.payload))
		taskDecompress.Equal(t, "Decompress("+v.payload+"), "+v.name, result{string(got), err}, result{v.message, v.err},
			lesson.If(v.err != nil && len(got) > 0, "a block has promised more than has come, and what has come was taken for the message"),
			lesson.If(v.err != nil && err == nil, "the payload cannot be decompressed, and there is no error"),
			lesson.If(v.err != nil, "the error is that of flate; make it errBroken, so that the connection gets the right close code"),
			lesson.If(err != nil, "the stream is not at its end; put back the four bytes of the tail, and then a last block"))
	}
}

// TestDecompressTakeover sends the same message twice. The second payload refers to the
// first message.
func TestDecompressTakeover(t *testing.T) {
	defer taskDecompress.Catch(t)
	lesson.InOrder(t)
	type result struct {
		Message string
		Err     error
	}
	for _, takeover := range []bool{true, false} {
		d := NewDecompressor(takeover, 100)
		call := fmt.Sprintf("Decompress(f2 48 cd c9 c9 07 00), then (f2 00 11 00 00), takeover %v", takeover)
		d.Decompress(lesson.Hex("f2 48 cd c9 c9 07 00"))
		got, err := d.Decompress(lesson.Hex("f2 00 11 00 00"))
		want := result{"Hello", nil}
		if !takeover {
			want = result{"", errBroken}
		}
		taskDecompress.Equal(t, call, result{string(got), err}, want,
			lesson.If(takeover, "the second message refers to the first; keep what has come out, and give it to flate as a dictionary"),
			lesson.If(true, "no takeover was agreed on, and the message before was kept all the same; so a payload that refers to it is accepted, and each connection costs 32 KiB more"))
	}
}

// TestDecompressWindow sends many messages, as our own Compressor makes them, or as a
// compressor does that refers back as far as it may.
func TestDecompressWindow(t *testing.T) {
	defer taskDecompress.Catch(t)
	lesson.InOrder(t)
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	d := NewDecompressor(true, 1<<20)
	for i := range 40 {
		message := strings.Repeat(fmt.Sprintf("%d, ", i*i), 400) + strings.Repeat(chat[i%3], 2)
		out.Reset()
		w.Write([]byte(message))
		w.Flush()
		call := fmt.Sprintf("Decompress, of message %d of 40 that refer to each other", i+1)
		got, err := d.Decompress(bytes.TrimSuffix(out.Bytes(), []byte(tail)))
		if string(got) != message || err != nil {
			taskDecompress.Fail(t, call, fmt.Sprintf("got  %d bytes, error %v\nwant %d bytes", len(got), err, len(message)),
				lesson.If(true, "a message refers to one further back than the last; the window goes over all of them"))
		}
		if len(d.window) > windowSize {
			taskDecompress.Fail(t, call, fmt.Sprintf("got  a window of %d bytes\nwant %d at most", len(d.window), windowSize),
				lesson.If(true, "the window grows with every message; nothing refers back further than 32 KiB"))
		}
	}
}

func TestDecompressLimit(t *testing.T) {
	defer taskDecompress.Catch(t)
	lesson.InOrder(t)
	for _, n := range []int{999, 1000, 1001} {
		payload := compressed(bytes.Repeat([]byte("x"), n))
		call := fmt.Sprintf("Decompress, of %d bytes that come to %d, with a limit of 1000", len(payload), n)
		got, err := NewDecompressor(false, 1000).Decompress(payload)
		want := error(nil)
		if n > 1000 {
			want, n = errTooBig, 0
		}
		taskDecompress.Equal(t, call, struct {
			Bytes int
			Err   error
		}{len(got), err}, struct {
			Bytes int
			Err   error
		}{n, want},
			lesson.If(want != nil && err == nil && len(got) == 1000, "a message that is too long was cut off; whoever gets it does not know that something is missing"),
			lesson.If(want != nil && err == nil, "the limit is for what comes out, and not for what is on the wire"),
			lesson.If(want == nil && err != nil, "a message of just the limit is allowed"))
	}
}

// compressed is a payload, as the compressor of flate makes it.
func compressed(message []byte) []byte {
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		panic(err)
	}
	w.Write(message)
	w.Flush()
	return bytes.TrimSuffix(out.Bytes(), []byte(tail))
}

// TestDecompressBomb measures how much memory is asked for while a message is refused.
func TestDecompressBomb(t *testing.T) {
	defer taskDecompress.Catch(t)
	lesson.InOrder(t)
	const size = 64 << 20
	part := append(compressed(make([]byte, 1<<20)), tail...) // blocks that do not refer back
	payload := bytes.TrimSuffix(bytes.Repeat(part, 64), []byte(tail))
	d := NewDecompressor(false, 1<<20)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := d.Decompress(payload)
	runtime.ReadMemStats(&after)
	call := fmt.Sprintf("Decompress, of %d bytes that come to %d, with a limit of 1 MiB", len(payload), size)
	taskDecompress.Equal(t, call, struct{ Err error }{err}, struct{ Err error }{errTooBig})
	asked := after.TotalAlloc - before.TotalAlloc
	least := 1 << max(0, bits.Len64(asked>>20)-1) // a power of two, so that the figure is the same everywhere
	t.Logf("%d bytes on the wire come to %d; to refuse them took between %d and %d MiB of memory", len(payload), size, least, 2*least)
	if asked > 16<<20 {
		taskDecompress.Fail(t, call, fmt.Sprintf("got  more than %d MiB of memory asked for\nwant no more than a few times the limit", least),
			lesson.If(true, "all of it was decompressed before the limit was looked at; count while it comes out"))
	}
}

func TestAppendMessage(t *testing.T) {
	defer taskMessage.Catch(t)
	lesson.InOrder(t)
	hello := "f2 48 cd c9 c9 07 00"
	for _, c := range []struct {
		name, payload string
		compressed    bool
		size          int
		want          string
	}{
		{"compressed, in one frame", hello, true, 100, "c1 07 f2 48 cd c9 c9 07 00"},
		{"not compressed, in one frame", "48 65 6c 6c 6f", false, 100, "81 05 48 65 6c 6c 6f"},
		{"compressed, in frames of 3", hello, true, 3, "41 03 f2 48 cd 00 03 c9 c9 07 80 01 00"},
		{"not compressed, in frames of 3", "48 65 6c 6c 6f", false, 3, "01 03 48 65 6c 80 02 6c 6f"},
		{"compressed, and empty", "00", true, 3, "c1 01 00"},
	} {
		call := "AppendMessage, " + c.name
		got := AppendMessage(nil, Text, lesson.Hex(c.payload), c.compressed, c.size)
		want := lesson.Hex(c.want)
		taskMessage.Frame(t, call, frames.State{Deflate: true}, got, want,
			lesson.If(c.compressed && got[0]&0x40 == 0, "RSV1 is 0 in the first frame of a compressed message; the receiver takes the bytes for text"),
			lesson.If(!c.compressed && got[0]&0x40 != 0, "RSV1 is 1, and the message is not compressed"),
			lesson.If(rsv1Later(got), "RSV1 is 1 in a later frame of a message; it is about the whole message, and stands in the first frame alone"),
			lesson.If(len(got) > 5 && c.size == 3 && Opcode(got[5]&0xf) == Text, "a later frame has the opcode of the first; it is a continuation"),
			lesson.If(c.size == 3 && len(got) > 0 && len(c.payload) > 9 && got[0]&0x80 != 0, "FIN is 1 in a frame that is not the last one"))
	}
}

// rsv1Later reports whether a frame that is not the first has RSV1.
func rsv1Later(b []byte) bool {
	for first := true; ; first = false {
		h, n, err := frames.ParseHeader(b)
		if n == 0 || err != nil || h.Length > uint64(len(b)-n) {
			return false
		}
		if h.Rsv1 && !first {
			return true
		}
		b = b[n:][h.Length:]
	}
}

func TestCheckRSV1(t *testing.T) {
	defer taskRSV1.Catch(t)
	lesson.InOrder(t)
	for _, c := range []struct {
		rsv1   bool
		op     Opcode
		agreed bool
		want   error
		looks  string
	}{
		{false, Text, false, nil, "a frame without RSV1 was refused"},
		{false, Text, true, nil, "a message that is not compressed was refused; compression is a choice, for each message"},
		{false, Continuation, true, nil, "a frame without RSV1 was refused"},
		{false, Ping, true, nil, "a frame without RSV1 was refused"},
		{true, Text, true, nil, "a compressed message was refused"},
		{true, Binary, true, nil, "a compressed message was refused"},
		{true, Text, false, errNotAgreed, "RSV1 was let through, and nobody has agreed on what it means"},
		{true, Close, false, errNotAgreed, "RSV1 was let through, and nobody has agreed on what it means"},
		{true, Ping, true, errControl, "RSV1 was let through in a control frame; those are never compressed"},
		{true, Close, true, errControl, "RSV1 was let through in a control frame; those are never compressed"},
		{true, Continuation, true, errContinuation, "RSV1 was let through in a continuation; the first frame has said already whether the message is compressed"},
	} {
		got := CheckRSV1(c.rsv1, c.op, c.agreed)
		taskRSV1.Equal(t, fmt.Sprintf("CheckRSV1(%v, %v, agreed %v)", c.rsv1, c.op, c.agreed), struct{ Err error }{got}, struct{ Err error }{c.want},
			lesson.If(got != nil && c.want != nil, "another of the errors comes first"),
			lesson.If(true, c.looks))
	}
}

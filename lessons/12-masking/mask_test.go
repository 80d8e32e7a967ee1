package masking

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"example.com/ws101/frames"
	"example.com/ws101/lessons/internal/lesson"
)

var (
	taskMask   = lesson.Task{Chapter: 12, Name: "Mask", Section: "RFC 6455 section 5.3"}
	taskCheck  = lesson.Task{Chapter: 12, Name: "CheckMasked", Section: "RFC 6455 section 5.1"}
	taskAppend = lesson.Task{Chapter: 12, Name: "AppendMasked", Section: "RFC 6455 section 5.3"}
)

var (
	// helloKey is the masking key of the examples in RFC 6455 section 5.7.
	helloKey = [4]byte{0x37, 0xfa, 0x21, 0x3d}
	otherKey = [4]byte{0x0b, 0xad, 0xca, 0xfe}
)

// masked is b under a key, as the library masks it.
func masked(key [4]byte, pos int, b []byte) []byte {
	b = bytes.Clone(b)
	frames.Mask(key, pos, b)
	return b
}

// mask calls Mask with a copy of b, checks what it made of it, and returns the
// position that came back.
func mask(t *testing.T, key [4]byte, pos int, b []byte) int {
	call := fmt.Sprintf("Mask(% x, %d, % x)", key, pos, b)
	if len(b) == 0 {
		call = fmt.Sprintf("Mask(% x, %d, no bytes)", key, pos)
	}
	defer taskMask.CatchIn(t, call,
		lesson.If(true, "the key was read past its four bytes, or before them; behind the fourth it begins again"))
	got, want := bytes.Clone(b), masked(key, pos, b)
	next := Mask(key, pos, got)
	backward := key
	slices.Reverse(backward[:])
	taskMask.Bytes(t, call, got, want,
		lesson.If(string(got) == string(b), "b was left as it is; Mask changes its bytes in place"),
		lesson.If(string(got) == string(masked(key, 0, b)), "the key began anew with this piece; pos tells where in the payload the piece begins"),
		lesson.If(string(got) == string(masked(backward, 3-pos, b)) || string(got) == string(masked(backward, pos, b)),
			"the key was applied from its last byte to its first; byte 0 of the payload meets byte 0 of the key"),
		lesson.If(len(b) > 4 && string(got[4:]) == string(b[4:]), "only the first four bytes were masked; the key begins again behind them"),
	)
	if end := pos + len(b); next&3 != end&3 {
		taskMask.Equal(t, call, next, end,
			lesson.If(next == pos, "pos came back as it was; the next piece begins len(b) bytes further on"),
			lesson.If(next == len(b), "the length of this piece came back; the position counts from the start of the payload"),
		)
	}
	return next
}

func TestMask(t *testing.T) {
	defer taskMask.Catch(t)
	hello := []byte("Hello")
	mask(t, helloKey, 0, hello)
	mask(t, helloKey, 0, lesson.Hex("7f 9f 4d 51 58"))
	mask(t, helloKey, 0, nil)
	for pos := 1; pos < 8; pos++ {
		mask(t, helloKey, pos, hello)
	}
	mask(t, otherKey, 3, nil)
	mask(t, otherKey, 1<<30+1, []byte("a position far into the payload, and a piece of many bytes"))
}

// TestMaskPieces masks a payload in three pieces, cut in every possible way.
func TestMaskPieces(t *testing.T) {
	defer taskMask.Catch(t)
	b := []byte("Hello, world")
	for i := range len(b) + 1 {
		for j := i; j <= len(b); j++ {
			pos := mask(t, helloKey, 0, b[:i])
			pos = mask(t, helloKey, pos, b[i:j])
			mask(t, helloKey, pos, b[j:])
		}
	}
}

func TestCheckMasked(t *testing.T) {
	defer taskCheck.Catch(t)
	for _, h := range []Header{
		{Fin: true, Opcode: Text, Length: 5},
		{Fin: true, Opcode: Ping, Length: 5},
		{Fin: true, Opcode: Close},
		{Fin: true, Opcode: Binary},
	} {
		keyed := h
		keyed.Masked, keyed.MaskKey = true, helloKey
		turned := CheckMasked(keyed, true) != nil && CheckMasked(h, false) != nil
		for _, c := range []struct {
			h          Header
			fromClient bool
			want       error
		}{
			{keyed, true, nil},
			{h, false, nil},
			{h, true, errNotMasked},
			{keyed, false, errMasked},
		} {
			sender := "server"
			if c.fromClient {
				sender = "client"
			}
			kind := fmt.Sprintf("%v, length %d", c.h.Opcode, c.h.Length)
			call := fmt.Sprintf("CheckMasked({%s, masked %v}, %v), a frame from a %s", kind, c.h.Masked, c.fromClient, sender)
			got := CheckMasked(c.h, c.fromClient)
			if got == c.want {
				continue
			}
			plain := c.h.Opcode == Text
			taskCheck.Equal(t, call, got, c.want,
				lesson.If(turned, "the two sides were taken for each other; a client masks every frame, and a server none"),
				lesson.If(got != nil && c.want != nil, "the two errors were taken for each other"),
				lesson.If(c.want == nil, "a frame was refused that is as it should be"),
				lesson.If(!plain && c.h.Length == 0, "a frame without payload was let through; the rule is about the frame, not about its payload"),
				lesson.If(!plain, "a control frame was let through; the rule holds for all frames"),
				lesson.If(c.want == errNotMasked, "a frame from a client that is not masked was accepted; a server has to end the connection"),
				lesson.If(c.want == errMasked, "a masked frame from a server was accepted; a client has to end the connection"),
			)
		}
	}
}

// keys is a source of masking keys that gives what it holds, step bytes at a time.
type keys struct {
	bytes []byte
	step  int
	asked bool
}

func (k *keys) Read(p []byte) (int, error) {
	k.asked = true
	if len(k.bytes) == 0 {
		return 0, errNoKeys
	}
	n := copy(p[:min(len(p), k.step)], k.bytes)
	k.bytes = k.bytes[n:]
	return n, nil
}

var errNoKeys = errors.New("no random bytes are left")

func newKeys(list ...[4]byte) *keys {
	k := &keys{step: 4}
	for _, key := range list {
		k.bytes = append(k.bytes, key[:]...)
	}
	return k
}

// appendMasked calls AppendMasked and checks the frame that it appends to dst. key
// is the one that random gives next, and old are those that it gave before.
func appendMasked(t *testing.T, dst []byte, h Header, payload string, random io.Reader, key [4]byte, old ...[4]byte) []byte {
	call := fmt.Sprintf("AppendMasked(dst, %v, %q, random)", h.Opcode, payload)
	if len(payload) > 16 {
		call = fmt.Sprintf("AppendMasked(dst, %v, %d bytes, random)", h.Opcode, len(payload))
	}
	defer taskAppend.CatchIn(t, call)
	full := h
	full.Masked, full.MaskKey, full.Length = true, key, uint64(len(payload))
	want := append(AppendHeader(nil, full), masked(key, 0, []byte(payload))...)

	all, err := AppendMasked(bytes.Clone(dst), h, []byte(payload), random)
	if err != nil {
		taskAppend.Equal(t, call, err, nil, lesson.If(true, "an error came back, and random gave four bytes as it should"))
	}
	const tooMuch = "more than the payload was masked; dst and the header stay as they are"
	got, found := bytes.CutPrefix(all, dst)
	if !found {
		taskAppend.Bytes(t, call, all, slices.Concat(dst, want),
			lesson.If(len(all) == len(dst)+len(want), tooMuch),
			lesson.If(true, "dst was thrown away; the frame goes behind what dst holds"))
	}
	head, n, _ := frames.ParseHeader(got)
	rest := string(got[n:])
	taskAppend.Frame(t, call, frames.State{FromClient: true}, got, want,
		lesson.If(len(got) == len(want) && got[0] == want[0]^key[0], tooMuch),
		lesson.If(n > 0 && !head.Masked, "the MASK bit is 0; set h.Masked before the header is written"),
		lesson.If(n > 0 && head.MaskKey == [4]byte{}, "the masking key is zero; under that key the payload is clear on the wire"),
		lesson.If(n > 0 && slices.Contains(old, head.MaskKey), "this frame has the key of an earlier one; each frame takes a new key from random"),
		lesson.If(n > 0 && head.MaskKey[0] == key[0] && head.MaskKey[1] == 0, "random gave less than four bytes in one Read, and the rest of the key is zero; io.ReadFull reads until it is full"),
		lesson.If(n > 0 && head.MaskKey != key, "the masking key did not come from random; a key from anywhere else may be guessed"),
		lesson.If(n > 0 && head.Length != full.Length, "the length in the header is not that of the payload"),
		lesson.If(n > 0 && len(got) == len(want) && string(got[:n]) == string(want[:n]) && !maskWorks(), "the payload is not masked as it should be, and Mask itself is not right yet; make its tests pass first"),
		lesson.If(rest == payload && payload != "", "the header says masked, and the payload was sent as it is"),
		lesson.If(slices.ContainsFunc([]int{1, 2, 3}, func(pos int) bool { return rest == string(masked(key, pos, []byte(payload))) }),
			"the key was applied from the wrong position; pos is 0 at the start of the payload, wherever that lies in dst"),
	)
	return all
}

// maskWorks reports whether Mask masks a short word.
func maskWorks() bool {
	b := []byte("Hello")
	Mask(helloKey, 0, b)
	return string(b) == "\x7f\x9f\x4d\x51\x58"
}

var text = Header{Fin: true, Opcode: Text}

func TestAppendMasked(t *testing.T) {
	defer taskAppend.Catch(t)
	appendMasked(t, nil, text, "Hello", newKeys(helloKey), helloKey)
	appendMasked(t, nil, Header{Opcode: Binary}, "", newKeys(otherKey), otherKey)
	appendMasked(t, nil, text, string(bytes.Repeat([]byte("x"), 300)), newKeys(otherKey), otherKey)
}

func TestAppendMaskedKeepsPayload(t *testing.T) {
	defer taskAppend.Catch(t)
	payload := []byte("Hello")
	if _, err := AppendMasked(nil, text, payload, newKeys(helloKey)); err != nil {
		taskAppend.Equal(t, "AppendMasked(nil, text, payload, random)", err, nil)
	}
	taskAppend.Bytes(t, "the payload after AppendMasked(nil, text, payload, random)", payload, []byte("Hello"),
		lesson.If(string(payload) == "\x7f\x9f\x4d\x51\x58", "the caller's own bytes were masked; copy the payload first, and mask the copy"))
}

// TestAppendMaskedFreshKey puts two frames into one slice.
func TestAppendMaskedFreshKey(t *testing.T) {
	defer taskAppend.Catch(t)
	random := newKeys(helloKey, otherKey)
	dst := appendMasked(t, nil, text, "Hello", random, helloKey)
	appendMasked(t, dst, text, "Hello", random, otherKey, helloKey)
}

// TestAppendMaskedShortRead has a source that gives one byte at a time, as every
// io.Reader may.
func TestAppendMaskedShortRead(t *testing.T) {
	defer taskAppend.Catch(t)
	random := newKeys(helloKey)
	random.step = 1
	appendMasked(t, nil, text, "Hello", random, helloKey)
}

// TestAppendMaskedNoKey has a source that gives nothing.
func TestAppendMaskedNoKey(t *testing.T) {
	defer taskAppend.Catch(t)
	random := newKeys()
	call := "AppendMasked(dst, text, \"Hello\", random), where random returns an error"
	dst := lesson.Hex("8a 80 37 fa 21 3d")
	got, err := AppendMasked(bytes.Clone(dst), text, []byte("Hello"), random)
	if err == nil {
		taskAppend.Equal(t, call, err, errNoKeys,
			lesson.If(!random.asked, "random was not asked at all"),
			lesson.If(true, "the error of random was dropped, and a frame was made without a key"))
	}
	taskAppend.Bytes(t, call, got, dst,
		lesson.If(len(got) > len(dst), "an error came back and a frame too; without a key nothing is appended"),
		lesson.If(true, "dst was thrown away; with an error it comes back as it was"))
}

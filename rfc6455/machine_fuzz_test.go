package rfc6455

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
)

// An event is what one step of a conversation comes to: a whole message, or a
// control frame.
type event struct {
	op   frames.Opcode
	data string
}

// A verdict is all that a receiver makes of a string of bytes: the events, and
// the rule that is broken, with how many bytes it takes to know.
type verdict struct {
	events []event
	rule   string
	code   CloseCode
	at     int // bytes up to and with the one that breaks the rule
}

// run feeds b to a machine as a Conn does, in the chunks that next asks for. It
// says at which byte an error came only if the chunks are single bytes.
func run(m *machine, b []byte, next func() int) (v verdict) {
	var pending, msg []byte
	fed := 0
	fail := func(err error) verdict {
		var e *frames.Error
		if !errors.As(err, &e) {
			panic(err)
		}
		v.rule, v.code, v.at = e.Rule, e.Code, fed
		return v
	}
	done := func() {
		switch {
		case m.inFrame:
		case m.head.Opcode.IsControl():
			v.events = append(v.events, event{m.head.Opcode, string(m.controlPayload())})
		case !m.inMessage():
			v.events = append(v.events, event{m.kind, string(msg)})
			msg = nil
		}
	}
	for fed < len(b) {
		n := min(next(), len(b)-fed)
		pending = append(pending, b[fed:fed+n]...)
		fed += n
		for {
			if !m.inFrame {
				if !m.inMessage() {
					checkWhole(*m, pending)
				}
				took, err := m.header(pending)
				if err != nil {
					return fail(err)
				}
				if took == 0 {
					break
				}
				pending = pending[took:]
				if m.left == 0 {
					if err := m.payload(nil); err != nil {
						return fail(err)
					}
					done()
					continue
				}
			}
			p := pending[:min(uint64(len(pending)), m.left)]
			if len(p) == 0 {
				break
			}
			if err := m.payload(p); err != nil {
				return fail(err)
			}
			if !m.head.Opcode.IsControl() {
				msg = append(msg, p...)
			}
			pending = pending[len(p):]
			done()
		}
	}
	return v
}

// checkWhole panics unless whole makes of b what header and payload make of it, or
// leaves it to them.
func checkWhole(m machine, b []byte) {
	short, long := m, m
	shortIn, longIn := bytes.Clone(b), bytes.Clone(b)
	p, n, err := short.whole(shortIn)
	took, headErr := long.header(longIn)
	end := took + int(min(long.left, uint64(len(b))))
	if headErr != nil || took == 0 || long.head.Opcode.IsControl() || !long.head.Fin || long.deflated || end > len(b) {
		if p != nil || n != 0 || err != nil || !bytes.Equal(shortIn, b) {
			panic("whole took what it should leave")
		}
		return
	}
	if longErr := long.payload(longIn[took:end]); n != end || !errors.Is(err, longErr) && err.Error() != longErr.Error() {
		panic("whole judges a message otherwise than header and payload")
	}
	if err == nil && (!bytes.Equal(p, longIn[took:end]) || cap(p) != len(p) || short.kind != long.kind || short.state != long.state || short.inMessage()) {
		panic("whole makes another message of it than header and payload")
	}
}

// model is the same receiver, written once more: slow, obvious, over the whole
// string at once, and without a line of the code under test.
func model(fromClient bool, maxMessage uint64, maxFragments int, b []byte) (v verdict) {
	var open byte // opcode of the message at hand, 0 between messages
	var msg []byte
	var size uint64
	var fragments int
	var closed bool
	pos := 0
	for {
		f := b[pos:]
		if len(f) < 2 {
			return v
		}
		fin, rsv, op := f[0]>>7 == 1, f[0]>>4&7, f[0]&15
		masked, length := f[1]>>7 == 1, uint64(f[1]&127)
		lengthLen, shortest := 0, true
		switch length {
		case 126:
			lengthLen = 2
		case 127:
			lengthLen = 8
		}
		headLen := 2 + lengthLen
		if masked {
			headLen += 4
		}
		if len(f) < headLen {
			return v
		}
		if lengthLen > 0 {
			length = 0
			for _, x := range f[2 : 2+lengthLen] {
				length = length*256 + uint64(x)
			}
			shortest = lengthLen == 2 && length > 125 || lengthLen == 8 && length > 65535
		}
		control, reserved := op >= 8, op > 2 && op < 8 || op > 10
		start := op == 1 || op == 2
		var newSize uint64
		newFragments := 1
		if op == 0 {
			newSize, newFragments = size, fragments+1
		}
		for _, rule := range []struct {
			broken bool
			id     string
			code   CloseCode
		}{
			{!shortest, "6455-5.2-5", 1002},
			{length>>63 == 1, "6455-5.2-4", 1002},
			{rsv != 0, "6455-5.2-2", 1002},
			{reserved, "6455-5.2-3", 1002},
			{!masked && fromClient, "6455-5.1-2", 1002},
			{masked && !fromClient, "6455-5.1-4", 1002},
			{control && !fin, "6455-5.5-2", 1002},
			{control && length > 125, "6455-5.5-1", 1002},
			{op == 0 && open == 0, "6455-5.4-6", 1002},
			{start && open != 0, "6455-5.4-6", 1002},
			{closed && !control, "6455-5.5.1-4", 1002},
			{!control && newFragments > maxFragments, "6455-10.4-2", 1008},
			{!control && length > maxMessage-newSize, "6455-10.4-1", 1009},
		} {
			if rule.broken {
				v.rule, v.code, v.at = rule.id, rule.code, pos+headLen
				return v
			}
		}
		if !control {
			size, fragments = newSize+length, newFragments
			if start {
				open = op
			}
		}
		var payload []byte
		for i, x := range f[headLen:] {
			if uint64(i) == length {
				break
			}
			if masked {
				x ^= f[headLen-4+i%4]
			}
			payload = append(payload, x)
			if !control && open == 1 && !canBeText(append(msg[:len(msg):len(msg)], payload...)) {
				v.rule, v.code, v.at = "6455-8.1-1", 1007, pos+headLen+i+1
				return v
			}
		}
		if uint64(len(payload)) < length {
			return v // the rest is still to come
		}
		pos += headLen + len(payload)
		if control {
			v.events = append(v.events, event{frames.Opcode(op), string(payload)})
			closed = closed || op == 8
			continue
		}
		msg = append(msg, payload...)
		if fin {
			if open == 1 && !utf8.Valid(msg) {
				v.rule, v.code, v.at = "6455-8.1-1", 1007, pos
				return v
			}
			v.events = append(v.events, event{frames.Opcode(open), string(msg)})
			open, msg = 0, nil
		}
	}
}

// canBeText reports whether some valid text begins with p.
func canBeText(p []byte) bool {
	if utf8.Valid(p) {
		return true
	}
	// Only the last three bytes can be an unfinished character.
	for _, first := range []byte{0x80, 0x90, 0xa0, 0xbf} {
		for n := 1; n <= 3; n++ {
			whole := append(p[:len(p):len(p)], append([]byte{first}, 0x80, 0x80)[:n]...)
			if utf8.Valid(whole) {
				return true
			}
		}
	}
	return false
}

func TestModelKnowsText(t *testing.T) {
	// The model itself, where it is least obvious.
	for _, ok := range []string{"", "a", "\xc3", "\xe0\xa0", "\xed\x9f", "\xf0\x90", "\xf4\x8f\xbf", "\xe4\xbd", "\xf0\xbf\xbf"} {
		assert.Truef(t, canBeText([]byte(ok)), "% x", ok)
	}
	for _, bad := range []string{"\x80", "\xc0", "\xe0\x9f", "\xed\xa0", "\xf0\x8f", "\xf4\x90", "\xf5", "\xc3a"} {
		assert.Falsef(t, canBeText([]byte(bad)), "% x", bad)
	}
}

const (
	fuzzMaxMessage   = 300
	fuzzMaxFragments = 5
)

func fuzzMachine(fromClient bool) *machine {
	m := newMachine(fromClient, &Options{MaxMessage: fuzzMaxMessage, MaxFragments: fuzzMaxFragments})
	return &m
}

// machineSeeds are strings that reach every rule and every kind of frame.
func machineSeeds() (seeds []struct {
	fromClient bool
	b          []byte
}) {
	for _, fromClient := range []bool{false, true} {
		f := func(b0 byte, payload string) []byte { return frame(fromClient, b0, payload) }
		join := func(list ...[]byte) []byte { return bytes.Join(list, nil) }
		for _, b := range [][]byte{
			f(0x81, "Hello"),
			f(0x82, string(make([]byte, 126))),
			join(f(0x01, "Hel"), f(0x89, "p"), f(0x80, "lo"), f(0x8a, "")),
			join(f(0x01, "\xe4\xbd"), f(0x89, ""), f(0x00, ""), f(0x80, "\xa0"), f(0x81, "\xed\xa0")),
			join(f(0x02, ""), f(0x00, ""), f(0x00, ""), f(0x00, ""), f(0x00, ""), f(0x00, "")),
			join(f(0x02, string(make([]byte, 200))), f(0x80, string(make([]byte, 101)))),
			join(closeFrame(fromClient, 1000, "bye"), f(0x8a, "late"), f(0x81, "too late")),
			join(f(0x81, ""), f(0x81, "\xc3")),
			join(f(0x01, "a"), f(0x81, "b")),
			f(0x80, "x"), f(0x83, ""), f(0x8b, ""), f(0xc1, ""), f(0x09, ""),
			frame(!fromClient, 0x81, "mask"),
			unhex("82 ff 80 00 00 00 00 00 00 00 00 00 00 00"),
			unhex("82 7f 80 00 00 00 00 00 00 00"),
			unhex("82 fe 00 7d 00 00 00 00"),
			unhex("82 7e 00 7d"),
			unhex("82 7f 40 00 00 00 00 00 00 00"),
			unhex("89 7e 00 7e"),
		} {
			seeds = append(seeds, struct {
				fromClient bool
				b          []byte
			}{fromClient, b})
		}
	}
	return seeds
}

// checkAgainstModel runs b through a machine in several chunkings and compares.
func checkAgainstModel(t *testing.T, fromClient bool, b []byte, seed uint64) {
	t.Helper()
	want := model(fromClient, fuzzMaxMessage, fuzzMaxFragments, b)
	one := run(fuzzMachine(fromClient), b, func() int { return 1 })
	require.Equalf(t, want, one, "one byte at a time: % x", b)

	random := rand.New(rand.NewPCG(seed, 0))
	for name, next := range map[string]func() int{
		"all at once":      func() int { return len(b) },
		"in random pieces": func() int { return 1 + random.IntN(9) },
	} {
		got := run(fuzzMachine(fromClient), b, next)
		got.at = want.at // known only one byte at a time
		require.Equalf(t, want, got, "%s (seed %d): % x", name, seed, b)
	}
}

// Proves 6455-6.2-1, 6455-10.7-1.
func FuzzMachine(f *testing.F) {
	for i, s := range machineSeeds() {
		f.Add(s.fromClient, s.b, uint64(i))
	}
	f.Fuzz(func(t *testing.T, fromClient bool, b []byte, seed uint64) {
		checkAgainstModel(t, fromClient, b, seed)
	})
}

// Fuzzing finds it hard to get past a masked header by chance; this strings
// together frames that are nearly right.
//
// Proves 6455-6.2-1, 6455-10.7-1.
func TestMachineAgainstModel(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	pieces := []string{"", "a", "你", "\xe4", "\xbd", "\xa0", "\xf0\x9f", "\x98\x80", "\xed\xa0\x80", "\xc0", "hello", string(make([]byte, 126))}
	ops := []byte{0x01, 0x00, 0x80, 0x81, 0x02, 0x82, 0x89, 0x8a, 0x00, 0x80}
	for range 3000 {
		fromClient := random.IntN(2) == 0
		var b []byte
		for range 1 + random.IntN(12) {
			b0 := ops[random.IntN(len(ops))]
			switch random.IntN(40) {
			case 0:
				b0 = byte(random.IntN(256))
			case 1:
				b0 = 0x88
			}
			b = append(b, frame(fromClient != (random.IntN(100) == 0), b0, pieces[random.IntN(len(pieces))])...)
		}
		b = b[:len(b)-random.IntN(min(len(b), 3))]
		checkAgainstModel(t, fromClient, b, random.Uint64())
	}
}

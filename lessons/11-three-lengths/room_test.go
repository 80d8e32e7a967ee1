package threelengths

import (
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"

	"example.com/ws101/lessons/internal/lesson"
)

var taskRoom = lesson.Task{Chapter: 11, Name: "MakeRoom", Section: "RFC 6455 section 10.4"}

// room is what MakeRoom returns: how many bytes, and what they begin with.
type room struct {
	Len    int
	Begins string
	Err    error
}

// makeRoom calls MakeRoom. looks are for a panic.
func makeRoom(t *testing.T, p string, length uint64, limit int, looks ...lesson.Diagnosis) room {
	defer taskRoom.CatchIn(t, callRoom(p, length, limit), looks...)
	b, err := MakeRoom([]byte(p), length, limit)
	return room{len(b), string(b[:min(len(b), len(p))]), err}
}

func callRoom(p string, length uint64, limit int) string {
	return fmt.Sprintf("MakeRoom(%d bytes, %d, %d)", len(p), length, limit)
}

const cutDown = "the length was cut down to the limit; the rest of the payload would be taken for the next header"

func TestMakeRoom(t *testing.T) {
	defer taskRoom.Catch(t)
	const limit = 100
	sixty := strings.Repeat("x", 60)
	for _, c := range []struct {
		p      string
		length uint64
		fits   bool
	}{
		{"", 0, true},
		{"", 5, true},
		{"Hel", 2, true},
		{"", limit, true},
		{sixty, 40, true},
		{sixty + sixty[:40], 0, true},
		{"", limit + 1, false},
		{sixty, 41, false},
		{sixty, limit, false},
	} {
		total := len(c.p) + int(c.length)
		want := room{Len: total, Begins: c.p}
		if !c.fits {
			want = room{Err: errTooBig}
		}
		got := makeRoom(t, c.p, c.length, limit)
		if !c.fits && got.Err == errTooBig {
			continue // what stands beside an error does not matter
		}
		taskRoom.Equal(t, callRoom(c.p, c.length, limit), got, want,
			lesson.If(c.fits && total == limit && got.Err == errTooBig, "a message of exactly the limit was refused; the limit is the most that is allowed"),
			lesson.If(c.fits && got.Err != nil, "a message within the limit was refused"),
			lesson.If(!c.fits && got.Len == limit, cutDown),
			lesson.If(!c.fits && len(c.p) > 0, "the limit was applied to the frame alone; it holds for the whole message"),
			lesson.If(!c.fits, "a message larger than the limit was accepted"),
			lesson.If(c.p != "" && got.Begins != c.p || got.Len == int(c.length), "the bytes of p are missing; the new slice begins with them"),
		)
	}
}

// TestMakeRoomHugeLength announces what no machine has. A right MakeRoom makes
// nothing of it. The first length is small enough that a wrong one does no harm.
func TestMakeRoomHugeLength(t *testing.T) {
	defer taskRoom.Catch(t)
	const (
		limit  = 100
		before = "memory was made before the limit was checked; first compare, then make"
		lost   = "the length was converted before it was compared; a number that is too big for the type comes out small or negative"
		sum    = "the sum of what is there and what is announced wrapped around; take len(p) from the limit and compare with the rest"
	)
	for _, c := range []struct {
		p      string
		length uint64
		looks  string
	}{
		{"", 16 << 20, before},
		{"", 1<<62 + 5, lost},
		{"Hello", math.MaxInt, sum},
		{"", 1<<63 + 5, lost},
		{"Hello", math.MaxUint64 - 2, sum},
	} {
		var got room
		made := allocated(func() {
			got = makeRoom(t, c.p, c.length, limit, lesson.If(true, c.looks))
		})
		call := callRoom(c.p, c.length, limit)
		if got.Err != errTooBig {
			taskRoom.Equal(t, call, got, room{Err: errTooBig},
				lesson.If(got.Err == nil && got.Len == limit, cutDown),
				lesson.If(c.looks != before, c.looks),
				lesson.If(true, "a message larger than the limit was accepted"),
			)
		}
		if made > 1<<20 {
			taskRoom.Fail(t, call, fmt.Sprintf("got  errTooBig, and %d bytes of memory were made\nwant errTooBig, and no memory", made),
				lesson.If(true, before))
		}
	}
}

// allocated is how much memory was made while f ran.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

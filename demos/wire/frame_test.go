package wire

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
)

func TestWhatHasBegunIsShownBeforeTheAnswer(t *testing.T) {
	rows := decode(0, []sent{
		{Client, upgrade}, {Server, switched},
		{Client, "\x82\xff\x00\x00\x00\x00\x00\x01\x00\x00\x01\x02\x03\x04"}, // 65,536 bytes announced
		{Server, frame(Server, true, frames.Close, "\x03\xf1")},
		{Client, strings.Repeat("x", 1<<16)},
	})
	got := told(rows)
	assert.Equal(t, []string{`> binary "" begun`, `< close "\x03\xf1"`}, got[2:4])
	begun, ended := rows[2].Explain(), rows[4].Explain()
	assert.Equal(t, Ended, rows[4].Part)
	assert.EqualValues(t, 14+1<<16, rows[4].Size)
	assert.EqualValues(t, 1<<16, begun.Missing)
	assert.Equal(t, "Legal so far: a whole binary message. 65,536 bytes are still to come.", begun.Verdict)
	assert.Zero(t, ended.Missing)
	assert.Equal(t, "Legal: a whole binary message.", ended.Verdict)
}

func TestOnlyTheStartOfALargePayloadIsKept(t *testing.T) {
	var rows []Row
	d := Decoder{Keep: 100, Emit: func(r Row) { rows = append(rows, r) }}
	d.Feed(Client, []byte(upgrade))
	d.Feed(Server, []byte(switched))
	d.Feed(Server, []byte(frame(Server, true, frames.Text, strings.Repeat("a", 5000)+"\xff")))
	d.Feed(Server, []byte(frame(Server, false, frames.Text, strings.Repeat("é", 1000)+"\xc3")))
	d.Feed(Server, []byte(frame(Server, true, frames.Continuation, "\xa9")))
	large := rows[2]
	assert.Len(t, large.Bytes, 100)
	assert.EqualValues(t, 4+5001, large.Size)
	x := large.Explain()
	assert.Equal(t, frames.Broken, x.Grade)
	assert.Contains(t, x.Verdict, "byte 0xff at offset 5000 cannot stand there")
	assert.Contains(t, x.Verdict, "The client must fail the connection")
	require.Len(t, x.Problems, 1)
	assert.Equal(t, "6455-8.1-1", x.Problems[0].Rule)

	first, last := rows[3].Explain(), rows[4].Explain()
	assert.Equal(t, frames.Legal, first.Grade, first.Verdict)
	assert.Equal(t, "Legal: the first fragment of a text message.", first.Verdict)
	assert.Equal(t, frames.Legal, last.Grade, "the character that was cut is known: %s", last.Verdict)
}

func TestAFrameThatHasOnlyBegunIsJudgedByAllThatHasPassed(t *testing.T) {
	var rows []Row
	d := Decoder{Keep: 1, Emit: func(r Row) { rows = append(rows, r) }}
	d.Feed(Client, []byte(upgrade))
	d.Feed(Server, []byte(switched))
	text := frame(Server, true, frames.Text, strings.Repeat("a", 500)+"\xff"+strings.Repeat("b", 500))
	d.Feed(Server, []byte(text[:304]))
	d.Feed(Client, []byte(frame(Client, true, frames.Ping, "")))
	x := rows[2].Explain()
	assert.EqualValues(t, 304-frames.MaxHeaderLen, x.NotKept, "the header is always kept")
	assert.Equal(t, "Legal so far: a whole text message. 701 bytes are still to come.", x.Verdict)
	d.Feed(Server, []byte(text[304:600]))
	d.End(Server, FIN, "")
	cut := rows[4]
	assert.Equal(t, Cut, cut.Part)
	assert.Contains(t, cut.Explain().Verdict, "byte 0xff at offset 500 cannot stand there")
}

func TestOneWhoLooksLaterReadsOn(t *testing.T) {
	var rows []Row
	var d Decoder
	whole := frame(Client, false, frames.Text, "caf\xc3")
	d.Feed(Client, []byte(upgrade))
	d.Feed(Server, []byte(switched))
	d.Feed(Client, []byte(whole+frame(Client, true, frames.Continuation, "\xa9")+whole[:8]))
	d.Emit = func(r Row) { rows = append(rows, r) }
	d.Feed(Client, []byte(whole[8:]))
	d.Feed(Client, []byte(frame(Client, true, frames.Continuation, "\xa9!")))
	got := told(rows)
	assert.Equal(t, []string{`> text ""`, `> continuation "\xa9!"`}, got, "of the first only the header is known, the second is whole")
	assert.EqualValues(t, len(whole), rows[0].Size)
	assert.Equal(t, "Legal: the first fragment of a text message.", rows[0].Explain().Verdict)
}

func TestNobodyLooksAtFrames(t *testing.T) {
	var d Decoder
	d.Feed(Client, []byte(upgrade))
	d.Feed(Server, []byte(switched))
	text := []byte(frame(Client, true, frames.Text, "hello"))
	assert.Zero(t, testing.AllocsPerRun(100, func() { d.Feed(Client, text) }))
}

func BenchmarkFrameThatNobodyLooksAt(b *testing.B) {
	var d Decoder
	d.Feed(Client, []byte(upgrade))
	d.Feed(Server, []byte(switched))
	text := []byte(frame(Client, true, frames.Text, strings.Repeat("x", 1000)))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		d.Feed(Client, text)
	}
}

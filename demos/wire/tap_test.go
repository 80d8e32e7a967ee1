package wire

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func numbers(rows []Row) (list []uint64) {
	for _, r := range rows {
		list = append(list, r.Seq)
	}
	return list
}

func TestWatcherReadsFromWhereItBegan(t *testing.T) {
	tap := New(Options{})
	assert.False(t, tap.isWatched())
	first := tap.Watch()
	assert.True(t, tap.isWatched())
	tap.add(Row{Conn: 1})
	second := tap.Watch()
	tap.add(Row{Conn: 2})

	rows, missed, err := first.Next(context.Background())
	require.NoError(t, err)
	assert.Zero(t, missed)
	assert.Equal(t, []uint64{1, 2}, numbers(rows))
	rows, _, err = second.Next(context.Background())
	require.NoError(t, err)
	assert.Equal(t, []uint64{2}, numbers(rows))

	first.Close()
	first.Close()
	assert.True(t, tap.isWatched())
	second.Close()
	assert.False(t, tap.isWatched())
	assert.Empty(t, tap.rows, "nothing is held for nobody")
	_, _, err = second.Next(context.Background())
	assert.ErrorIs(t, err, ErrClosed)
}

func TestSlowWatcherMissesRowsAndIsTold(t *testing.T) {
	tap := New(Options{MaxRows: 3})
	w := tap.Watch()
	defer w.Close()
	for range 10 {
		tap.add(Row{})
	}
	rows, missed, err := w.Next(context.Background())
	require.NoError(t, err)
	assert.EqualValues(t, 7, missed)
	assert.Equal(t, []uint64{8, 9, 10}, numbers(rows))

	tap.add(Row{})
	rows, missed, err = w.Next(context.Background())
	require.NoError(t, err)
	assert.Zero(t, missed)
	assert.Equal(t, []uint64{11}, numbers(rows))
}

func TestRowsAreBoundedInBytes(t *testing.T) {
	tap := New(Options{MaxBytes: 10_000})
	w := tap.Watch()
	defer w.Close()
	for range 100 {
		tap.add(Row{Bytes: make([]byte, 1000)})
	}
	assert.LessOrEqual(t, tap.bytes, 10_000)
	assert.Len(t, tap.rows, 7)
	tap.add(Row{Bytes: make([]byte, 20_000)})
	assert.Len(t, tap.rows, 1, "the latest row is always there")
}

func TestRowsAreFoundByTheirNumbers(t *testing.T) {
	tap := New(Options{MaxRows: 3})
	assert.Empty(t, tap.Rows(0, math.MaxUint64), "nothing has happened yet")
	w := tap.Watch()
	for range 10 {
		tap.add(Row{})
	}
	for _, c := range []struct {
		from, to uint64
		want     []uint64
	}{
		{0, math.MaxUint64, []uint64{8, 9, 10}},
		{1, 7, nil},
		{5, 8, []uint64{8}},
		{9, 9, []uint64{9}},
		{9, 20, []uint64{9, 10}},
		{10, 9, nil},
		{11, 12, nil},
	} {
		assert.Equal(t, c.want, numbers(tap.Rows(c.from, c.to)), "%d to %d", c.from, c.to)
	}
	w.Close()
	assert.Empty(t, tap.Rows(0, math.MaxUint64), "nothing is held for nobody")
}

func TestNextWaits(t *testing.T) {
	tap := New(Options{})
	w := tap.Watch()
	got := make(chan []uint64)
	go func() {
		rows, _, _ := w.Next(context.Background())
		got <- numbers(rows)
		_, _, err := w.Next(context.Background())
		assert.ErrorIs(t, err, ErrClosed)
		close(got)
	}()
	tap.add(Row{})
	assert.Equal(t, []uint64{1}, <-got)
	w.Close()
	<-got

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	late := tap.Watch()
	defer late.Close()
	_, _, err := late.Next(ctx)
	assert.ErrorIs(t, err, context.Canceled)
}

func TestTheClockIsAskedOnceForWhatCameTogether(t *testing.T) {
	var rows []Row
	ticks := 0
	tap := New(Options{
		Now:  func() time.Time { ticks++; return time.Unix(int64(ticks), 0) },
		Sink: func(r Row) { rows = append(rows, r) },
	})
	c := &conn{tap: tap, meter: &meter{conn: 7}, local: Server}
	c.look()
	c.dec.Feed(Client, []byte("GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n"))
	c.look()
	c.dec.Feed(Client, []byte("GET /c HTTP/1.1\r\n\r\n"))
	require.Len(t, rows, 3)
	assert.Equal(t, rows[0].Time, rows[1].Time)
	assert.Equal(t, time.Unix(2, 0), rows[2].Time)
	assert.EqualValues(t, 7, rows[2].Conn)
}

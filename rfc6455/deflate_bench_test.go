package rfc6455

import (
	"compress/flate"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"example.com/ws101/handshake"
)

// feed returns 512 KiB of the messages of a feed: JSON, alike but not the same.
func feed(size int) [][]byte {
	random := rand.New(rand.NewPCG(3, 4))
	messages := make([][]byte, 512<<10/size)
	for i := range messages {
		messages[i] = text(random, size)
	}
	return messages
}

// countWriter counts, and keeps nothing.
type countWriter int

func (w *countWriter) Write(p []byte) (int, error) { *w += countWriter(len(p)); return len(p), nil }

// sizeLeft is how much is left of all messages, in percent.
func sizeLeft(to *countWriter, messages [][]byte, send func(p []byte)) float64 {
	*to = 0
	all := 0
	for _, p := range messages {
		send(p)
		*to -= countWriter(len(blockEnd))
		all += len(p)
	}
	return 100 * float64(*to) / float64(all)
}

// BenchmarkDeflateTakeover compares the ways to compress a message with those
// before it as a dictionary: to keep the compressor for each connection, or to
// keep the last 32 KiB and give them to a compressor from a pool, which takes
// them in by compressing them for nothing (replay), or is made anew with them
// (dict: flate.NewWriterDict). Beside them: no takeover. What a connection
// holds meanwhile is in B/conn, the size that is left in %size.
func BenchmarkDeflateTakeover(b *testing.B) {
	for _, size := range []int{100, 1000, 16000} {
		messages := feed(size)
		for _, level := range []int{1, 2, 6} {
			run := func(name string, compress func(to *countWriter) func(p []byte)) {
				b.Run(fmt.Sprintf("%d bytes/level %d/%s", size, level, name), func(b *testing.B) {
					to := new(countWriter)
					var before, after runtime.MemStats
					runtime.GC()
					runtime.ReadMemStats(&before)
					send := compress(to)
					left := sizeLeft(to, messages, send)
					runtime.GC()
					runtime.GC() // what lies in pools goes the second time
					runtime.ReadMemStats(&after)
					b.ReportAllocs()
					for i := 0; b.Loop(); i++ {
						send(messages[i%len(messages)])
					}
					b.ReportMetric(left, "%size")
					b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc)), "B/conn")
					runtime.KeepAlive(send)
				})
			}
			d := &Deflate{Level: level}
			run("none", func(to *countWriter) func([]byte) {
				return func(p []byte) {
					z := d.getCompressor(level)
					z.begin(to, 1<<15, true)
					z.Write(p)
					z.end()
					d.putCompressor(z, level)
				}
			})
			run("keep", func(to *countWriter) func([]byte) {
				z := d.getCompressor(level)
				z.begin(to, 1<<15, true)
				return func(p []byte) {
					z.Write(p)
					z.end()
				}
			})
			run("replay", func(to *countWriter) func([]byte) {
				past := &window{size: 1 << 15}
				return func(p []byte) {
					z := d.getCompressor(level)
					z.begin(to, 1<<15, true)
					before := *to
					buf := getBuffer()
					z.Write(past.appendTo(buf[:0]))
					putBuffer(buf)
					z.end()
					*to = before
					z.Write(p)
					z.end()
					d.putCompressor(z, level)
					past.add(p)
				}
			})
			run("dict", func(to *countWriter) func([]byte) {
				past := &window{size: 1 << 15}
				return func(p []byte) {
					w, _ := flate.NewWriterDict(to, level, past.appendTo(nil))
					w.Write(p)
					w.Flush()
					past.add(p)
				}
			})
		}
	}
}

// BenchmarkDeflateWindow shows what a small window costs. %size is how much of
// a message is left: the smaller the window, the more often the compressor
// starts anew.
func BenchmarkDeflateWindow(b *testing.B) {
	for _, size := range []int{200, 1000, 16000} {
		messages := feed(size)
		for _, takeover := range []bool{false, true} {
			for bits := 8; bits <= 15; bits++ {
				b.Run(fmt.Sprintf("%d bytes/takeover %t/%d bits", size, takeover, bits), func(b *testing.B) {
					agreed := handshake.Deflate{ServerNoContextTakeover: !takeover, ServerMaxWindowBits: bits}
					d := newDeflation(&Deflate{}, agreed, false)
					to := new(countWriter)
					z := d.getCompressor(d.level())
					send := func(p []byte) {
						z.begin(to, d.send.window(), d.send.forgets)
						z.fit(len(p))
						z.Write(p)
						z.end()
					}
					left := sizeLeft(to, messages, send)
					for i := 0; b.Loop(); i++ {
						send(messages[i%len(messages)])
					}
					b.ReportMetric(left, "%size")
				})
			}
		}
	}
}

package rfc6455

import (
	"compress/flate"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
)

// feed returns n messages of a feed, each of about size bytes: JSON, alike but
// not the same.
func feed(n, size int) [][]byte {
	random := rand.New(rand.NewPCG(3, 4))
	messages := make([][]byte, n)
	for i := range messages {
		messages[i] = text(random, size)
	}
	return messages
}

// countWriter counts, and keeps nothing.
type countWriter int

func (w *countWriter) Write(p []byte) (int, error) { *w += countWriter(len(p)); return len(p), nil }

// BenchmarkDeflateTakeover compares the ways to compress a message with those
// before it as a dictionary: to keep the compressor for each connection, or to
// keep the last 32 KiB and give them to a compressor from a pool, which takes
// them in by compressing them for nothing (replay), or is made anew with them
// (dict: flate.NewWriterDict). Beside them: no takeover. What a connection
// holds meanwhile is in B/conn, the size that is left in %size.
func BenchmarkDeflateTakeover(b *testing.B) {
	const n = 64
	for _, size := range []int{100, 1000, 16000} {
		messages := feed(n, size)
		for _, level := range []int{1, 2, 6} {
			run := func(name string, compress func(to *countWriter) func(p []byte)) {
				b.Run(fmt.Sprintf("%d bytes/level %d/%s", size, level, name), func(b *testing.B) {
					to := new(countWriter)
					var before, after runtime.MemStats
					runtime.GC()
					runtime.ReadMemStats(&before)
					send := compress(to)
					send(messages[0])
					runtime.GC()
					runtime.GC() // what lies in pools goes the second time
					runtime.ReadMemStats(&after)
					*to = 0
					b.ReportAllocs()
					b.SetBytes(int64(size))
					b.ResetTimer()
					for i := range b.N {
						send(messages[i%n])
					}
					b.ReportMetric(100*float64(*to)/float64(b.N)/float64(size), "%size")
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

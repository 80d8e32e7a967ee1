// Package deflate compresses the messages of a WebSocket: permessage-deflate (RFC 7692
// section 7).
package deflate

import (
	"bytes"
	"compress/flate"
)

// tail is how the output of a sync flush ends: an empty block. It is cut off before a
// message is sent, and put back by whoever receives it.
const tail = "\x00\x00\xff\xff"

// Compressor compresses the messages of one direction of a connection, one after the other.
type Compressor struct {
	takeover bool // a message may refer to those before it
	out      bytes.Buffer
	w        *flate.Writer // writes to out; Reset makes it forget what was before
}

// NewCompressor returns a Compressor, with or without context takeover.
func NewCompressor(takeover bool) *Compressor {
	c := &Compressor{takeover: takeover}
	w, err := flate.NewWriter(&c.out, flate.BestCompression)
	if err != nil {
		panic(err) // there is this level
	}
	c.w = w
	return c
}

// Compress returns a message compressed, without the tail. What it returns is the caller's.
func (c *Compressor) Compress(message []byte) []byte {
	// lesson:begin Compress
	c.out.Reset()
	if !c.takeover {
		c.w.Reset(&c.out)
	}
	c.w.Write(message) // a bytes.Buffer takes everything
	c.w.Flush()
	return bytes.Clone(bytes.TrimSuffix(c.out.Bytes(), []byte(tail)))
	// lesson:end
}

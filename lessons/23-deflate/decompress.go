package deflate

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"strings"
)

// What can be wrong with a compressed message.
var (
	errBroken = errors.New("the message is not DEFLATE, or it is cut off")
	errTooBig = errors.New("the message is larger than the limit")
)

// windowSize is how far back DEFLATE can refer.
const windowSize = 32 << 10

// Decompressor decompresses the messages of one direction of a connection, one after the
// other.
type Decompressor struct {
	takeover bool   // a message may refer to those before it
	limit    int    // the most bytes that a message may have, decompressed
	window   []byte // the last bytes of the messages so far, if takeover is set
}

// NewDecompressor returns a Decompressor, with or without context takeover, of messages of at
// most limit bytes.
func NewDecompressor(takeover bool, limit int) *Decompressor {
	return &Decompressor{takeover: takeover, limit: limit}
}

// lastBlock is an empty block that is marked as the last one. Behind it, a reader of DEFLATE
// returns io.EOF.
const lastBlock = "\x01\x00\x00\xff\xff"

// Decompress returns a message as it was before it was compressed. The payload is that of
// all its frames. It is errBroken if the payload is not DEFLATE, and errTooBig as soon as
// more than limit bytes have come out of it.
func (d *Decompressor) Decompress(payload []byte) ([]byte, error) {
	// lesson:begin Decompress
	in := io.MultiReader(bytes.NewReader(payload), strings.NewReader(tail+lastBlock))
	r := io.LimitReader(flate.NewReaderDict(in, d.window), int64(d.limit)+1)
	message, err := io.ReadAll(r)
	if err != nil {
		return nil, errBroken
	}
	if len(message) > d.limit {
		return nil, errTooBig
	}
	if d.takeover {
		d.window = append(d.window, message...)
		d.window = d.window[max(0, len(d.window)-windowSize):]
	}
	return message, nil
	// lesson:end
}

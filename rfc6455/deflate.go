package rfc6455

import (
	"compress/flate"
	"fmt"
	"io"
	"sync"

	"example.com/ws101/handshake"
)

// Deflate asks for permessage-deflate (RFC 7692), in [Options]: messages are
// compressed, if the peer agrees. The zero value is the cheapest choice: each
// message is compressed on its own, and a connection that waits holds nothing
// for it. One Deflate serves any number of connections; it is not changed
// while they use it.
//
// Compression has a price beside time and memory. Whoever can put text of his
// own into a message and see its compressed length can guess, try by try, a
// secret that stands in the same message, or under context takeover in one
// before it (the CRIME attack, RFC 7692 section 8). A message with a secret in
// it goes out by [Conn.WriteUncompressed].
type Deflate struct {
	// SendTakeover lets this side compress each message with those before it
	// as a dictionary, unless the peer objects. Small messages that resemble
	// each other become much smaller. It costs about 0.8 MB for a connection
	// that sends. One that has compressed nothing for the time of
	// [Options.KeepAlive] gives that back, and begins anew.
	SendTakeover bool

	// ReceiveTakeover lets the peer do the same. It costs a window, of 32 KiB
	// or as [Deflate.ReceiveWindowBits] says, for a connection that has
	// received compressed messages.
	ReceiveTakeover bool

	// SendWindowBits and ReceiveWindowBits are the largest window for each
	// direction, as a power of two from 8 to 15: nothing that is compressed
	// refers further back than that many bytes. 0 means 15. A peer that does not
	// accept a smaller window for what it sends gets no compression. The
	// README says what a smaller window costs in size.
	SendWindowBits    int
	ReceiveWindowBits int

	// Threshold is the size in bytes from which messages are compressed;
	// shorter ones hardly become smaller. 0 means [DefaultThreshold], or
	// [DefaultTakeoverThreshold] where takeover is in use; a negative value
	// compresses every message. What a [Conn.Writer] sends is compressed
	// whatever its length, which nobody knows beforehand.
	Threshold int

	// Level is that of [flate.NewWriter], from 1, the fastest, to 9, or
	// [flate.HuffmanOnly] or [flate.DefaultCompression]. 0 means 1, or 2 where
	// takeover is in use with a window from 12 bits: level 1 gains hardly
	// anything from it, and the others are slow to start anew.
	Level int

	// NewCompressor, if set, makes the compressor in place of [flate.NewWriter], to
	// plug in a faster one. It need not care for windows or for Level.
	// Compressors are used again, by one connection at a time.
	NewCompressor func(w io.Writer) Compressor

	// NewDecompressor, if set, makes the decompressor in place of
	// [flate.NewReader]. Decompressors are used again, too.
	NewDecompressor func(r io.Reader) Decompressor

	pool          sync.Pool // of *compressor, if NewCompressor is set
	decompressors sync.Pool // of *inflater, if NewDecompressor is set
}

// The sizes from which messages are compressed if nothing else is said, in
// bytes.
const (
	DefaultThreshold         = 128
	DefaultTakeoverThreshold = 16
)

// Compressor writes DEFLATE (RFC 1951) to the writer it was made with. A
// [*flate.Writer] is one, and so are those of packages made after it.
type Compressor interface {
	io.Writer
	// Flush writes all that was held back, and then an empty stored block: the
	// output ends with 00 00 ff ff.
	Flush() error
	// Reset makes it as new, and write to w.
	Reset(w io.Writer)
}

// Decompressor reads DEFLATE (RFC 1951) from the reader it was made with. What
// [flate.NewReader] returns is one, and so is that of packages made after it.
type Decompressor interface {
	// Read returns io.EOF behind the last block. The reader that it reads from is
	// an [io.ByteReader], of which it takes no byte that it does not need.
	io.Reader
	// Reset makes it as new, and read from r. What is decompressed may refer back
	// to dict, which holds only during the call.
	Reset(r io.Reader, dict []byte) error
}

// The levels that hold when none is given. To reset a compressor of level 2
// clears 640 KiB, which is worth it only where that is rare.
const (
	levelAlone       = flate.BestSpeed
	levelTakeover    = 2
	levelTakeoverMin = 12 // bits of the window
)

// check reports a mistake in the choices.
func (d *Deflate) check() error {
	if d == nil {
		return nil
	}
	for _, bits := range []int{d.SendWindowBits, d.ReceiveWindowBits} {
		if bits != 0 && (bits < handshake.MinWindowBits || bits > handshake.MaxWindowBits) {
			return fmt.Errorf("rfc6455: a window of %d bits; DEFLATE has %d to %d", bits, handshake.MinWindowBits, handshake.MaxWindowBits)
		}
	}
	if d.Level < flate.HuffmanOnly || d.Level > flate.BestCompression {
		return fmt.Errorf("rfc6455: there is no compression level %d; there are %d to %d", d.Level, flate.HuffmanOnly, flate.BestCompression)
	}
	return nil
}

// wish is what a side is willing to do, in the words of the handshake.
func (d *Deflate) wish(client bool) handshake.Deflate {
	ours, theirs := direction{!d.SendTakeover, d.SendWindowBits}, direction{!d.ReceiveTakeover, d.ReceiveWindowBits}
	if client {
		ours, theirs = theirs, ours
	}
	return handshake.Deflate{
		ServerNoContextTakeover: ours.forgets, ServerMaxWindowBits: writtenBits(ours.bits),
		ClientNoContextTakeover: theirs.forgets, ClientMaxWindowBits: writtenBits(theirs.bits),
	}
}

// writtenBits is 0 for the largest window, which need not be mentioned.
func writtenBits(bits int) int {
	if bits == handshake.MaxWindowBits {
		return 0
	}
	return bits
}

// direction is what was agreed on for one direction.
type direction struct {
	forgets bool // no context takeover
	bits    int  // of its window
}

// windowBits is the agreed window, as a power of two.
func (d direction) windowBits() int {
	if d.bits == 0 {
		return handshake.MaxWindowBits
	}
	return d.bits
}

// window returns the window's size in bytes.
func (d direction) window() int { return 1 << d.windowBits() }

// deflation is what a connection on which permessage-deflate was agreed knows
// of it.
type deflation struct {
	*Deflate
	agreed        handshake.Deflate
	send, receive direction

	// kept is the compressor with its context, and past the window of what was
	// received. Both are nil until they are needed, and without takeover for ever.
	kept *compressor // under the message lock
	used bool        // kept was, since the last tick of the keepalive; same lock
	past *window     // the reader's
}

// newDeflation is nil if nothing was agreed on.
func newDeflation(d *Deflate, agreed handshake.Deflate, client bool) *deflation {
	server := direction{agreed.ServerNoContextTakeover, agreed.ServerMaxWindowBits}
	other := direction{agreed.ClientNoContextTakeover, agreed.ClientMaxWindowBits}
	if client {
		return &deflation{Deflate: d, agreed: agreed, send: other, receive: server}
	}
	return &deflation{Deflate: d, agreed: agreed, send: server, receive: other}
}

// threshold is the size from which messages are compressed.
func (d *deflation) threshold() int {
	switch {
	case d.Threshold != 0:
		return d.Threshold
	case d.send.forgets:
		return DefaultThreshold
	}
	return DefaultTakeoverThreshold
}

// level is the level for flate. A connection whose peer forbids takeover
// compresses as one that does not want it.
func (d *deflation) level() int {
	switch {
	case d.Level != 0:
		return d.Level
	case d.send.forgets || d.send.windowBits() < levelTakeoverMin:
		return levelAlone
	}
	return levelTakeover
}

// Deflate returns the parameters of permessage-deflate that both sides agreed
// on. ok is false if nothing is compressed on this connection.
func (c *Conn) Deflate() (agreed handshake.Deflate, ok bool) {
	if c.deflate == nil {
		return handshake.Deflate{}, false
	}
	return c.deflate.agreed, true
}

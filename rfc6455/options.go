package rfc6455

import (
	"crypto/rand"
	"io"
	"log/slog"
	"math"
	"time"
)

// The limits and times that hold when no option says otherwise.
const (
	DefaultMaxMessage       = 1 << 20 // bytes, after any decompression
	DefaultMaxFragments     = 131072
	DefaultHandshakeTimeout = 10 * time.Second
	DefaultWriteTimeout     = 30 * time.Second
	DefaultCloseTimeout     = 5 * time.Second
	DefaultKeepAlive        = 30 * time.Second
)

// Options are what both sides of a connection can choose. The zero value is
// safe to use: every limit and every timeout is then on, at the default.
//
// A connection goes on to look at the Options that it was made with, and does not
// copy them, so do not change them behind that. Any number of connections may
// share them. Options made for one request live as long as its connection, and so
// does what their functions hold, such as that request.
type Options struct {
	// Deflate, if set, offers or accepts the compression of messages. nil means
	// none.
	Deflate *Deflate

	// MaxMessage is the most bytes a received message may have, over all its
	// frames, and after it was decompressed. A longer one fails the connection with close code 1009, before
	// room is made for it. 0 means [DefaultMaxMessage], a negative value no
	// limit.
	MaxMessage int64

	// MaxFragments is the most frames a received message may have; one more
	// fails the connection with close code 1008. 0 means
	// [DefaultMaxFragments].
	MaxFragments int

	// HandshakeTimeout is how long the opening handshake may take, from the
	// first byte to the last. 0 means [DefaultHandshakeTimeout]. A deadline of
	// the context holds as well.
	HandshakeTimeout time.Duration

	// WriteTimeout is how long a peer may refuse to take what is sent to it
	// before the connection is cut. To keep deadlines cheap it is watched
	// coarsely: the wait is between half of it and all of it. 0 means
	// [DefaultWriteTimeout], a negative value no limit. A deadline of the
	// context holds as well.
	WriteTimeout time.Duration

	// CloseTimeout is how long a peer may take to answer a Close frame before
	// the connection is cut. 0 means [DefaultCloseTimeout].
	CloseTimeout time.Duration

	// KeepAlive finds dead peers. Each time it has passed, a peer that sent
	// nothing since the last time gets a Ping, and is cut off if it sends
	// nothing until the next time either: two to three times KeepAlive after
	// its last byte. Only while some goroutine waits to read is a peer judged.
	// 0 means [DefaultKeepAlive], a negative value turns it off.
	KeepAlive time.Duration

	// AllowLongLengths accepts payload lengths that are not in their shortest
	// form, which RFC 6455 section 5.2 forbids, from peers that cannot be
	// mended.
	AllowLongLengths bool

	// Group, if set, is told of the connection, so that a server can close all
	// of its connections together.
	Group *Group

	// Logger, if set, is told of handshakes that were refused and of
	// connections that failed because the peer broke a rule.
	Logger *slog.Logger

	// Rand is where masking keys and handshake keys come from. nil means
	// crypto/rand; anything else is for tests. It is read by one goroutine at
	// a time for each connection.
	Rand io.Reader
}

func (o *Options) maxMessage() uint64 {
	switch {
	case o.MaxMessage == 0:
		return DefaultMaxMessage
	case o.MaxMessage < 0:
		return maxSlice
	}
	return min(uint64(o.MaxMessage), maxSlice)
}

// maxSlice is a limit for those who want none: a message must fit in a slice,
// and on a 32-bit system not every announced length does.
const maxSlice = math.MaxInt - bufferSize

func (o *Options) maxFragments() uint32 {
	if o.MaxFragments <= 0 {
		return DefaultMaxFragments
	}
	return uint32(min(uint64(o.MaxFragments), math.MaxUint32))
}

func (o *Options) handshakeTimeout() time.Duration {
	return orDefault(max(o.HandshakeTimeout, 0), DefaultHandshakeTimeout)
}

func (o *Options) writeTimeout() time.Duration { return orDefault(o.WriteTimeout, DefaultWriteTimeout) }

func (o *Options) closeTimeout() time.Duration {
	return orDefault(max(o.CloseTimeout, 0), DefaultCloseTimeout)
}

func (o *Options) rand() io.Reader {
	if o.Rand == nil {
		return rand.Reader
	}
	return o.Rand
}

func (o *Options) keepAlive() time.Duration { return orDefault(o.KeepAlive, DefaultKeepAlive) }

// orDefault returns d, or the default if d is zero. A negative d stays: it
// turns the timeout off where that is allowed.
func orDefault(d, def time.Duration) time.Duration {
	if d == 0 {
		return def
	}
	return d
}

// Package libraries holds one server for each WebSocket library that is
// measured, each in the best way that its documentation shows, and two servers
// that know nothing of WebSocket, to compare with.
package libraries

import (
	"net"
	"net/http"
)

// A Job is what a server does with the messages it gets. The zero value echoes.
type Job struct {
	// Broadcast sends each message to all connections instead.
	Broadcast bool
	// Deflate is the compression to agree to: "", [NoTakeover] or [Takeover].
	Deflate string
	// Deadline gives each message that is sent a deadline of its own, or a
	// context that can be cancelled, where the library takes one.
	Deadline bool
	// MaxMessage raises the limit on received messages, in bytes, for libraries
	// whose own is lower. 0 leaves it.
	MaxMessage int64
	// Quiet says that the connections will do little, and memory counts. Where
	// a library documents a choice between memory and speed, this is it.
	Quiet bool
}

// The values of Job.Deflate.
const (
	NoTakeover = "no takeover" // each message on its own
	Takeover   = "takeover"    // the server compresses with context takeover
)

// A Library is one contestant.
type Library struct {
	Name  string
	Start func(Job) Server

	// Verbatim is set if frames come back as they were sent, mask and all.
	Verbatim bool
	// Deflates is set if it can compress, TakesOver if also with context
	// takeover.
	Deflates, TakesOver bool
	// Klauspost is set if it compresses with klauspost/compress, and not with
	// the standard library.
	Klauspost bool
	// Peer is set for the libraries of others: the best of them is what ours is
	// compared with.
	Peer bool
}

// A Server takes connections: Accept on a listener of its own, HTTP in a
// handler of net/http. A library that has only one of the ways leaves the other
// nil. Accept returns when it pleases.
type Server struct {
	Accept func(net.Conn)
	HTTP   http.HandlerFunc
}

// All are the contestants, ours first.
var All = []Library{
	{Name: "ws101", Start: ws101Serve, Deflates: true, TakesOver: true},
	{Name: "ws101-read", Start: ws101Read, Deflates: true, TakesOver: true},
	{Name: "ws101-klauspost", Start: ws101Klauspost, Deflates: true, TakesOver: true, Klauspost: true},
	{Name: "raw", Start: raw, Verbatim: true},
	{Name: "rawmsg", Start: rawMessages, Verbatim: true},
	{Name: "gorilla", Start: gorilla, Deflates: true, Peer: true},
	{Name: "coder", Start: coder, Deflates: true, TakesOver: true, Peer: true},
	{Name: "gobwas", Start: gobwas, Peer: true},
	{Name: "gobwas-low", Start: gobwasLow, Peer: true},
	{Name: "gobwas-min", Start: gobwasMin, Peer: true},
	{Name: "gws", Start: gwsServer, Deflates: true, TakesOver: true, Klauspost: true, Peer: true},
	{Name: "xnet", Start: xnet, Peer: true},
}

// Named returns the library of that name.
func Named(name string) (Library, bool) {
	for _, l := range All {
		if l.Name == name {
			return l, true
		}
	}
	return Library{}, false
}

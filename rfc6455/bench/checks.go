package main

import (
	"math/rand/v2"
	"time"

	"example.com/ws101/frames"
	"example.com/ws101/rfc6455/bench/libraries"
	"example.com/ws101/rfc6455/bench/load"
)

// A check is something that a server should refuse. What is not looked at costs
// nothing, so this belongs to the figures.
type check struct {
	name string
	wire []byte
}

var checks = makeChecks()

func makeChecks() []check {
	random := rand.New(rand.NewPCG(1, 2))
	text := frames.Header{Fin: true, Opcode: frames.Text}
	reserved := text
	reserved.Rsv1 = true
	longer := append([]byte{0x81, 0xfe, 0x00, 0x05, 0, 0, 0, 0}, "Hello"...)
	huge := frames.AppendHeader(nil, frames.Header{Fin: true, Opcode: frames.Binary, Masked: true, Length: 64 << 20})
	return []check{
		{"no mask", append([]byte{0x81, 0x05}, "Hello"...)},
		{"text that is not UTF-8", load.Frame(random, text, []byte("Hello \xff"))},
		{"a reserved bit", load.Frame(random, reserved, []byte("Hello"))},
		{"the rest of no message", load.Frame(random, frames.Header{Fin: true, Opcode: frames.Continuation}, []byte("Hello"))},
		{"a length longer than need be", longer},
		{"64 KiB of a message of 64 MiB", append(huge, make([]byte, 64<<10)...)},
	}
}

// ours is the library that the others are beside of.
const ours = "ws101"

// patience is how long a server has to refuse.
const patience = 500 * time.Millisecond

// checked tries every check on every library, once on ours and not on those
// that know nothing of WebSocket.
func checked(all []libraries.Library, cores cores) (table, error) {
	t := table{title: "What a server refuses, at its defaults", columns: []string{"It is sent"}}
	for _, c := range checks {
		t.rows = append(t.rows, []string{c.name})
	}
	for _, library := range all {
		if !library.Peer && library.Name != ours {
			continue
		}
		t.columns = append(t.columns, library.Name)
		for i, c := range checks {
			refuses, err := tryCheck(library, cores, c)
			if err != nil {
				return t, err
			}
			t.rows[i] = append(t.rows[i], map[bool]string{true: "refuses", false: "takes it"}[refuses])
		}
	}
	return t, nil
}

func tryCheck(library libraries.Library, cores cores, c check) (bool, error) {
	server, err := start(order{Library: library.Name}, cores)
	if err != nil {
		return false, err
	}
	defer server.stop()
	conn, err := load.Dial(server.addr, load.Opening{})
	if err != nil {
		return false, err
	}
	defer conn.Close()
	return conn.Refuses(c.wire, patience)
}

package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/rfc6455"
	"example.com/ws101/rfc6455/conformance/echo"
)

var update = flag.Bool("update", false, "measure, and write the table in README.md anew")

// mostGrowth is how much the peak of the server's memory may grow.
const mostGrowth = 8 << 20

// An attack is what one hostile client, or many, do to a server. On a
// server that does not compress, what needs compression is left out.
type attack struct {
	name    string
	deflate bool
	run     func(a *attacker)
}

var attacks = []attack{
	{"20 MB of pings", false, func(a *attacker) { a.flood(20<<20, frame(0x89, text(125))) }},
	{"100 MB of pings, and the pongs are not read", false, func(a *attacker) {
		a.deaf(100<<20, frame(0x89, text(125)))
	}},
	{"100 MB of pongs", false, func(a *attacker) { a.flood(100<<20, frame(0x8a, text(125))) }},
	{"10 MB of empty messages", false, func(a *attacker) { a.flood(10<<20, frame(0x81, "")) }},
	{"100 MB of messages of 1 MiB", false, func(a *attacker) { a.flood(100<<20, frame(0x82, text(1<<20))) }},
	{"messages of 60 KB, and the echoes are not read", false, func(a *attacker) { a.deaf(100<<20, frame(0x82, text(60_000))) }},
	{"empty fragments without end", false, func(a *attacker) { a.refused(frame(0x02, ""), frame(0x00, "")) }},
	{"fragments of one byte without end", false, func(a *attacker) { a.refused(frame(0x02, "a"), frame(0x00, "a")) }},
	{"1 MiB in fragments of 10 bytes, ten times", false, func(a *attacker) {
		a.flood(10<<20, frame(0x02, "")+strings.Repeat(frame(0x00, text(10)), 1<<20/10)+frame(0x80, ""))
	}},
	{"100 messages of 1 MiB announced, and not sent", false, func(a *attacker) {
		a.atOnce(100, func(c *client) { c.write(frame(0x82, text(1<<20))[:20]) })
	}},
	{"40 messages of 60 KB in the making", false, func(a *attacker) {
		a.atOnce(40, func(c *client) { c.write(frame(0x02, text(60_000))[:50_000]) })
	}},
	{"100 MB behind a Close", false, func(a *attacker) { a.refused(frame(0x88, "\x03\xe8"), text(1<<20)) }},
	{"200 handshakes of 1 MB", false, func(a *attacker) { a.heads(200, "GET / HTTP/1.1\r\nX: "+text(1<<20)) }},
	{"200 handshakes of 2,000 headers", false, func(a *attacker) {
		a.heads(200, "GET / HTTP/1.1\r\n"+strings.Repeat("X: y\r\n", 2000)+"\r\n")
	}},
	{"200 handshakes that stop in the middle", false, func(a *attacker) { a.heads(200, "GET / HTTP/1.1\r\nHost: x\r\n") }},
	{"a bomb: 90 KB for 90 MiB", true, func(a *attacker) { a.refused(frame(0xc2, bomb()), "") }},
	{"a bomb in fragments of 100 bytes", true, func(a *attacker) { a.refused(inFragments(bomb(), 100), "") }},
	{"100 bombs, one after the other", true, func(a *attacker) {
		for range 100 {
			a.refused(frame(0xc2, bomb()), "")
		}
	}},
	{"10 bombs at once", true, func(a *attacker) {
		a.atOnce(10, func(c *client) { c.writeAll(frame(0xc2, bomb())) })
	}},
	{"100 MiB of messages of 1 MiB, 1 KB each", true, func(a *attacker) { a.flood(110_000, frame(0xc2, packed(1<<20))) }},
	{"10 MB of empty compressed messages", true, func(a *attacker) { a.flood(10<<20, frame(0xc1, "\x00")) }},
	{"10 MB of blocks that hold nothing", true, func(a *attacker) {
		a.flood(10<<20, frame(0xc2, strings.Repeat("\x00\x00\x00\xff\xff", 1<<20/5)+"\x00"))
	}},
}

// What a hostile client does costs the server little memory: the peak of the
// built command, as the system counts it.
func TestPeakMemory(t *testing.T) {
	if (os.Getenv("WS101_FULL") == "" || testing.Short()) && !*update {
		t.Skip("takes some ten seconds; WS101_FULL=1 runs it, without -short")
	}
	if !canMeasure() {
		t.Skip("this system does not tell the peak of a process's memory in /proc")
	}
	program := build(t)
	var rows strings.Builder
	for _, tt := range attacks {
		cells := []string{"not accepted", ""}
		for i, flags := range [][]string{nil, {"-deflate"}} {
			if tt.deflate && flags == nil {
				continue
			}
			t.Run(strings.Join(append([]string{tt.name}, flags...), " "), func(t *testing.T) {
				grown := growth(t, program, tt, flags)
				for again := 0; again < 2 && grown >= mostGrowth; again++ {
					grown = min(grown, growth(t, program, tt, flags))
				}
				assert.Less(t, grown, mostGrowth)
				cells[i] = fmt.Sprintf("%.1f MiB", float64(grown)/(1<<20))
			})
		}
		fmt.Fprintf(&rows, "| %s | %s | %s |\n", tt.name, cells[0], cells[1])
	}
	checkTable(t, rows.String())
}

// growth is by how much an attack makes the peak of a new server grow. It is
// never twice the same: whether the garbage collector comes before or behind the
// peak is chance. So one that is too large is measured again, and the least
// counts.
func growth(t *testing.T, program string, on attack, flags []string) int {
	s := serveProcess(t, program, flags...)
	a := &attacker{t: t, addr: s.addr, deflate: flags != nil}
	a.alive() // so that what every first message costs is not counted
	before := s.peak()
	on.run(a)
	a.alive()
	return s.peak() - before
}

// checkTable compares the table in README.md with the rows, all but the
// figures, which are never twice the same.
func checkTable(t *testing.T, rows string) {
	const begin, end = "<!-- peak memory: go test ./rfc6455/conformance -run PeakMemory -update -->\n", "<!-- end of peak memory -->\n"
	page, err := os.ReadFile("README.md")
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(page), begin)
	require.True(t, ok, "the table has its place")
	was, after, ok := strings.Cut(rest, end)
	require.True(t, ok, "the table has an end")
	table := "| What clients do | without `-deflate` | with it |\n|---|---|---|\n" + rows
	if *update {
		require.NoError(t, os.WriteFile("README.md", []byte(before+begin+table+end+after), 0o644))
		return
	}
	assert.Equal(t, firstCells(table), firstCells(was), "the table is stale; the flag -update writes it anew")
}

func firstCells(table string) (cells []string) {
	for line := range strings.Lines(table) {
		cells = append(cells, strings.Split(line, "|")[1])
	}
	return cells
}

// attacker attacks one server.
type attacker struct {
	t       *testing.T
	addr    string
	deflate bool
}

// client is one connection behind its handshake, used as a raw socket.
type client struct {
	net.Conn
	t *testing.T
}

// patience is how long one attack may take.
const patience = 30 * time.Second

// dial opens a socket to the server.
func (a *attacker) dial() *client {
	nc, err := net.Dial("tcp", a.addr)
	require.NoError(a.t, err)
	require.NoError(a.t, nc.SetDeadline(time.Now().Add(patience)))
	a.t.Cleanup(func() { nc.Close() })
	return &client{nc, a.t}
}

// open does the handshake too.
func (a *attacker) open() *client {
	c := a.dial()
	opts := rfc6455.DialOptions{Options: rfc6455.Options{KeepAlive: -1}}
	if a.deflate {
		opts.Deflate = echo.Deflate()
	}
	_, _, err := rfc6455.Client(context.Background(), c, "ws://x/", &opts)
	require.NoError(a.t, err)
	require.NoError(a.t, c.SetDeadline(time.Now().Add(patience)))
	return c
}

// alive asserts that the server still echoes.
func (a *attacker) alive() {
	c := a.open()
	c.write(frame(0x81, "over") + goodbye)
	c.hearGoodbye()
}

// goodbye is a Close frame with the code 1000. A server's answer to it is
// bytes that end the connection.
var goodbye = frame(0x88, "\x03\xe8")

// hearGoodbye throws away what comes, up to the answer to a goodbye.
func (c *client) hearGoodbye() {
	assert.Equal(c.t, "88 02 03 e8", fmt.Sprintf("% x", c.readAll()))
	c.Close()
}

// write sends bytes; the server must take them.
func (c *client) write(s string) {
	_, err := c.Write([]byte(s))
	require.NoError(c.t, err)
}

// writeAll sends bytes, or as many as the server takes.
func (c *client) writeAll(s string) { c.Write([]byte(s)) }

// flood sends the unit over and over, n bytes in all, and throws away what comes
// back.
func (a *attacker) flood(n int, unit string) {
	c := a.open()
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		c.hearGoodbye()
	}()
	batch := bytes.Repeat([]byte(unit), 1+64_000/len(unit))
	for sent := 0; sent < n; sent += len(batch) {
		_, err := c.Write(batch)
		require.NoError(a.t, err)
	}
	c.write(goodbye)
	<-answered
}

// deaf sends the unit over and over, n bytes in all or until the server takes no
// more, and does not read.
func (a *attacker) deaf(n int, unit string) {
	c := a.open()
	batch := bytes.Repeat([]byte(unit), 1+64_000/len(unit))
	for sent := 0; sent < n; sent += len(batch) {
		require.NoError(a.t, c.SetWriteDeadline(time.Now().Add(500*time.Millisecond)))
		if _, err := c.Write(batch); err != nil {
			return
		}
	}
}

// refused sends first, and then the unit up to 100 MB, until the server ends
// the connection.
func (a *attacker) refused(first, unit string) {
	c := a.open()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.readAll()
	}()
	c.writeAll(first)
	if unit != "" {
		batch := bytes.Repeat([]byte(unit), 1+64_000/len(unit))
		for sent := 0; sent < 100<<20; sent += len(batch) {
			if _, err := c.Write(batch); err != nil {
				break
			}
		}
	}
	<-ended
	c.Close()
}

// atOnce opens n connections, does the same on all of them at the same time, and
// leaves them open until an echo shows that the server has seen it all.
func (a *attacker) atOnce(n int, do func(*client)) {
	clients := make([]*client, n)
	for i := range clients {
		clients[i] = a.open()
	}
	var wg sync.WaitGroup
	for _, c := range clients {
		wg.Go(func() { do(c) })
	}
	wg.Wait()
	a.alive()
	for _, c := range clients {
		c.Close()
	}
}

// heads begins n handshakes with these bytes, at the same time.
func (a *attacker) heads(n int, head string) {
	clients := make([]*client, n)
	var wg sync.WaitGroup
	for i := range clients {
		clients[i] = a.dial()
		wg.Go(func() { clients[i].writeAll(head) })
	}
	wg.Wait()
	a.alive()
	for _, c := range clients {
		c.Close()
	}
}

// readAll reads to the end of the connection, and returns the last four bytes.
func (c *client) readAll() []byte {
	const keep = 4
	buf := make([]byte, 64<<10)
	kept := 0
	for {
		n, err := c.Read(buf[kept:])
		kept = copy(buf, buf[max(0, kept+n-keep):kept+n])
		if err != nil {
			assert.False(c.t, errors.Is(err, os.ErrDeadlineExceeded), "the server has not ended the connection")
			return buf[:kept]
		}
	}
}

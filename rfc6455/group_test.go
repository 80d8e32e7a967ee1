package rfc6455

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
)

// member makes a connection in a group, and the peer at its other end.
func member(t *testing.T, g *Group) (*Conn, *peer) {
	o := quiet
	o.Group = g
	a, b := net.Pipe()
	t.Cleanup(func() { a.Close(); b.Close() })
	return server.conn(a, o), newPeer(t, b)
}

func TestGroupShutdown(t *testing.T) {
	goingAway := server.ownClose(frames.CloseGoingAway, "")
	answer := server.close(frames.CloseGoingAway, "")

	t.Run("it closes all with 1001 and waits for their answers", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var g Group
			served, p1 := member(t, &g)  // read by Serve
			read, p2 := member(t, &g)    // read by Read
			ignored, p3 := member(t, &g) // read by nobody
			assert.Equal(t, 3, g.Len())
			serving := serving(forever, served, Handler{})
			reading := startReading(read)
			done := make(chan error, 1)
			go func() { done <- g.Shutdown(forever) }()
			for i, p := range []*peer{p1, p2, p3} {
				assert.Equal(t, goingAway, p.heard(), "connection %d", i)
			}
			assert.Equal(t, 3, g.Len())
			time.Sleep(time.Second)
			p1.send(answer)
			p2.send(answer)
			synctest.Wait()
			assert.Equal(t, 1, g.Len())
			assert.Empty(t, done, "it waits for the third")
			p3.send(answer)
			assert.NoError(t, <-done)
			assert.Zero(t, g.Len())
			assert.True(t, asClose(t, <-serving).Clean)
			assert.True(t, reading.ended(t).Clean)
			assert.True(t, asClose(t, ignored.Err()).Clean)
		})
	})
	t.Run("those that do not answer are cut by their own timeout", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var g Group
			c, p := member(t, &g)
			served, p2 := member(t, &g)
			ended := serving(forever, served, Handler{})
			start := time.Now()
			assert.NoError(t, g.Shutdown(forever))
			assert.Equal(t, DefaultCloseTimeout, time.Since(start))
			assert.Equal(t, goingAway, p.heard())
			assert.True(t, p.hungUp())
			assert.True(t, p2.hungUp())
			assert.ErrorIs(t, c.Err(), errNoAnswer)
			assert.ErrorIs(t, <-ended, errNoAnswer)
		})
	})
	t.Run("the end of ctx cuts the rest", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var g Group
			c, p := member(t, &g)
			_, p2 := member(t, &g)
			ctx, cancel := context.WithTimeout(forever, time.Second)
			defer cancel()
			start := time.Now()
			done := make(chan error, 1)
			go func() { done <- g.Shutdown(ctx) }()
			p2.heard()
			p2.send(answer)
			assert.ErrorIs(t, <-done, context.DeadlineExceeded)
			assert.Equal(t, time.Second, time.Since(start))
			assert.Zero(t, g.Len())
			assert.True(t, p.hungUp())
			assert.False(t, asClose(t, c.Err()).Clean)
		})
	})
	t.Run("ctx has ended before", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var g Group
			c, _ := member(t, &g)
			ctx, cancel := context.WithCancel(forever)
			cancel()
			assert.ErrorIs(t, g.Shutdown(ctx), context.Canceled)
			<-c.Done()
			assert.Zero(t, g.Len())
		})
	})
	t.Run("an empty group", func(t *testing.T) {
		var g Group
		assert.NoError(t, g.Shutdown(forever))
		assert.NoError(t, g.Shutdown(forever), "twice")
	})
	t.Run("twice at the same time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var g Group
			_, p := member(t, &g)
			done := make(chan error, 2)
			for range 2 {
				go func() { done <- g.Shutdown(forever) }()
			}
			assert.Equal(t, goingAway, p.heard(), "6455-5.5.1-4: one Close frame")
			p.send(answer)
			assert.NoError(t, <-done)
			assert.NoError(t, <-done)
			assert.NoError(t, g.Shutdown(forever), "and once more")
		})
	})
	t.Run("the second call may have less patience", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var g Group
			_, p := member(t, &g)
			first := make(chan error, 1)
			go func() { first <- g.Shutdown(forever) }()
			p.heard()
			ctx, cancel := context.WithTimeout(forever, time.Second)
			defer cancel()
			start := time.Now()
			assert.ErrorIs(t, g.Shutdown(ctx), context.DeadlineExceeded)
			assert.NoError(t, <-first)
			assert.Equal(t, time.Second, time.Since(start))
		})
	})
	t.Run("a peer that does not even read is cut", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var g Group
			o := quiet
			o.Group = &g
			a, b := net.Pipe()
			defer b.Close()
			c := server.conn(a, o)
			ended := serving(forever, c, Handler{})
			stuck := make(chan error, 1)
			go func() { stuck <- c.Write(forever, Text, []byte("nobody takes this")) }()
			start := time.Now()
			assert.NoError(t, g.Shutdown(forever))
			assert.Equal(t, DefaultCloseTimeout, time.Since(start))
			assert.Error(t, <-stuck)
			asClose(t, <-ended)
		})
	})
	t.Run("a connection that ends by itself leaves the group", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var g Group
			c, _ := member(t, &g)
			c2, p2 := member(t, &g)
			c.CloseNow()
			assert.Equal(t, 1, g.Len())
			reading := startReading(c2)
			p2.nc.Close()
			reading.ended(t)
			assert.Zero(t, g.Len())
		})
	})
}

// Both ends of a connection, and several groups, can be in one process.
func TestGroupOfClients(t *testing.T) {
	var servers, clients Group
	a, b := loopback(t)
	s, c := connect(t, a, b, &AcceptOptions{Options: Options{Group: &servers}}, &DialOptions{Options: Options{Group: &clients}})
	go s.Read(forever)
	assert.Equal(t, 1, servers.Len())
	assert.Equal(t, 1, clients.Len())
	assert.NoError(t, clients.Shutdown(patient(t)))
	<-s.Done()
	assert.Zero(t, servers.Len())
	assert.Equal(t, frames.CloseGoingAway, asClose(t, s.Err()).Code)
	assert.Equal(t, frames.CloseGoingAway, asClose(t, c.Err()).Sent)
}

func TestGroupRefusesNewConnections(t *testing.T) {
	var g Group
	require.NoError(t, g.Shutdown(forever))
	opts := &AcceptOptions{Options: Options{Group: &g}}
	const sentence = "the server is shutting down"
	t.Run("on a raw connection", func(t *testing.T) {
		a, b := pipe(t)
		done := accepting(forever, a, opts)
		send(b, rfcRequest)
		requireRefusal(t, readAll(t, b), 503, sentence, "")
		assert.Equal(t, "9110-15.6.4", ruleOf(t, (<-done).err))
	})
	t.Run("under net/http", func(t *testing.T) {
		ch := make(chan accepted, 1)
		client := httpServer(t, upgrading(ch, opts))
		send(client, rfcRequest)
		requireRefusal(t, withoutDate(readAll(t, client)), 503, sentence, "")
		assert.Equal(t, "9110-15.6.4", ruleOf(t, (<-ch).err))
	})
	t.Run("a wrong request is told what is wrong with it all the same", func(t *testing.T) {
		a, b := pipe(t)
		done := accepting(forever, a, opts)
		send(b, strings.Replace(rfcRequest, "GET", "POST", 1))
		requireRefusal(t, readAll(t, b), 405, "", "")
		assert.Error(t, (<-done).err)
	})
	assert.Zero(t, g.Len())
}

// A connection whose handshake was under way when Shutdown was called gets its
// 101, and then 1001.
func TestGroupShutdownDuringAHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Group
		a, b := net.Pipe()
		defer b.Close()
		done := accepting(forever, a, &AcceptOptions{Options: Options{Group: &g}})
		send(b, rfcRequest)
		synctest.Wait() // the answer is being written
		down := make(chan error, 1)
		go func() { down <- g.Shutdown(forever) }()
		synctest.Wait()
		assert.Empty(t, down, "it waits for the handshake too")
		br := bufio.NewReader(b)
		resp, err := http.ReadResponse(br, nil)
		require.NoError(t, err)
		assert.Equal(t, 101, resp.StatusCode)
		acc := <-done
		require.NoError(t, acc.err)
		assert.Equal(t, server.ownClose(frames.CloseGoingAway, ""), tohex([]byte(receive(t, br, 4))))
		_, err = b.Write(server.close(frames.CloseGoingAway, ""))
		require.NoError(t, err)
		<-acc.conn.Done()
		assert.True(t, asClose(t, acc.conn.Err()).Clean)
		assert.NoError(t, <-down)
		assert.Zero(t, g.Len())
	})
}

// cancelledByWrite cancels a context as soon as something has been written.
type cancelledByWrite struct {
	net.Conn
	cancel context.CancelFunc
}

func (c cancelledByWrite) Write(p []byte) (int, error) {
	defer c.cancel()
	return c.Conn.Write(p)
}

// Once the client has read its 101 the connection is open on its side. A server
// that stops in this moment must say goodbye, and not cut it.
func TestContextEndsRightBehindTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		defer b.Close()
		ctx, cancel := context.WithCancel(forever)
		done := accepting(ctx, cancelledByWrite{a, cancel}, nil)
		send(b, rfcRequest)
		_, err := http.ReadResponse(bufio.NewReader(b), nil)
		require.NoError(t, err)
		acc := <-done
		require.NoError(t, acc.err)
		go acc.conn.Write(forever, Text, []byte("Hello"))
		assert.Equal(t, "\x81\x05Hello", receive(t, b, 7), "no deadline is left behind")
		acc.conn.CloseNow()
	})
}

// Whatever the order in which connections come and Shutdown is called, nobody
// is left behind.
func TestGroupRace(t *testing.T) {
	for range 20 {
		var g Group
		opts := &AcceptOptions{Options: Options{Group: &g}}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		var servers sync.WaitGroup
		servers.Go(func() {
			for {
				nc, err := l.Accept()
				if err != nil {
					return
				}
				servers.Go(func() {
					if c, _, err := Accept(forever, nc, opts); err == nil {
						c.Serve(forever, echoing)
					}
				})
			}
		})
		var clients sync.WaitGroup
		for i := range 8 {
			clients.Go(func() {
				nc, err := net.Dial("tcp", l.Addr().String())
				if !assert.NoError(t, err) {
					return
				}
				if i == 4 {
					go g.Shutdown(forever)
				}
				c, resp, err := Client(forever, nc, "ws://example.com/", nil)
				if err != nil {
					if assert.NotNil(t, resp, "%v", err) {
						assert.Equal(t, 503, resp.Status)
					}
					return
				}
				for err == nil {
					_, _, err = c.Read(forever)
				}
				assert.Equal(t, frames.CloseGoingAway, asClose(t, err).Code, "%v", err)
			})
		}
		clients.Wait()
		assert.NoError(t, g.Shutdown(patient(t)))
		l.Close()
		servers.Wait()
		assert.Zero(t, g.Len())
	}
}

// What a program does on Ctrl-C: the listener stops, then the connections are
// told, and the clients hear why.
func TestGroupAndHTTPServer(t *testing.T) {
	var g Group
	opts := &AcceptOptions{Options: Options{Group: &g}}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := Upgrade(w, r, opts); err == nil {
			c.Serve(forever, echoing)
		}
	})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	c, _, err := Dial(patient(t), "ws://"+l.Addr().String(), nil)
	require.NoError(t, err)
	requireEcho(t, c, "Hello")
	reading := startReading(c)
	require.NoError(t, srv.Shutdown(patient(t)), "which does not know of the connection")
	assert.ErrorIs(t, <-served, http.ErrServerClosed)
	assert.NoError(t, c.Err())
	require.NoError(t, g.Shutdown(patient(t)))
	e := reading.ended(t)
	assert.Equal(t, frames.CloseGoingAway, e.Code)
	assert.True(t, e.Remote)
	assert.True(t, e.Clean)
	assert.NotErrorIs(t, e, io.ErrUnexpectedEOF)
}

package editor

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"example.com/ws101/demos/wire"
	"example.com/ws101/frames"
	"example.com/ws101/handshake"
)

const (
	// handshakeTime is how long the way to the first frame may take, and
	// endTime that from the last Close frame to the end. Both take milliseconds.
	handshakeTime = 5 * time.Second
	endTime       = 5 * time.Second
	// mostAnswer is how many bytes of the server's answer are looked at.
	mostAnswer = 1 << 20
)

// Result is what came of a script.
type Result struct {
	// Conn is the number of the connection at the tap.
	Conn uint64 `json:"conn"`
	// Happened is what the server did, in order, as in [Demand].
	Happened []string `json:"happened"`
	// Frames are the frames that it sent, one line each.
	Frames []string `json:"frames"`
	// End says how the connection ended.
	End string `json:"end"`
	// Unsent is how many parts were not sent, since it had ended by then.
	Unsent int `json:"unsent"`
	// Demand is what it should have done.
	Demand Demand `json:"demand"`
}

// experiment is a connection to the echo, over which a script goes.
type experiment struct {
	conn   net.Conn
	heard  chan frames.Explanation // closed at the end
	frames int                     // heard so far
	end    error                   // why; to be read then
	result Result
}

// run sends a script over a connection of its own, and tells what came back.
//
// The server has spoken when it has ended the connection. If it does not, it gets
// a Close frame behind the script, as a client would end: what it sends before
// its answer to that is what it does about the script, however slow it is.
// Only a server that is left in the middle of a frame cannot be asked like that:
// it is said to wait if it is quiet for a while.
func (e *Editor) run(ctx context.Context, parts []part, d Demand) (*Result, error) {
	x, err := e.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		x.conn.Close()
		for range x.heard { // so that read can end
		}
	}()
	x.result.Demand = d
	if err := x.send(ctx, parts); err != nil {
		return nil, err
	}
	quiet := e.quiet
	if isCode(d.Outcomes[len(d.Outcomes)-1]) {
		quiet = endTime // it has to say something
	}
	ended, err := x.listen(ctx, quiet)
	if err != nil {
		return nil, err
	}
	asked := false
	if !ended && d.between {
		asked = true
		if _, err := x.conn.Write(goodbye); err == nil {
			if ended, err = x.listen(ctx, endTime); err != nil {
				return nil, err
			}
		}
	}
	x.conclude(ended, asked)
	return &x.result, nil
}

// goodbye is a Close frame with 1000, masked with 37 fa 21 3d.
var goodbye = []byte{0x88, 0x82, 0x37, 0xfa, 0x21, 0x3d, 0x37 ^ 0x03, 0xfa ^ 0xe8}

// connect opens a connection to the echo, through the tap.
func (e *Editor) connect(ctx context.Context) (*experiment, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	client, server, err := pair(ctx)
	if err != nil {
		return nil, err
	}
	at := client.LocalAddr().String()
	e.serve(wire.ServerConn(server, e.tap))
	x := &experiment{conn: client, heard: make(chan frames.Explanation, 16)}
	x.result.Happened, x.result.Frames = []string{}, []string{}
	for _, c := range e.tap.Conns() {
		if c.Client == at {
			x.result.Conn = c.Conn
		}
	}
	in, err := x.handshake(ctx)
	if err != nil {
		client.Close()
		return nil, err
	}
	go x.read(in)
	return x, nil
}

// pair returns the two ends of a TCP connection inside of this program.
func pair(ctx context.Context) (client, server net.Conn, err error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	defer l.Close()
	var d net.Dialer
	if client, err = d.DialContext(ctx, "tcp", l.Addr().String()); err != nil {
		return nil, nil, err
	}
	for {
		server, err = l.Accept()
		if err != nil {
			client.Close()
			return nil, nil, err
		}
		if server.RemoteAddr().String() == client.LocalAddr().String() {
			return client, server, nil
		}
		server.Close() // somebody else has found the port
	}
}

// serve has the echo serve one connection.
func (e *Editor) serve(conn net.Conn) {
	one := &oneConn{conns: make(chan net.Conn, 1), addr: conn.LocalAddr()}
	one.conns <- conn
	close(one.conns)
	s := &http.Server{Handler: e.echo, ReadHeaderTimeout: handshakeTime, MaxHeaderBytes: 16 << 10}
	go func() { _ = s.Serve(one) }() // it ends at once: there is no second one
}

// oneConn is a listener that brings a single connection.
type oneConn struct {
	conns chan net.Conn
	addr  net.Addr
}

func (l *oneConn) Accept() (net.Conn, error) {
	if conn, ok := <-l.conns; ok {
		return conn, nil
	}
	return nil, net.ErrClosed
}

func (l *oneConn) Close() error   { return nil }
func (l *oneConn) Addr() net.Addr { return l.addr }

// handshake opens the WebSocket. It returns where to read on.
func (x *experiment) handshake(ctx context.Context) (*bufio.Reader, error) {
	by, _ := ctx.Deadline()
	_ = x.conn.SetDeadline(by)
	address := &url.URL{Scheme: "ws", Host: x.conn.RemoteAddr().String(), Path: "/echo/ws"}
	key, err := handshake.NewKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	request, err := handshake.NewRequest(address, key, handshake.Offer{})
	if err != nil {
		return nil, err
	}
	if _, err := x.conn.Write(request.Append(nil)); err != nil {
		return nil, err
	}
	in := bufio.NewReader(x.conn)
	response, err := handshake.ReadResponse(in, handshake.Limits{})
	if err != nil {
		return nil, err
	}
	if err := response.Check(request); err != nil {
		return nil, fmt.Errorf("editor: the echo refused: %w", err)
	}
	_ = x.conn.SetDeadline(time.Time{})
	return in, nil
}

// read hears what the server says, until the end.
func (x *experiment) read(in io.Reader) {
	defer close(x.heard)
	var s frames.State
	var b []byte
	buf := make([]byte, 32<<10)
	total := 0
	for {
		n, err := in.Read(buf)
		b = append(b, buf[:n]...)
		if total += n; total > mostAnswer {
			err = errors.New("it sent more than is looked at here")
		}
		for {
			f := frames.Explain(b, s)
			if f.Missing > 0 {
				break
			}
			x.heard <- f
			s, b = f.Next, append([]byte(nil), b[len(f.Bytes):]...)
		}
		if err != nil {
			x.end = err
			return
		}
	}
}

// send sends the parts, and stops when the connection has ended.
func (x *experiment) send(ctx context.Context, parts []part) error {
	for i, p := range parts {
		ended, err := x.listenFor(ctx, p.delay)
		if err != nil {
			return err
		}
		if !ended {
			_ = x.conn.SetWriteDeadline(time.Now().Add(endTime))
			_, err = x.conn.Write(p.bytes)
		}
		if ended || err != nil {
			x.result.Unsent = len(parts) - i
			return nil
		}
	}
	return nil
}

// listenFor takes in what the server says during a time.
func (x *experiment) listenFor(ctx context.Context, d time.Duration) (ended bool, err error) {
	if d == 0 {
		return false, nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		select {
		case f, ok := <-x.heard:
			if !ok {
				return true, nil
			}
			x.hear(&f)
		case <-timer.C:
			return false, nil
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// listen takes in what the server says until it has ended the connection, or
// has been quiet for a time.
func (x *experiment) listen(ctx context.Context, quiet time.Duration) (ended bool, err error) {
	for {
		before := x.frames
		ended, err = x.listenFor(ctx, quiet)
		if ended || err != nil || x.frames == before {
			return ended, err
		}
	}
}

// hear takes note of a frame from the server.
func (x *experiment) hear(f *frames.Explanation) {
	const most = 64
	x.frames++
	if len(x.result.Frames) < most {
		x.result.Frames = append(x.result.Frames, f.String())
	}
	x.result.Happened = appendOutcome(x.result.Happened, f)
}

// appendOutcome adds what a frame from the server means, as in [Demand].
func appendOutcome(list []string, f *frames.Explanation) []string {
	switch h := f.Header; {
	case h.Opcode == frames.Pong:
		return append(list, Pong)
	case h.Opcode == frames.Close:
		code, _, _ := frames.ParseClose(f.Payload)
		return append(list, strconv.Itoa(int(code)))
	case !h.Opcode.IsControl() && h.Fin:
		return append(list, Echo)
	}
	return list
}

// conclude sums up. asked is set if the server was sent a Close frame that is no
// part of the script.
func (x *experiment) conclude(ended, asked bool) {
	r := &x.result
	last := len(r.Happened) - 1
	closed := last >= 0 && isCode(r.Happened[last])
	stayed := asked && closed && r.Happened[last] == "1000"
	switch {
	case stayed:
		r.Happened = r.Happened[:last]
		r.End = "The connection stayed open. The editor closed it with 1000, and the server answered."
	case !ended:
		r.End = "The connection stayed open, and nothing more came. The editor hung up."
	case x.end == io.EOF && closed:
		r.End = "The server ended the connection after its Close frame."
	case x.end == io.EOF:
		r.End = "The server ended the connection without a Close frame."
	default:
		r.End = "The connection broke: " + wire.Visible(x.end.Error()) + "."
	}
	switch {
	case len(r.Happened) > 0:
	case ended && !stayed:
		r.Happened = append(r.Happened, Gone)
	default:
		r.Happened = append(r.Happened, Nothing)
	}
}

func isCode(outcome string) bool { return outcome[0] >= '0' && outcome[0] <= '9' }

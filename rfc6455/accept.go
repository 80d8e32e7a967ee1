package rfc6455

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"example.com/ws101/handshake"
)

// AcceptOptions are the choices of a server. nil, or the zero value, accepts
// clients from the same origin, without a subprotocol.
type AcceptOptions struct {
	Options

	// Origin decides which web pages may connect. nil means
	// [handshake.SameOrigin]; see [handshake.AllowOrigins] for more, and
	// [handshake.AnyOrigin] for a server that lets every page in. Browsers
	// enforce nothing here: they tell the server which page asks, and only
	// the server can refuse it (RFC 6455 section 10.2).
	Origin func(*handshake.Request) error

	// Check, if set, decides further: about the path, a cookie, a token. A
	// [*handshake.Error] becomes the answer, with its status; any other error
	// is answered with 500.
	Check func(*handshake.Request) error

	// Subprotocols are those the server speaks, the preferred one first. The
	// first that the client offers too is chosen.
	Subprotocols []string

	// Header holds further fields for the 101. One that belongs to the
	// handshake itself is a mistake, and every request is answered with 500.
	Header handshake.Header
}

// Accept does the server's half of the opening handshake on a connection that
// has just been accepted, without net/http, and returns the request as well:
// it has the path, the cookies, and what else there is to know.
//
// A request that is not a correct handshake, or is not welcome, is answered
// with the fitting HTTP status (RFC 6455 section 4.2.2) and a sentence that
// says why, and nc is closed. The error is then a [*handshake.Error]. nc is
// closed on every other error too.
//
// If nc is a wrapper of another connection, give it that one's CloseWrite
// method: without it the last bytes before the end may be lost, since the
// server cannot end TCP in two steps.
//
// Accept waits for the client, up to [Options.HandshakeTimeout]: call it in the
// goroutine of the connection, not in the loop that accepts.
func Accept(ctx context.Context, nc net.Conn, opts *AcceptOptions) (*Conn, *handshake.Request, error) {
	if opts == nil {
		opts = &defaultAccept
	}
	done, err := limitHandshake(ctx, nc, &opts.Options)
	if err != nil {
		nc.Close()
		return nil, nil, err
	}
	br := getReader(nc)
	defer putReader(br)
	req, err := handshake.ReadRequest(br, handshake.Limits{})
	var answer *acceptance
	if err == nil {
		_, req.Secure = nc.(interface{ ConnectionState() tls.ConnectionState })
		answer, err = opts.judge(req)
	}
	if err != nil {
		opts.logRefusal(nc.RemoteAddr().String(), err)
		err = done(err)
		if err != io.EOF { // else nothing came, and nobody is there to read
			nc.SetDeadline(time.Now().Add(maxLinger))
			nc.Write(handshake.Refuse(err).Append(nil))
			endServer(nc, maxLinger)
		}
		nc.Close()
		return nil, nil, err
	}
	defer opts.Group.leave()
	_, err = nc.Write(answer.Append(nil))
	if err = done(err); err != nil {
		nc.Close()
		return nil, nil, err
	}
	// What the client sent right behind its request is part of the
	// conversation that begins now.
	early, _ := br.Peek(br.Buffered())
	return opts.open(nc, answer, early), req, nil
}

// defaultAccept is what nil stands for: one for all connections, since each goes on
// to look at its own.
var defaultAccept AcceptOptions

// Upgrade is [Accept] under net/http: it takes the connection over from the
// server that called the handler. After an error the answer has been written
// and the handler has only to return.
//
// The connection outlives the handler and the server's timeouts. The context of
// r does not: it ends when the handler returns, so a [Conn.Serve] that goes on
// in another goroutine needs another one.
func Upgrade(w http.ResponseWriter, r *http.Request, opts *AcceptOptions) (*Conn, error) {
	if opts == nil {
		opts = &defaultAccept
	}
	answer, err := opts.judge(handshake.FromHTTP(r))
	if err != nil {
		opts.logRefusal(r.RemoteAddr, err)
		refuseHTTP(w, r, handshake.Refuse(err))
		return nil, err
	}
	defer opts.Group.leave()
	nc, brw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "this server cannot hand its connections over", http.StatusInternalServerError)
		return nil, err
	}
	// This also takes away the server's own deadlines, meant for a request.
	done, err := limitHandshake(context.Background(), nc, &opts.Options)
	if err == nil {
		_, err = nc.Write(answer.Append(nil))
		err = done(err)
	}
	if err != nil {
		nc.Close()
		return nil, err
	}
	early, _ := brw.Reader.Peek(brw.Reader.Buffered())
	return opts.open(nc, answer, early), nil
}

// acceptance is the answer that accepts a request, and what it agrees to about
// compression.
type acceptance struct {
	*handshake.Response
	deflate *deflation
}

// judge accepts a request, or says why it is refused. A request that was accepted
// has entered the group.
func (o *AcceptOptions) judge(req *handshake.Request) (*acceptance, error) {
	if err := req.Check(o.Origin); err != nil {
		return nil, err
	}
	if o.Check != nil {
		if err := o.Check(req); err != nil {
			return nil, fromCheck(err)
		}
	}
	offered, err := req.Subprotocols()
	if err != nil {
		return nil, err
	}
	choice := handshake.Choice{
		Subprotocol: handshake.ChooseSubprotocol(offered, o.Subprotocols),
		Header:      o.Header,
	}
	deflate, err := o.chooseDeflate(req, &choice)
	if err != nil {
		return nil, err
	}
	answer, err := handshake.Accepted(req, choice)
	if err != nil {
		return nil, err
	}
	if !o.Group.enter() {
		return nil, &handshake.Error{
			Rule: "9110-15.6.4", Status: http.StatusServiceUnavailable,
			Text: "the server is shutting down; try again later",
		}
	}
	return &acceptance{answer, deflate}, nil
}

// chooseDeflate adds permessage-deflate to the choice, if both sides want it.
func (o *AcceptOptions) chooseDeflate(req *handshake.Request, choice *handshake.Choice) (*deflation, error) {
	if o.Deflate == nil {
		return nil, nil
	}
	if err := o.Deflate.check(); err != nil {
		return nil, fromCheck(err)
	}
	offered, err := req.Extensions()
	if err != nil {
		return nil, err
	}
	agreed, answer, ok := o.Deflate.wish(false).Answer(offered)
	if !ok {
		return nil, nil
	}
	choice.Extensions = []handshake.Extension{answer}
	return newDeflation(o.Deflate, agreed, false), nil
}

// fromCheck makes a [*handshake.Error] of what Check returned. A timeout of its
// own, say, is not one of the client's, as [handshake.Refuse] would take it.
func fromCheck(err error) error {
	var known *handshake.Error
	if errors.As(err, &known) {
		return err
	}
	return &handshake.Error{
		Status: http.StatusInternalServerError, Text: "the server failed to answer this request", Err: err,
	}
}

// open makes the connection once the 101 is on its way.
func (o *AcceptOptions) open(nc net.Conn, answer *acceptance, early []byte) *Conn {
	return newConn(nc, false, answer.Header.Get("Sec-WebSocket-Protocol"), answer.deflate, early, &o.Options)
}

func (o *AcceptOptions) logRefusal(remote string, err error) {
	if o.Logger != nil && err != io.EOF { // who sent nothing was refused nothing
		o.Logger.Warn("websocket: a handshake was refused", "remote", remote, "error", err)
	}
}

// refuseHTTP writes an answer by way of net/http.
//
// An HTTP/1.1 connection ends behind it. A proxy that does not wait for the 101
// takes what the client sends next for frames, and passes it on without a look,
// so it must not be served as another request. net/http ends the connection if
// "close" is the first of the Connection fields. An HTTP/2 connection is shared
// with other requests, and goes on.
func refuseHTTP(w http.ResponseWriter, r *http.Request, answer *handshake.Response) {
	header := w.Header()
	for _, f := range answer.Header {
		if f.Name != "Connection" {
			header.Add(f.Name, f.Value)
		}
	}
	if r.ProtoMajor == 1 {
		header.Set("Connection", "close")
		if answer.Header.HasToken("Connection", "Upgrade") {
			header.Add("Connection", "Upgrade")
		}
	}
	w.WriteHeader(answer.Status)
	w.Write(answer.Body)
}

// limitHandshake sets the handshake's deadline on nc, and lets ctx end it
// earlier. The function it returns takes both away again; it is given the
// handshake's error and returns what is to be told.
func limitHandshake(ctx context.Context, nc net.Conn, o *Options) (done func(error) error, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := nc.SetDeadline(time.Now().Add(o.handshakeTimeout())); err != nil {
		return nil, err
	}
	w := watch(ctx, nc, net.Conn.SetDeadline)
	return func(err error) error {
		w.stop()
		if err != nil {
			return contextError(ctx, err)
		}
		// The peer has its answer and takes the connection for open, so it is,
		// even if ctx ended a moment ago.
		return nc.SetDeadline(noDeadline)
	}, nil
}

// contextError is the error of ctx, if that is why a deadline was met.
func contextError(ctx context.Context, err error) error {
	if isTimeout(err) && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// readers are the buffers in which handshakes are read. A connection needs one
// for a moment only.
var readers = sync.Pool{New: func() any { return bufio.NewReader(nil) }}

func getReader(r io.Reader) *bufio.Reader {
	br := readers.Get().(*bufio.Reader)
	br.Reset(r)
	return br
}

func putReader(br *bufio.Reader) {
	br.Reset(nil)
	readers.Put(br)
}

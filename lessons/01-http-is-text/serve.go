package httptext

import (
	"bufio"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
)

// isRefused reports whether err says that the request is wrong. Other errors are those of
// the connection.
func isRefused(err error) bool {
	return slices.ContainsFunc([]error{errRequestLine, errField, errLineEnd, errLineTooLong, errTooManyFields, errBody},
		func(known error) bool { return errors.Is(err, known) })
}

// badRequest is the answer to a request that is refused.
func badRequest(err error) Response {
	return Response{400, "text/plain; charset=utf-8", err.Error() + "\n"}
}

// isLast reports whether no other request will follow on this connection: the client says
// so, or speaks HTTP/1.0.
func isLast(req Request) bool {
	return req.Proto == "HTTP/1.0" || strings.EqualFold(req.Fields["connection"], "close")
}

// Serve answers the requests of one client, one after the other, and closes the connection
// behind the last one.
//
// It returns nil when the client ends the connection between two requests, or when a
// request was the last one. A request that is refused gets badRequest as its answer, and
// is the last one, since nobody knows where the next one begins; Serve returns the error.
// So it does with an error of the connection, where nothing is answered.
func Serve(nc net.Conn, handle func(Request) Response) error {
	// lesson:begin Serve
	defer nc.Close()
	br := bufio.NewReader(nc)
	for {
		req, err := ReadRequest(br)
		if err == io.EOF {
			return nil
		}
		if isRefused(err) {
			nc.Write(AppendResponse(nil, badRequest(err)))
		}
		if err != nil {
			return err
		}
		if _, err := nc.Write(AppendResponse(nil, handle(req))); err != nil {
			return err
		}
		if isLast(req) {
			return nil
		}
	}
	// lesson:end
}

// ServeAll calls serve for each connection that a client opens, and waits for the next one
// at once. It returns the error of ln when there are no more.
func ServeAll(ln net.Listener, serve func(net.Conn)) error {
	// lesson:begin ServeAll
	for {
		nc, err := ln.Accept()
		if err != nil {
			return err
		}
		go serve(nc)
	}
	// lesson:end
}

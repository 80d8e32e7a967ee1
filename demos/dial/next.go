package dial

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"example.com/ws101/frames"
	"example.com/ws101/handshake"
	"example.com/ws101/rfc6455"
)

// whatNext says why there is no connection, and what to do about it.
func whatNext(err error, f flags) string {
	address := handshake.Address(f.url)
	var refused *rfc6455.HandshakeError
	var dns *net.DNSError
	var record tls.RecordHeaderError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &refused):
		return answered(refused)
	case errors.As(err, &dns) && dns.IsNotFound:
		return fmt.Sprintf("there is no host %s; check the name, or the network", f.url.Hostname())
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Sprintf("nothing listens on %s; start the server, or check the port", address)
	case errors.As(err, &certificate):
		return fmt.Sprintf("%v; if this is a test server of your own, add -insecure", err)
	case errors.As(err, &record):
		return fmt.Sprintf("%s does not speak TLS; try ws:// in place of wss://", address)
	case errors.Is(err, context.Canceled):
		return "stopped before the connection was open"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Sprintf("%s did not answer within %v; check host and port", address, rfc6455.DefaultHandshakeTimeout)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Sprintf("%s hung up without an answer; check that it serves WebSockets, and whether it wants wss://", address)
	}
	return err.Error()
}

// answered says what the server answered in place of a handshake, in its own
// words if it has any, and what that calls for.
func answered(refused *rfc6455.HandshakeError) string {
	r := refused.Response
	if r.Status == 101 {
		return "the server agreed, but wrongly: " + refused.Err.Error()
	}
	s := fmt.Sprintf("the server answered %d", r.Status)
	if r.Reason != "" {
		s += " " + r.Reason
	}
	if sentence := firstLine(r); sentence != "" {
		s += ": " + sentence
	}
	if next := remedy(r); next != "" {
		s = strings.TrimSuffix(s, ".") + "; " + next
	}
	return s
}

// remedy is what an answer other than 101 calls for, or "".
func remedy(r *handshake.Response) string {
	switch {
	case r.Status >= 300 && r.Status < 400:
		return "redirects are not followed, so dial " + redirected(r.Header.Get("Location"))
	case r.Status >= 200 && r.Status < 300:
		return "this is no WebSocket, so check the path"
	case r.Status == 401:
		return `log in with -H "Authorization: ..." or -H "Cookie: ..."`
	case r.Status == 403:
		return "if it takes certain pages only, name one with -origin"
	case r.Status == 404:
		return "check the path"
	case r.Status == 429 || r.Status == 503:
		return "try again later"
	}
	return ""
}

// firstLine is the first line of a body that is plain text.
func firstLine(r *handshake.Response) string {
	kind := r.Header.Get("Content-Type")
	if kind != "" && !strings.HasPrefix(kind, "text/plain") {
		return ""
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(r.Body)), "\n")
	const most = 300
	if len(line) > most {
		line = strings.ToValidUTF8(line[:most], "") + " …"
	}
	return strings.TrimSpace(line)
}

// redirected turns the address of a page into that of a WebSocket.
func redirected(location string) string {
	switch {
	case location == "":
		return "the new address, which it does not tell"
	case strings.HasPrefix(location, "http:"), strings.HasPrefix(location, "https:"):
		return "ws" + strings.TrimPrefix(location, "http")
	}
	return location
}

// ending is how a connection ended: a sentence, and the exit code.
func ending(err error) (string, int) {
	var e *rfc6455.CloseError
	if !errors.As(err, &e) {
		return err.Error(), exitClosed
	}
	said := e.Code.String()
	if e.Reason != "" {
		said += fmt.Sprintf(" (%s)", e.Reason)
	}
	var rule *frames.Error
	switch {
	case e.Clean && !e.Remote:
		return "closed with " + e.Sent.String(), exitOK
	case e.Clean:
		switch e.Code {
		case frames.CloseNormal, frames.CloseGoingAway, frames.CloseNoStatus:
			return "closed by the server with " + said, exitOK
		}
		return "closed by the server with " + said, exitClosed
	case errors.As(e.Err, &rule) && rule.Code == frames.CloseTooBig:
		return fmt.Sprintf("the server sent a message that is larger than -max-message allows; closed with %v", e.Sent), exitClosed
	case errors.As(e.Err, &rule):
		return fmt.Sprintf("the server broke a rule: %v; closed with %v", rule, e.Sent), exitClosed
	case errors.Is(e.Err, io.ErrUnexpectedEOF):
		return "the server hung up without a Close frame; -trace shows what came last", exitClosed
	case errors.Is(e.Err, context.Canceled):
		return "stopped in the middle of a message, and so without a Close frame", exitClosed
	case e.Err != nil:
		return "the connection broke: " + strings.TrimPrefix(e.Err.Error(), "rfc6455: "), exitClosed
	}
	return e.Error(), exitClosed
}

package peers_test

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
	"example.com/ws101/rfc6455"
	"example.com/ws101/rfc6455/conformance/peers"
)

// Our own library as the peer: it shows that the exchanges themselves are right,
// on a machine that has nothing else.

// options takes part in compression if the other side asks for it.
var options = rfc6455.Options{
	MaxMessage: peers.MaxMessage,
	Deflate:    &rfc6455.Deflate{SendTakeover: true, ReceiveTakeover: true, Threshold: -1},
}

var ours = peer{
	name: "ws101",
	client: func(ctx context.Context, t *testing.T, urls []string) <-chan peers.Report {
		reports := make(chan peers.Report)
		go func() {
			defer close(reports)
			for _, u := range urls {
				conn, _, err := rfc6455.Dial(ctx, u, &rfc6455.DialOptions{Options: options})
				if err != nil {
					reports <- peers.Report{Target: u, Error: err.Error()}
					continue
				}
				reports <- perform(ctx, conn, u)
			}
		}()
		return reports
	},
	server: func(ctx context.Context, t *testing.T) service {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { l.Close() })
		reports := make(chan peers.Report, 100)
		go func() {
			for {
				nc, err := l.Accept()
				if err != nil {
					return
				}
				conn, req, err := rfc6455.Accept(ctx, nc, &rfc6455.AcceptOptions{
					Options: options,
				})
				if err != nil {
					reports <- peers.Report{Error: err.Error()}
					continue
				}
				reports <- perform(ctx, conn, req.Target)
			}
		}()
		return service{"ws://" + l.Addr().String(), reports}
	},
	cannot: func(x *peers.Exchange) bool {
		return x.Kind == peers.TheirPing || x.Kind == peers.TheirFragments && x.Name != "their fragments: 1 MiB by 64 KiB"
	},
}

// perform does what a URL says, until the connection ends.
func perform(ctx context.Context, conn *rfc6455.Conn, target string) peers.Report {
	defer conn.CloseNow()
	u, err := url.Parse(target)
	if err != nil {
		return peers.Report{Target: target, Error: err.Error()}
	}
	query := u.Query()
	handler := rfc6455.Handler{Message: func(c *rfc6455.Conn, typ rfc6455.MessageType, p []byte) { c.Write(ctx, typ, p) }}
	switch u.Path {
	case "/fragments": // as large as the Writer makes them
		handler.Message = func(c *rfc6455.Conn, typ rfc6455.MessageType, p []byte) {
			if w, err := c.Writer(ctx, typ); err == nil {
				w.Write(p)
				w.Close()
			}
		}
	case "/close":
		code, _ := strconv.Atoi(query.Get("code"))
		if code == 0 {
			code = int(frames.CloseNoStatus)
		}
		conn.Close(frames.CloseCode(code), query.Get("reason"))
	}
	report := peers.Report{Target: u.RequestURI()}
	var closed *rfc6455.CloseError
	switch err := conn.Serve(ctx, handler); {
	case !errors.As(err, &closed):
		report.Error = err.Error()
	case !closed.Clean:
		report.Error = closed.Error()
	default:
		report.Code, report.Reason = closed.Code, closed.Reason
	}
	return report
}

func TestOurselves(t *testing.T) {
	xs := ours.possible(peers.Exchanges())
	t.Run("client", func(t *testing.T) { theyDial(t, &ours, xs, nil).check(t, xs) })
	t.Run("server", func(t *testing.T) { weDial(t, &ours, xs, nil).check(t, xs) })
	assert.NotEmpty(t, xs)
}

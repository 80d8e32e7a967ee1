package peers_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/websocket"

	"example.com/ws101/frames"
	"example.com/ws101/rfc6455/conformance/peers"
)

func xNet(*testing.T, ...string) *peer {
	return &peer{
		client: xNetClient,
		server: xNetServer,
		cannot: func(x *peers.Exchange) bool {
			return x.Kind == peers.OurFragments || x.Kind == peers.TheirFragments
		},
		limits: "each fragment is handed out as a message; Pongs and close codes are not",
	}
}

func xNetClient(ctx context.Context, t *testing.T, urls []string) <-chan peers.Report {
	reports := make(chan peers.Report)
	go func() {
		defer close(reports)
		for _, u := range urls {
			host, _, _ := strings.Cut(strings.TrimPrefix(u, "ws://"), "/")
			ws, err := websocket.Dial(u, "", "http://"+host)
			if err != nil {
				reports <- peers.Report{Target: u, Error: err.Error()}
				continue
			}
			reports <- xNetPerform(ws, u)
		}
	}()
	return reports
}

func xNetServer(ctx context.Context, t *testing.T) service {
	reports := make(chan peers.Report, 100)
	srv := httptest.NewServer(websocket.Handler(func(ws *websocket.Conn) {
		reports <- xNetPerform(ws, ws.Request().RequestURI)
	}))
	t.Cleanup(srv.Close)
	return service{"ws" + strings.TrimPrefix(srv.URL, "http"), reports}
}

// An xNetFrame is a frame that the package is given, or gives out, with its type.
type xNetFrame struct {
	opcode  frames.Opcode
	payload []byte
}

var xNetCodec = websocket.Codec{
	Marshal: func(v any) ([]byte, byte, error) {
		f := v.(xNetFrame)
		return f.payload, byte(f.opcode), nil
	},
	Unmarshal: func(p []byte, opcode byte, v any) error {
		*v.(*xNetFrame) = xNetFrame{frames.Opcode(opcode), p}
		return nil
	},
}

// xNetPerform does what a URL says, until the connection ends. Which close code
// came, the package does not tell.
func xNetPerform(ws *websocket.Conn, target string) peers.Report {
	defer ws.Close() // and answers our Close, with 1000
	ws.MaxPayloadBytes = peers.MaxMessage
	u, err := url.Parse(target)
	if err != nil {
		return peers.Report{Target: target, Error: err.Error()}
	}
	report := peers.Report{Target: u.RequestURI()}
	query := u.Query()
	switch u.Path {
	case "/ping":
		// The answer stays unseen, but is on the way before anything else.
		for _, f := range []xNetFrame{{frames.Ping, []byte(query.Get("payload"))}, {frames.Text, []byte(query.Get("payload"))}} {
			if err := xNetCodec.Send(ws, f); err != nil {
				report.Error = err.Error()
			}
		}
	case "/close":
		payload := []byte{}
		if code, err := strconv.ParseUint(query.Get("code"), 10, 16); err == nil {
			payload = append(binary.BigEndian.AppendUint16(payload, uint16(code)), query.Get("reason")...)
		}
		if err := xNetCodec.Send(ws, xNetFrame{frames.Close, payload}); err != nil {
			report.Error = err.Error()
		}
	}
	for {
		var f xNetFrame
		if err := xNetCodec.Receive(ws, &f); err != nil {
			if !errors.Is(err, io.EOF) {
				report.Error = err.Error()
			}
			return report
		}
		if err := xNetCodec.Send(ws, f); err != nil {
			report.Error = err.Error()
			return report
		}
	}
}

package peers_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/rfc6455/conformance/peers"
)

// patience is for all exchanges with one peer. They take a second or two,
// unless the machine has much else to do.
const patience = 2 * time.Minute

// A peer is an implementation that is put through the exchanges.
type peer struct {
	name string
	// client lets the peer connect to these URLs, one after the other, and
	// closes the channel of its reports when it has ended.
	client func(ctx context.Context, t *testing.T, urls []string) <-chan peers.Report
	// server starts a server, which runs until ctx ends.
	server func(ctx context.Context, t *testing.T) service
	// cannot says whether there is no way to do the exchange with this peer,
	// and limits tells in words what that is.
	cannot func(*peers.Exchange) bool
	limits string
	// extra, if set, is added to the query of an exchange.
	extra func(*peers.Exchange) string
	// traces is set if its reports have a trace of the frames.
	traces bool
	// deflate is what it can do about compression.
	deflate deflate
	// noWindow8 is set if it fails where it has to compress with a window of 8 bits.
	noWindow8 bool
}

// deflate is how much of permessage-deflate a peer has.
type deflate int

const (
	noDeflate   deflate = iota
	inflateOnly         // it reads what is compressed, and has no choices
	fullDeflate
)

// A service is a peer that runs as a server.
type service struct {
	url     string // without a path
	reports <-chan peers.Report
}

// A run is what an exchange has left: how it went for us, and for the peer.
type run struct {
	peers.Result
	report *peers.Report
}

// possible leaves out what the peer has no way to do.
func (p *peer) possible(xs []peers.Exchange) []peers.Exchange {
	var can []peers.Exchange
	for _, x := range xs {
		if p.cannot == nil || !p.cannot(&x) {
			if p.extra != nil {
				x.Task += p.extra(&x)
			}
			can = append(can, x)
		}
	}
	return can
}

// runs are those of one peer, by the number of the exchange.
type runs map[int]*run

// heard keeps a report.
func (r runs) heard(report peers.Report) error {
	x := r[report.Number()]
	if x == nil {
		return fmt.Errorf("the peer reports on %q: %s", report.Target, report.Error)
	}
	x.report = &report
	return nil
}

// check fails the test for the exchanges that went wrong, and counts the others.
func (r runs) check(t *testing.T, xs []peers.Exchange) peers.Passed {
	t.Helper()
	passed := peers.Passed{}
	var failures []string
	for i := range xs {
		x := &xs[i]
		switch one := r[x.Number()]; {
		case one.Err != nil && one.report != nil && one.report.Error != "":
			failures = append(failures, fmt.Sprintf("%s: %v; the peer: %s", x.Name, one.Err, one.report.Error))
		case one.Err != nil:
			failures = append(failures, fmt.Sprintf("%s: %v", x.Name, one.Err))
		case one.report == nil:
			failures = append(failures, x.Name+": no report from the peer")
		case x.CheckReport(one.report) != nil:
			failures = append(failures, fmt.Sprintf("%s: the peer: %v", x.Name, x.CheckReport(one.report)))
		default:
			passed[x.Kind]++
		}
	}
	assert.Empty(t, failures, strings.Join(failures, "\n"))
	return passed
}

func newRuns(xs []peers.Exchange) runs {
	r := runs{}
	for i := range xs {
		r[xs[i].Number()] = &run{Result: peers.Result{Exchange: &xs[i], Err: fmt.Errorf("the peer did not come")}}
	}
	return r
}

// theyDial lets the peer be the client of our server, under TLS if secure is set.
func theyDial(t *testing.T, p *peer, xs []peers.Exchange, secure *tls.Config) runs {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r := newRuns(xs)
	var urls []string
	var stops []func()
	for len(xs) > 0 { // a server for each choice of compression
		n := slices.IndexFunc(xs, func(x peers.Exchange) bool { return x.Deflate != xs[0].Deflate })
		if n < 0 {
			n = len(xs)
		}
		base, stop := serve(ctx, t, r, xs[:n], secure)
		for _, x := range xs[:n] {
			urls = append(urls, base+x.Task)
		}
		stops = append(stops, stop)
		xs = xs[n:]
	}
	for report := range p.client(ctx, t, urls) {
		assert.NoError(t, r.heard(report))
	}
	for _, stop := range stops {
		stop()
	}
	return r
}

// serve starts our server. stop ends it, and keeps the results.
func serve(ctx context.Context, t *testing.T, r runs, xs []peers.Exchange, secure *tls.Config) (base string, stop func()) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	base = "ws://" + l.Addr().String()
	if secure != nil {
		base = "wss://" + l.Addr().String()
		l = tls.NewListener(l, secure)
	}
	server := peers.NewServer(xs)
	done := make(chan struct{})
	go func() { server.Serve(ctx, l); close(done) }()
	return base, func() {
		l.Close()
		<-done
		for len(server.Results()) > 0 {
			result := <-server.Results()
			r[result.Exchange.Number()].Result = result
		}
	}
}

// weDial lets the peer be the server of our client, under TLS if secure is set.
func weDial(t *testing.T, p *peer, xs []peers.Exchange, secure *tls.Config) runs {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	there := p.server(ctx, t)
	r := newRuns(xs)
	for i := range xs {
		x := &xs[i]
		nc, err := connect(ctx, there.url, secure)
		require.NoError(t, err)
		one := r[x.Number()]
		one.Tap, one.Err = x.Dial(ctx, nc, there.url)
		if one.Tap == nil {
			continue
		}
		select {
		case report, ok := <-there.reports:
			require.True(t, ok, "%s: the peer has ended", x.Name)
			assert.NoError(t, r.heard(report))
		case <-ctx.Done():
			require.NoError(t, ctx.Err(), "%s: waiting for the report", x.Name)
		}
	}
	return r
}

func connect(ctx context.Context, base string, secure *tls.Config) (net.Conn, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	if secure == nil {
		return new(net.Dialer).DialContext(ctx, "tcp", u.Host)
	}
	return (&tls.Dialer{Config: secure}).DialContext(ctx, "tcp", u.Host)
}

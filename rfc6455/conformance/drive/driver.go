// Package drive takes a WebSocket client through a test suite that plays the
// server, in the protocol of the public Autobahn suite's fuzzing server.
//
// That protocol is made of WebSocket connections only. One to /getCaseCount
// gets the number of cases, as a text message. One to /runCase for each case is
// the case itself: the client sends back every message, until the server closes.
// One to /updateReports makes the server write its report.
package drive

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"example.com/ws101/frames"
	"example.com/ws101/rfc6455"
	"example.com/ws101/rfc6455/conformance/echo"
)

// Driver is a run through a suite.
type Driver struct {
	// URL is the server, without a query. The paths of the protocol are added.
	URL *url.URL
	// Agent is the name under which the report will show the client.
	Agent string
	// MaxMessage is the largest message that is echoed, as in
	// [rfc6455.Options].
	MaxMessage int64
	// Deflate, if set, is offered in every case, as in [rfc6455.Options].
	Deflate *rfc6455.Deflate
	// Begin, if set, is called before each case, with its number, from 1.
	Begin func(n, of int)
	// Failed, if set, is told of each case that could not be run.
	Failed func(n int, err error)
}

// Result counts cases. What the server thinks of them is in its report.
type Result struct {
	Cases  int // how many the server has
	Ran    int // how many were begun
	Failed int // how many of those could not be run
}

const (
	// maxCases is more than any suite has; a larger count is a mistake.
	maxCases = 100_000
	// askTime is how long the server may take to answer a question, and
	// caseTime how long a case may take: the longest ones of the public suite
	// send for a minute or two.
	askTime  = time.Minute
	caseTime = 10 * time.Minute
)

// Run goes through all cases. A case that cannot be run, because the
// connection is not opened, or not ended within ten minutes, does not end the
// run. How an opened connection ends is the case's own matter and no failure.
//
// The error says why the run itself could not begin or end: the server cannot
// be reached, its count is none, the report could not be asked for, or ctx has
// ended, whose error is then wrapped.
func (d *Driver) Run(ctx context.Context) (Result, error) {
	var r Result
	var err error
	if r.Cases, err = d.count(ctx); err != nil {
		return r, fmt.Errorf("the number of cases: %w", err)
	}
	for n := 1; n <= r.Cases; n++ {
		if err := ctx.Err(); err != nil {
			return r, err
		}
		if d.Begin != nil {
			d.Begin(n, r.Cases)
		}
		r.Ran++
		err := d.run(ctx, n)
		if ctx.Err() != nil {
			return r, ctx.Err()
		}
		if err != nil {
			r.Failed++
			if d.Failed != nil {
				d.Failed(n, err)
			}
		}
	}
	if err := d.report(ctx); err != nil {
		return r, fmt.Errorf("the report: %w", err)
	}
	return r, nil
}

// count asks for the number of cases.
func (d *Driver) count(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	conn, err := d.dial(ctx, "/getCaseCount", nil)
	if err != nil {
		return 0, err
	}
	defer conn.CloseNow()
	t, p, err := conn.Read(ctx)
	if err != nil {
		return 0, err
	}
	if t != rfc6455.Text {
		return 0, fmt.Errorf("it came in a %v message, and it has to be text", t)
	}
	n, err := strconv.ParseUint(string(p), 10, 32)
	if err != nil || n > maxCases {
		return 0, fmt.Errorf("%.40q is not a number from 0 to %d", p, maxCases)
	}
	// The server closes next, and it does no harm if we do so too. Nothing is
	// owed, so how that goes does not matter.
	_ = conn.Close(frames.CloseNormal, "")
	return int(n), nil
}

// run runs one case.
func (d *Driver) run(ctx context.Context, n int) error {
	limit, cancel := context.WithTimeout(ctx, caseTime)
	defer cancel()
	conn, err := d.dial(limit, "/runCase", url.Values{"case": {strconv.Itoa(n)}, "agent": {d.Agent}})
	if err != nil {
		return err
	}
	defer conn.CloseNow()
	_ = conn.Serve(limit, echo.Handler)
	if limit.Err() != nil && ctx.Err() == nil {
		return fmt.Errorf("the server did not end it within %v", caseTime)
	}
	return nil
}

// report makes the server write its report. It closes when it is done.
func (d *Driver) report(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	conn, err := d.dial(ctx, "/updateReports", url.Values{"agent": {d.Agent}})
	if err != nil {
		return err
	}
	defer conn.CloseNow()
	_ = conn.Serve(ctx, rfc6455.Handler{})
	return ctx.Err()
}

func (d *Driver) dial(ctx context.Context, path string, query url.Values) (*rfc6455.Conn, error) {
	u := d.URL.JoinPath(path)
	u.RawQuery = query.Encode()
	conn, _, err := rfc6455.Dial(ctx, u.String(), &rfc6455.DialOptions{
		Options: rfc6455.Options{MaxMessage: d.MaxMessage, Deflate: d.Deflate},
	})
	return conn, err
}

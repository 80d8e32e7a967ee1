package measure

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

// bareTime is for how long each client asks the bare server, and at least once.
const bareTime = 2 * time.Second

// bareTag is the version of what the bare server has.
const bareTag = `"bare"`

// bare answers each request as one for which there is no news, and does nothing else.
func bare(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("ETag", bareTag)
	w.WriteHeader(http.StatusNotModified)
}

// measureRequest returns the processor time of one request to net/http, in microseconds, or nil where
// it is not measured: as many clients ask as often as those of polling do, with the same header
// fields, and nothing is done for the answer. It is the floor below polling. The pace counts:
// a server that falls asleep between two requests pays for waking up, too.
func (f flags) measureRequest(ctx context.Context, start func() (*server, error)) (*float64, error) {
	s, err := start()
	if err != nil {
		return nil, err
	}
	defer s.end()
	a, err := s.ask(askBare)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop() // closes the connections
	l := &load{addr: a.Addr}
	clients := make([]*exchange, f.clients)
	for i := range clients {
		c := &client{load: l, me: "measured", wait: f.poll * time.Duration(i) / time.Duration(f.clients)}
		if clients[i], err = c.open(ctx); err != nil {
			return nil, err
		}
		if err := clients[i].askBare(); err != nil {
			return nil, err
		}
	}
	rounds := max(1, int(bareTime/f.poll))
	before, err := s.ask(askCPU)
	if err != nil {
		return nil, err
	}
	ended := make(chan error, len(clients))
	for _, x := range clients {
		go func() {
			wait := x.client.wait // they do not ask all at once
			var err error
			for i := 0; i < rounds && err == nil; i++ {
				if err = pause(ctx, wait); err == nil {
					err = x.askBare()
				}
				wait = f.poll
			}
			ended <- err
		}()
	}
	for range clients {
		if err := <-ended; err != nil {
			return nil, err
		}
	}
	after, err := s.ask(askCPU)
	if err != nil || after.CPU < 0 {
		return nil, err
	}
	us := microseconds(after.CPU-before.CPU) / float64(len(clients)*rounds)
	return &us, nil
}

// pause waits for d. The error is that of ctx, if it ends before.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// askBare asks the bare server once, as the page of polling asks when it has the latest.
func (x *exchange) askBare() error {
	response, err := x.fetch("polling", "If-None-Match: "+bareTag+"\r\n")
	if err == nil && response.StatusCode != http.StatusNotModified {
		err = fmt.Errorf("the bare server answered %s", response.Status)
	}
	return err
}

// bare serves a handler that does nothing, at an address of its own, until close.
func (s *self) bare() (answer, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return answer{}, err
	}
	s.close()
	s.bareServer = &http.Server{Handler: http.HandlerFunc(bare)}
	go func(server *http.Server) { _ = server.Serve(listener) }(s.bareServer)
	return answer{Addr: listener.Addr().String()}, nil
}

// close ends what bare has begun.
func (s *self) close() {
	if s.bareServer != nil {
		_ = s.bareServer.Close()
	}
}

package measure

import (
	"context"
	"path/filepath"
	"time"
)

const (
	warmClients = 20 // make the server load what it needs once
	warmEvents  = 3
	// settle is how long after the last event everything has come to rest: the last requests are
	// held again, the last connections are closed.
	settle = 300 * time.Millisecond
	// patience is how long after the last vote an event may come that is only late, and not lost.
	patience = 10 * time.Second
)

// technique measures one technique on a server.
func (f flags) technique(ctx context.Context, t technique, s *server, p *progress) (Result, error) {
	p.say("%s: warming up", t.title)
	warm := f
	warm.poll = min(f.poll, 100*time.Millisecond)
	warm.every = min(f.every, 20*time.Millisecond)
	l, err := warm.open(ctx, t, s.addr, min(f.clients, warmClients), warmEvents)
	if err != nil {
		return Result{}, err
	}
	err = l.vote(ctx, func(int) {})
	if err == nil {
		err = l.await(ctx, l.done, patience)
	}
	l.end()
	if err != nil {
		return Result{}, err
	}
	time.Sleep(settle)
	return f.followed(ctx, t, s, p)
}

// followed measures a server that is warm, and idle.
func (f flags) followed(ctx context.Context, t technique, s *server, p *progress) (Result, error) {
	idle, err := s.ask(askMemory)
	if err != nil {
		return Result{}, err
	}
	p.say("%s: opening %d clients", t.title, f.clients)
	l, err := f.open(ctx, t, s.addr, f.clients, f.events)
	if err != nil {
		return Result{}, err
	}
	defer l.end()
	time.Sleep(settle)
	if f.profile != "" {
		if _, err := s.ask(askProfile + " " + filepath.Join(f.profile, t.name)); err != nil {
			return Result{}, err
		}
	}
	opened := l.sums()
	before, err := s.ask(askCPU)
	if err != nil {
		return Result{}, err
	}
	if err := l.vote(ctx, func(n int) { p.say("%s: vote %d of %d", t.title, n, f.events) }); err != nil {
		return Result{}, err
	}
	// Who has not got everything by then has lost it, and that is a result.
	if err := l.await(ctx, l.done, f.poll+patience); err != nil && err != errTime {
		return Result{}, err
	}
	time.Sleep(settle)
	after, err := s.ask(askCPU)
	if err != nil {
		return Result{}, err
	}
	all := l.sums()
	if f.profile != "" {
		if _, err := s.ask(askDone); err != nil {
			return Result{}, err
		}
	}
	waiting, err := s.ask(askMemory)
	if err != nil {
		return Result{}, err
	}
	l.end()
	return l.result(t, opened, all, costs{before, after, idle, waiting}), nil
}

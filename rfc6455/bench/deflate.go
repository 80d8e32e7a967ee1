package main

import (
	"fmt"
	"time"

	"example.com/ws101/rfc6455/bench/libraries"
	"example.com/ws101/rfc6455/bench/load"
)

func deflates(l libraries.Library) bool { return l.Deflates }

// deflateCells echo compressed messages, each on its own.
func deflateCells() []cell {
	var all []cell
	for _, size := range []int{1 << 10, 16 << 10} {
		for _, conns := range []int{1, 64} {
			all = append(all, deflateCell(size, conns))
		}
	}
	return all
}

func deflateCell(size, conns int) cell {
	return cell{
		name:      fmt.Sprintf("deflate/text/%s/%dconns/1out", sizeName(size), conns),
		takesPart: deflates,
		longer:    100 * time.Millisecond,
		measure: func(lab lab, library libraries.Library) (values, error) {
			messages := load.Compressed(size, 1)
			o := order{Library: library.Name, Job: libraries.Job{Deflate: libraries.NoTakeover}}
			var share float64
			// The warm-up, too, begins with nothing known of how the server
			// compresses.
			var script *load.Script
			run := func(conns []*load.Conn, _ *load.Script, d time.Duration) (int, error) {
				if script == nil {
					var err error
					if script, share, err = messages.Learn(conns[0]); err != nil {
						return 0, err
					}
				}
				return load.Run(conns, script, d)
			}
			v, err := measureCPU(lab, o, load.Opening{Extensions: load.OfferNoTakeover}, conns, nil, run)
			if err == nil {
				v[percent] = 100 * share
			}
			return v, err
		},
	}
}

// takeoverCells are what it costs and gains that the server compresses a
// message with those before it, beside the same without.
func takeoverCells() []cell {
	var all []cell
	for _, size := range []int{200, 1 << 10, 16 << 10} {
		for _, job := range []string{libraries.NoTakeover, libraries.Takeover} {
			all = append(all, takeoverCell(size, job))
		}
	}
	return all
}

// window is how far back compression can look: what is sent again has to be
// further away, or it would be found there.
const window = 32 << 10

// takeoverConns is how many connections hold what takeover makes them hold.
const takeoverConns = 100

func takeoverCell(size int, job string) cell {
	name, offer := "none", load.OfferNoTakeover
	if job == libraries.Takeover {
		name, offer = "server", load.OfferTakeover
	}
	return cell{
		name: fmt.Sprintf("takeover/%s/%s", name, sizeName(size)),
		takesPart: func(l libraries.Library) bool {
			return l.Deflates && (job == libraries.NoTakeover || l.TakesOver)
		},
		longer: time.Second,
		measure: func(lab lab, library libraries.Library) (values, error) {
			server, err := start(order{Library: library.Name, Job: libraries.Job{Deflate: job}}, lab.cores)
			if err != nil {
				return nil, err
			}
			defer server.stop()
			messages := load.Compressed(size, max(16, 4*window/size))
			return measureTakeover(lab, server, load.Opening{Extensions: offer}, messages)
		},
	}
}

func measureTakeover(lab lab, server *process, opening load.Opening, messages *load.Messages) (values, error) {
	first, err := load.Dial(server.addr, opening)
	if err != nil {
		return nil, err
	}
	defer first.Close()
	in := messages.Listen(first)
	if _, err := in.For(lab.warmUp()); err != nil {
		return nil, err
	}
	cpuBefore, err := server.cpu()
	if err != nil {
		return nil, err
	}
	n, err := in.For(lab.time)
	if err != nil {
		return nil, err
	}
	cpuAfter, err := server.cpu()
	if err != nil {
		return nil, err
	}
	_, before, err := server.memory()
	if err != nil {
		return nil, err
	}
	conns, err := load.DialAll(server.addr, opening, lab.conns(takeoverConns))
	if err != nil {
		return nil, err
	}
	defer load.CloseAll(conns)
	for _, c := range conns {
		if _, err := messages.Listen(c).For(0); err != nil { // each message once
			return nil, err
		}
	}
	_, after, err := server.memory()
	if err != nil {
		return nil, err
	}
	return values{
		cpu:     float64(cpuAfter-cpuBefore) / float64(n),
		percent: 100 * in.Share(),
		used:    float64(after-before) / float64(len(conns)),
	}, nil
}

package main

import (
	"fmt"
	"time"

	"example.com/ws101/frames"
	"example.com/ws101/rfc6455/bench/libraries"
	"example.com/ws101/rfc6455/bench/load"
)

// idleCells hold many connections that do nothing, and then after each has had
// one message.
func idleCells() []cell {
	return []cell{
		idleCell("idle/raw", false, false, 2*time.Second),
		idleCell("idle/http", true, false, 3*time.Second),
		idleCell("idle/tls", false, true, 20*time.Second),
	}
}

func idleCell(name string, behindHTTP, withTLS bool, longer time.Duration) cell {
	return cell{
		name: name,
		takesPart: func(l libraries.Library) bool {
			return plain(l) && !isRaw(l) && (behindHTTP || l.Start(libraries.Job{}).Accept != nil)
		},
		longer:  longer,
		untimed: true,
		measure: func(lab lab, library libraries.Library) (values, error) {
			return measureIdle(lab, order{
				Library: library.Name, HTTP: behindHTTP, TLS: withTLS, Job: libraries.Job{Quiet: true},
			})
		},
	}
}

func isRaw(l libraries.Library) bool { return l.Verbatim }

// otherFiles is how many a process needs beside its connections.
const otherFiles = 64

func measureIdle(lab lab, o order) (values, error) {
	most, err := mostFiles()
	if err != nil {
		return nil, err
	}
	if lab.idle > most-otherFiles {
		return nil, fmt.Errorf("a process may have %d files open here, too few for %d connections: raise it with ulimit -n, or take fewer with -idle", most, lab.idle)
	}
	server, err := start(o, lab.cores)
	if err != nil {
		return nil, err
	}
	defer server.stop()
	opening := load.Opening{TLS: o.TLS}
	script := load.Echo(frames.Text, 125, 1, false)
	// What the first connections of a process cost once is not counted.
	first, err := load.DialAll(server.addr, opening, 16)
	if err != nil {
		return nil, err
	}
	err = load.Once(first, script)
	load.CloseAll(first)
	if err != nil {
		return nil, err
	}
	_, before, err := server.memory()
	if err != nil {
		return nil, err
	}
	conns, err := load.DialAll(server.addr, opening, lab.idle)
	if err != nil {
		return nil, err
	}
	defer load.CloseAll(conns)
	if err := server.joined(len(first) + len(conns)); err != nil {
		return nil, err
	}
	freshAsIs, freshCollected, err := server.memory()
	if err != nil {
		return nil, err
	}
	if err := load.Once(conns, script); err != nil {
		return nil, err
	}
	usedAsIs, usedCollected, err := server.memory()
	if err != nil {
		return nil, err
	}
	each := func(bytes int64) float64 { return float64(bytes-before) / float64(lab.idle) }
	return values{
		fresh: each(freshCollected), freshGarbage: each(freshAsIs),
		used: each(usedCollected), usedGarbage: each(usedAsIs),
	}, nil
}

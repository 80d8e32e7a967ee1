package main

import (
	"fmt"
	"time"

	"example.com/ws101/frames"
	"example.com/ws101/rfc6455/bench/libraries"
)

// A cell is one thing that is measured, for each of the libraries that take
// part.
type cell struct {
	name      string // what -run looks at
	takesPart func(libraries.Library) bool
	// measure is one phase: it starts a server of its own and ends it.
	measure func(lab, libraries.Library) (values, error)
	// longer is what a phase takes beside the time that is measured, about.
	longer time.Duration
	// untimed is set if nothing is measured for a time.
	untimed bool
}

// values are what one phase has found, by metric.
type values map[string]float64

// The metrics.
const (
	cpu          = "CPU ns per message"
	allocs       = "allocations per message"
	fresh        = "resident bytes per connection, fresh"
	used         = "resident bytes per connection, after a message"
	freshGarbage = "resident bytes per connection, fresh, with the garbage there is"
	usedGarbage  = "resident bytes per connection, after a message, with the garbage there is"
	percent      = "percent of the payload that is sent"
)

// A lab is what all phases of a run share.
type lab struct {
	cores cores
	time  time.Duration // that a phase is measured for
	idle  int           // connections that do nothing
	most  int           // connections, where a cell has more; 0 in all but tests
}

// conns is how many connections a cell gets that has n.
func (l lab) conns(n int) int {
	if l.most > 0 {
		return min(n, l.most)
	}
	return n
}

// warmUp is how much longer a phase runs before it is measured.
func (l lab) warmUp() time.Duration { return l.time / 8 }

// plain are all but the variant of ours that differs in compression alone.
func plain(l libraries.Library) bool { return l.Name != "ws101-klauspost" }

// metrics are those there are, in the order of the report.
var metrics = []string{cpu, allocs, percent, fresh, used, freshGarbage, usedGarbage}

// cells are all that can be measured.
func cells() []cell {
	var all []cell
	all = append(all, aloneCells()...)
	all = append(all, echoCells()...)
	all = append(all, broadcastCells()...)
	all = append(all, deflateCells()...)
	all = append(all, takeoverCells()...)
	all = append(all, idleCells()...)
	return all
}

var types = []frames.Opcode{frames.Binary, frames.Text}

func typeName(t frames.Opcode) string {
	if t == frames.Text {
		return "text"
	}
	return "binary"
}

func sizeName(n int) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%dMiB", n>>20)
	case n >= 1<<10:
		return fmt.Sprintf("%dKiB", n>>10)
	default:
		return fmt.Sprintf("%dB", n)
	}
}

package main

import (
	"fmt"
	"time"

	"example.com/ws101/frames"
	"example.com/ws101/rfc6455/bench/libraries"
	"example.com/ws101/rfc6455/bench/load"
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
}

// values are what one phase has found, by metric.
type values map[string]float64

// The metrics.
const (
	cpu      = "CPU ns per message"
	allocs   = "allocations per message"
	fresh    = "resident bytes per connection, fresh"
	used     = "resident bytes per connection, after a message"
	freshRaw = "the same, before the garbage is returned, fresh"
	usedRaw  = "the same, before the garbage is returned, after a message"
	percent  = "percent of the payload that is sent"
)

// A lab is what all phases of a run share.
type lab struct {
	cores cores
	time  time.Duration // that a phase is measured for
	idle  int           // connections that do nothing
}

// warmUp is how much longer a phase runs before it is measured.
func (l lab) warmUp() time.Duration { return l.time / 8 }

func everybody(libraries.Library) bool { return true }

// plain are all but the variants of ours that differ in compression alone.
func plain(l libraries.Library) bool { return l.Name != "ws101-klauspost" }

// cells are all that can be measured.
func cells() []cell {
	var all []cell
	all = append(all, aloneCells()...)
	all = append(all, echoCells()...)
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

// mostOutstanding is how many bytes may be under way in one phase: more would
// measure the memory of the machine.
const mostOutstanding = 64 << 20

// echoCells send messages and get them back.
func echoCells() []cell {
	var all []cell
	for _, size := range []int{16, 125, 1 << 10, 16 << 10, 1 << 20} {
		for _, t := range types {
			for _, conns := range []int{1, 64, 1000} {
				for _, out := range []int{1, 32} {
					if size*conns*out <= mostOutstanding {
						all = append(all, echoCell(t, size, conns, out))
					}
				}
			}
		}
	}
	return all
}

func echoCell(t frames.Opcode, size, conns, out int) cell {
	return cell{
		name:      fmt.Sprintf("echo/%s/%s/%dconns/%dout", typeName(t), sizeName(size), conns, out),
		takesPart: plain,
		longer:    50*time.Millisecond + time.Duration(conns)*200*time.Microsecond,
		measure: func(lab lab, library libraries.Library) (values, error) {
			script := load.Echo(t, size, out, library.Verbatim)
			o := order{Library: library.Name, Job: libraries.Job{MaxMessage: 1 << 20}}
			return measureCPU(lab, o, "", conns, script, load.Run)
		},
	}
}

// measureCPU starts a server, warms it up, and finds what it spends on a
// message. Each phase begins and ends with nothing under way.
func measureCPU(lab lab, o order, extensions string, conns int, script *load.Script, run func([]*load.Conn, *load.Script, time.Duration) (int, error)) (values, error) {
	server, err := start(o, lab.cores)
	if err != nil {
		return nil, err
	}
	defer server.stop()
	clients, err := load.DialAll(server.addr, extensions, conns)
	if err != nil {
		return nil, err
	}
	defer load.CloseAll(clients)
	if _, err := run(clients, script, lab.warmUp()); err != nil {
		return nil, err
	}
	before, err := server.cpu()
	if err != nil {
		return nil, err
	}
	messages, err := run(clients, script, lab.time)
	if err != nil {
		return nil, err
	}
	after, err := server.cpu()
	if err != nil {
		return nil, err
	}
	return values{cpu: float64(after-before) / float64(messages)}, nil
}

// aloneCells leave the kernel out.
func aloneCells() []cell {
	var all []cell
	for _, t := range types {
		for _, deadline := range []bool{false, true} {
			for _, perRead := range []int{1, 32} {
				all = append(all, aloneCell(t, deadline, perRead))
			}
		}
	}
	return all
}

func aloneCell(t frames.Opcode, deadline bool, perRead int) cell {
	name := fmt.Sprintf("alone/%s/125B/%din", typeName(t), perRead)
	if deadline {
		name += "/deadline"
	}
	return cell{
		name:      name,
		takesPart: plain,
		longer:    50 * time.Millisecond,
		measure: func(lab lab, library libraries.Library) (values, error) {
			server, err := start(order{
				Library: library.Name,
				Job:     libraries.Job{Deadline: deadline},
				Alone:   &aloneOrder{Opcode: t, Size: 125, PerRead: perRead},
			}, lab.cores)
			if err != nil {
				return nil, err
			}
			defer server.stop()
			return aloneFor(server, lab.time)
		},
	}
}

// aloneFor repeats with more messages until they take about d.
func aloneFor(server *process, d time.Duration) (values, error) {
	for rounds := 1000; ; {
		var c aloneCost
		if err := server.question(fmt.Sprintf("alone %d", rounds), &c.messages, &c.cpu, &c.allocs, &c.bytes); err != nil {
			return nil, err
		}
		spent := max(time.Duration(c.cpu), time.Microsecond)
		if spent > d/2 || rounds > 1<<30 {
			n := float64(c.messages)
			return values{cpu: float64(c.cpu) / n, allocs: float64(c.allocs) / n}, nil
		}
		rounds = int(float64(rounds) * min(100, 1.1*float64(d)/float64(spent)))
	}
}

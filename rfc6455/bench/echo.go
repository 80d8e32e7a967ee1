package main

import (
	"fmt"
	"time"

	"example.com/ws101/frames"
	"example.com/ws101/rfc6455/bench/libraries"
	"example.com/ws101/rfc6455/bench/load"
)

// mostOutstanding is how many bytes may be under way in one phase: more would
// measure the memory of the machine.
const mostOutstanding = 64 << 20

// echoCells send messages and get them back. Those named sliding do not wait for
// the last reply before they send again.
func echoCells() []cell {
	var all []cell
	for _, size := range []int{16, 125, 1 << 10, 16 << 10, 1 << 20} {
		for _, t := range types {
			for _, conns := range []int{1, 64, 1000} {
				for _, out := range []int{1, 32} {
					if int64(size)*int64(conns*out) <= mostOutstanding {
						name := fmt.Sprintf("echo/%s/%s/%dconns/%dout", typeName(t), sizeName(size), conns, out)
						all = append(all, echoCell(name, t, size, conns, out, load.Run))
					}
				}
			}
		}
	}
	for _, conns := range []int{1, 64, 1000} {
		name := fmt.Sprintf("sliding/binary/125B/%dconns/32out", conns)
		all = append(all, echoCell(name, frames.Binary, 125, conns, 32, load.Slide))
	}
	return all
}

func echoCell(name string, t frames.Opcode, size, conns, out int, run runner) cell {
	return cell{
		name:      name,
		takesPart: plain,
		longer:    50*time.Millisecond + time.Duration(conns)*200*time.Microsecond,
		measure: func(lab lab, library libraries.Library) (values, error) {
			script := load.Echo(t, size, out, library.Verbatim)
			o := order{Library: library.Name, Job: libraries.Job{MaxMessage: 1 << 20}}
			return measureCPU(lab, o, load.Opening{}, conns, script, run)
		},
	}
}

// A runner is [load.Run] or one like it.
type runner func([]*load.Conn, *load.Script, time.Duration) (messages int, err error)

// measureCPU starts a server, warms it up, and finds what it spends on a
// message. Each phase begins and ends with nothing under way.
func measureCPU(lab lab, o order, opening load.Opening, conns int, script *load.Script, run runner) (values, error) {
	server, err := start(o, lab.cores)
	if err != nil {
		return nil, err
	}
	defer server.stop()
	clients, err := load.DialAll(server.addr, opening, lab.conns(conns))
	if err != nil {
		return nil, err
	}
	defer load.CloseAll(clients)
	if err := server.joined(len(clients)); err != nil {
		return nil, err
	}
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

// broadcastCells send one message, and everybody gets it.
func broadcastCells() []cell {
	const conns = 1000
	var all []cell
	for _, size := range []int{125, 1 << 10, 16 << 10} {
		all = append(all, cell{
			name:      fmt.Sprintf("broadcast/text/%s/%dconns", sizeName(size), conns),
			takesPart: plain,
			longer:    250 * time.Millisecond,
			measure: func(lab lab, library libraries.Library) (values, error) {
				script := load.Echo(frames.Text, size, 1, library.Verbatim)
				o := order{Library: library.Name, Job: libraries.Job{Broadcast: true}}
				return measureCPU(lab, o, load.Opening{}, conns, script, load.Broadcast)
			},
		})
	}
	return all
}

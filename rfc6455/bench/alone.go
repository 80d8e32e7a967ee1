package main

import (
	"fmt"
	"time"

	"example.com/ws101/frames"
	"example.com/ws101/rfc6455/bench/libraries"
)

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
		if err := server.question(fmt.Sprintf("alone %d", rounds), &c.messages, &c.cpu, &c.allocs); err != nil {
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

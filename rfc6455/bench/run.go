package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"example.com/ws101/rfc6455/bench/libraries"
)

// A sample is what one phase of one round has found.
type sample struct {
	Cell    string `json:"cell"`
	Library string `json:"library"`
	Round   int    `json:"round"`
	Values  values `json:"values"`
}

// A plan is what is to be measured.
type plan struct {
	lab       lab
	cells     []cell
	libraries []libraries.Library
	rounds    int
}

// phases calls f for each pair of a cell and a library that takes part.
func (p plan) phases(f func(cell, libraries.Library)) {
	for _, c := range p.cells {
		for _, l := range p.libraries {
			if c.takesPart(l) {
				f(c, l)
			}
		}
	}
}

// duration is about how long it takes.
func (p plan) duration() time.Duration {
	var round time.Duration
	p.phases(func(c cell, _ libraries.Library) {
		round += c.longer
		if !c.untimed {
			round += p.lab.time + p.lab.warmUp()
		}
	})
	return time.Duration(p.rounds) * round
}

// run goes through all cells again and again, and in each through all
// libraries, in another order each time: whatever changes on the machine
// meanwhile meets all of them. It reports each phase on progress.
func (p plan) run(ctx context.Context, progress io.Writer) ([]sample, error) {
	var samples []sample
	random := rand.New(rand.NewPCG(6455, uint64(p.rounds)))
	phases, done, began := 0, 0, time.Now()
	p.phases(func(cell, libraries.Library) { phases += p.rounds })
	for round := range p.rounds {
		for _, c := range p.cells {
			for _, i := range random.Perm(len(p.libraries)) {
				library := p.libraries[i]
				if !c.takesPart(library) {
					continue
				}
				if err := ctx.Err(); err != nil {
					return samples, err
				}
				left := time.Duration(0)
				if done > 0 {
					left = time.Since(began) / time.Duration(done) * time.Duration(phases-done)
				}
				fmt.Fprintf(progress, "round %d of %d, %s, %s; about %v left", round+1, p.rounds, c.name, library.Name, left.Round(time.Second))
				v, err := c.measure(p.lab, library)
				if err != nil {
					return samples, fmt.Errorf("%s, %s, round %d: %w", c.name, library.Name, round+1, err)
				}
				samples = append(samples, sample{c.name, library.Name, round, v})
				done++
			}
		}
	}
	return samples, nil
}

// results are the values of a metric, by cell and library, round by round.
type results map[string]map[string][]float64

func collect(samples []sample, metric string) results {
	r := results{}
	for _, s := range samples {
		v, ok := s.Values[metric]
		if !ok {
			continue
		}
		if r[s.Cell] == nil {
			r[s.Cell] = map[string][]float64{}
		}
		r[s.Cell][s.Library] = append(r[s.Cell][s.Library], v)
	}
	return r
}

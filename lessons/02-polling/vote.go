// Package polling is a vote that pages ask for on a timer: the server's answer, which is whole
// each time, or a 304 that says "you have it" (RFC 9110 section 13), and the loop that asks.
package polling

import (
	"encoding/json"
	"strconv"
	"sync"
)

// Vote counts votes. Its methods may be called from any goroutine.
type Vote struct {
	run string

	mu         sync.Mutex
	votes      int
	candidates map[string]candidate // by uid
}

type candidate struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// NewVote opens a vote on some names, which get the uids 1, 2, and so on. run names this run of the
// server: letters and digits, and others each time the server starts.
func NewVote(run string, names ...string) *Vote {
	v := &Vote{run: run, candidates: map[string]candidate{}}
	for i, name := range names {
		v.candidates[strconv.Itoa(i+1)] = candidate{Name: name}
	}
	return v
}

// Add counts a vote, and reports false if there is no such candidate.
func (v *Vote) Add(uid string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	c, ok := v.candidates[uid]
	if !ok {
		return false
	}
	c.Count++
	v.candidates[uid] = c
	v.votes++
	return true
}

// State is a vote at one moment.
type State struct {
	JSON  []byte // {"1":{"name":"tea","count":301},"2":...}
	Run   string // the run of the server: another one after each start
	Votes int    // how many votes were counted in this run
}

// State returns the vote as it is now. All of it belongs to the same moment.
func (v *Vote) State() State {
	v.mu.Lock()
	defer v.mu.Unlock()
	b, err := json.Marshal(v.candidates)
	if err != nil {
		panic(err) // names and numbers can always be written
	}
	return State{b, v.run, v.votes}
}

package longpolling

import (
	"encoding/json"
	"sync"
)

// Vote counts votes, and tells each on a Log: {"uid":1,"name":"tea","count":301}. Its methods may be
// called from any goroutine.
type Vote struct {
	log *Log

	mu     sync.Mutex
	names  []string
	counts []int
}

// NewVote opens a vote on some names, which get the uids 1, 2, and so on. Each candidate is an event
// already, so the whole vote can be read in the log.
func NewVote(log *Log, names ...string) *Vote {
	v := &Vote{log: log, names: names, counts: make([]int, len(names))}
	for i := range names {
		v.tell(i)
	}
	return v
}

// Add counts a vote, and reports false if there is no such candidate.
func (v *Vote) Add(uid int) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if uid < 1 || uid > len(v.counts) {
		return false
	}
	v.counts[uid-1]++
	v.tell(uid - 1)
	return true
}

func (v *Vote) tell(i int) {
	event, err := json.Marshal(struct {
		UID   int    `json:"uid"`
		Name  string `json:"name"`
		Count int    `json:"count"`
	}{i + 1, v.names[i], v.counts[i]})
	if err != nil {
		panic(err) // names and numbers can always be written
	}
	v.log.Add(string(event))
}

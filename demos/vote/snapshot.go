package vote

import "encoding/json"

// Events tells a snapshot, the state as JSON, in the form of events: one for each candidate,
// by uid. It is for readers that know nothing but events. It panics if state is not one of a Tally.
func Events(state []byte) [][]byte {
	candidates, err := parseCandidates(state)
	if err != nil {
		panic(err)
	}
	var events [][]byte
	for _, c := range sorted(candidates) {
		name, err := json.Marshal(c.Name)
		if err != nil {
			panic(err) // a string can always be encoded
		}
		events = append(events, appendCandidate(nil, c, name))
	}
	return events
}

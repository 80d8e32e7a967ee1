package vote

import "encoding/json"

// Events tells a snapshot, the state as JSON, in the form of events: one for each candidate,
// by uid. It is for readers that know nothing but events.
func Events(state []byte) ([][]byte, error) {
	candidates, err := parseCandidates(state)
	if err != nil {
		return nil, err
	}
	var events [][]byte
	for _, c := range sorted(candidates) {
		name, err := json.Marshal(c.Name)
		if err != nil {
			return nil, err
		}
		events = append(events, appendCandidate(nil, c, name))
	}
	return events, nil
}

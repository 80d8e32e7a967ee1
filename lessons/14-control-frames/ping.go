package control

// Pings are the payloads of the pings that were sent and not answered yet, oldest
// first. No two of them are the same.
type Pings struct{ waiting []string }

// Sent adds a ping.
func (p *Pings) Sent(payload string) { p.waiting = append(p.waiting, payload) }

// Pong takes the payload of a pong. It removes the ping with this payload, and all
// that were sent before it: the other side may answer the latest of several alone. It
// returns how many it removed. A pong that answers none of them changes nothing, and
// is no error.
func (p *Pings) Pong(payload []byte) int {
	// lesson:begin Pong
	for i, sent := range p.waiting {
		if sent == string(payload) {
			p.waiting = p.waiting[i+1:]
			return i + 1
		}
	}
	return 0
	// lesson:end
}

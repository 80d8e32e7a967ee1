package measure

import (
	"fmt"
	"slices"
	"time"
)

// A Report is everything that was measured. Times are in milliseconds or microseconds, as the names
// say, and sizes are in bytes. TCP and IP are not counted.
type Report struct {
	System  string  `json:"system"`
	Clients int     `json:"clients"`
	Events  int     `json:"events"`
	Every   float64 `json:"every_ms"`
	Poll    float64 `json:"poll_ms"`
	// Write is the processor time of a bare write to a connection; nil if it was not measured.
	Write *float64 `json:"bare_write_us"`
	// Request is the processor time of a request that net/http answers with nothing, at the pace of
	// polling; nil if it was not measured, or polling was not.
	Request *float64 `json:"bare_request_us"`
	Results []Result `json:"techniques"`
}

// A Result is what one technique cost. An event counts as delivered once for each client.
type Result struct {
	Technique string `json:"technique"`
	Title     string `json:"-"`

	// While the votes were cast, for each client: requests, answers and messages without news, bytes.
	Requests float64 `json:"requests_per_client"`
	Empty    float64 `json:"empty_answers_per_client"`
	Up       float64 `json:"up_bytes_per_client"`
	Down     float64 `json:"down_bytes_per_client"`
	// Opening is what it took to get there: connection, first request, the whole state.
	Opening float64 `json:"opening_bytes_per_client"`

	UpPerEvent   float64 `json:"up_bytes_per_event"`
	DownPerEvent float64 `json:"down_bytes_per_event"`
	Payload      float64 `json:"payload_bytes_per_event"`
	// Header is the bytes of header fields and framing, of requests and answers, for each message.
	Header float64 `json:"header_bytes_per_message"`

	DelayP50 float64 `json:"delay_p50_ms"`
	DelayP99 float64 `json:"delay_p99_ms"`
	DelayMax float64 `json:"delay_max_ms"`

	// Processor time of the server; nil if it was not measured.
	CPU           *float64 `json:"cpu_us_per_event"`
	CPUPerRequest *float64 `json:"cpu_us_per_request"`
	// Memory of the server for each client that waits; nil if it was not measured.
	Resident *float64 `json:"resident_bytes_per_client"`
	Heap     *float64 `json:"heap_bytes_per_client"`
	Stacks   *float64 `json:"stack_bytes_per_client"`

	// Late is how many deliveries came after the next vote had been cast.
	Late  int `json:"late"`
	Lost  int `json:"lost"`
	Twice int `json:"twice"`
}

// costs are what the server said.
type costs struct{ before, after, idle, waiting answer }

// result makes the result out of what clients and server have counted.
func (l *load) result(t technique, opened, all sums, cost costs) Result {
	clients := float64(len(l.clients))
	r := Result{Technique: t.name, Title: t.title}
	var delays []time.Duration
	for _, c := range l.clients {
		delays = append(delays, c.delays...)
		r.Lost += c.lost + max(0, l.events-c.seen)
		r.Twice += c.twice
		r.Late += c.late
	}
	events := float64(max(1, len(delays)))
	up, down := float64(all.up-opened.up), float64(all.down-opened.down)
	requests := float64(all.requests - opened.requests)
	messages := float64(max(1, all.messages-opened.messages))
	r.Requests = requests / clients
	r.Empty = float64(all.empty-opened.empty) / clients
	r.Up, r.Down = up/clients, down/clients
	r.Opening = float64(opened.up+opened.down) / clients
	r.UpPerEvent, r.DownPerEvent = up/events, down/events
	r.Payload = float64(all.payload-opened.payload) / events
	r.Header = (up + down - float64(all.content-opened.content)) / messages

	slices.Sort(delays)
	r.DelayP50, r.DelayP99, r.DelayMax = percentile(delays, 50), percentile(delays, 99), percentile(delays, 100)

	if cost.before.CPU >= 0 {
		used := microseconds(cost.after.CPU - cost.before.CPU)
		perEvent := used / events
		r.CPU = &perEvent
		if requests > 0 {
			perRequest := used / requests
			r.CPUPerRequest = &perRequest
		}
	}
	r.Heap = perClient(cost.idle.Heap, cost.waiting.Heap, clients)
	r.Stacks = perClient(cost.idle.Stacks, cost.waiting.Stacks, clients)
	r.Resident = perClient(cost.idle.Resident, cost.waiting.Resident, clients)
	return r
}

// perClient returns the memory that each client has added, or nil if it was not measured.
func perClient(idle, waiting int64, clients float64) *float64 {
	if idle < 0 || waiting < 0 {
		return nil
	}
	each := float64(waiting-idle) / clients
	return &each
}

// percentile returns a percentile of sorted delays, in milliseconds.
func percentile(sorted []time.Duration, p int) float64 {
	if len(sorted) == 0 {
		return 0
	}
	i := (len(sorted)*p + 99) / 100
	return milliseconds(sorted[max(0, i-1)])
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
func microseconds(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// complaint returns an error if anything was lost or came twice, which must never be.
func (r Report) complaint() error {
	for _, t := range r.Results {
		if t.Lost != 0 || t.Twice != 0 {
			return fmt.Errorf("%s lost %d events and delivered %d twice, and both should be 0", t.Title, t.Lost, t.Twice)
		}
	}
	return nil
}

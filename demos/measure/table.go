package measure

import (
	"fmt"
	"strings"
	"time"
)

// A row is one line of the table: what it tells, and how it reads for a technique.
type row struct {
	name string
	cell func(Result) string
}

var rows = []row{
	{"requests per client", func(r Result) string { return number(r.Requests) }},
	{"  answers without news", func(r Result) string { return number(r.Empty) }},
	{"bytes up per client", func(r Result) string { return number(r.Up) }},
	{"bytes down per client", func(r Result) string { return number(r.Down) }},
	{"  and before, to open", func(r Result) string { return number(r.Opening) }},
	{"bytes up per event", func(r Result) string { return number(r.UpPerEvent) }},
	{"bytes down per event", func(r Result) string { return number(r.DownPerEvent) }},
	{"  of these the event itself", func(r Result) string { return number(r.Payload) }},
	{"header and framing per message", func(r Result) string { return number(r.Header) }},
	{"delay p50, ms", func(r Result) string { return number(r.DelayP50) }},
	{"delay p99, ms", func(r Result) string { return number(r.DelayP99) }},
	{"delay max, ms", func(r Result) string { return number(r.DelayMax) }},
	{"  after the next vote", func(r Result) string { return fmt.Sprint(r.Late) }},
	{"server CPU per event, us", func(r Result) string { return measured(r.CPU, 1) }},
	{"server CPU per request, us", perRequest},
	{"memory per client, KB", func(r Result) string { return measured(r.Resident, 1000) }},
	{"  heap, KB", func(r Result) string { return measured(r.Heap, 1000) }},
	{"  stacks, KB", func(r Result) string { return measured(r.Stacks, 1000) }},
	{"events lost", func(r Result) string { return fmt.Sprint(r.Lost) }},
	{"events that came twice", func(r Result) string { return fmt.Sprint(r.Twice) }},
}

// perRequest is a dash where no requests are made: on a connection that stays open.
func perRequest(r Result) string {
	if r.Requests == 0 {
		return "-"
	}
	return measured(r.CPUPerRequest, 1)
}

// table returns the report as text for people.
func (r Report) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d clients, %d votes, one every %s; polling every %s. %s.\n",
		r.Clients, r.Events, duration(r.Every), duration(r.Poll), r.System)
	b.WriteString("An event is one vote as one client gets it. Bytes are those at the socket; TCP/IP is not counted.\n\n")
	fmt.Fprintf(&b, "%-31s", "")
	for _, t := range r.Results {
		fmt.Fprintf(&b, " %13s", t.Title)
	}
	b.WriteByte('\n')
	for _, row := range rows {
		fmt.Fprintf(&b, "%-31s", row.name)
		for _, t := range r.Results {
			fmt.Fprintf(&b, " %13s", row.cell(t))
		}
		b.WriteByte('\n')
	}
	b.WriteString("\n" + r.floor())
	return b.String()
}

// floor tells what a bare write costs, and how the techniques stand to it.
func (r Report) floor() string {
	if r.Write == nil {
		return "Processor time is not measured on this system.\n"
	}
	var each []string
	for _, t := range r.Results {
		each = append(each, t.Title+" "+measured(t.CPU, *r.Write))
	}
	text := fmt.Sprintf("A bare write of %d bytes to one of %d connections costs the server %s us here.\n"+
		"An event, everything included, costs so many times that: %s.\n",
		writeSize, r.Clients, number(*r.Write), strings.Join(each, ", "))
	if r.Request != nil {
		text += fmt.Sprintf("A request that net/http answers with nothing, as often as polling asks, costs %s us.\n", number(*r.Request))
	}
	return text
}

// measured returns a number in a unit.
func measured(n *float64, unit float64) string {
	if n == nil {
		return "not measured"
	}
	return number(*n / unit)
}

// number returns a number with as many digits as say something.
func number(n float64) string {
	switch {
	case n == 0:
		return "0"
	case n > -10 && n < 10:
		return fmt.Sprintf("%.1f", n)
	}
	return fmt.Sprintf("%.0f", n)
}

func duration(ms float64) string {
	return time.Duration(ms * float64(time.Millisecond)).String()
}

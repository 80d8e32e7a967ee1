package measure

import (
	"fmt"
	"strings"
)

// What the comparison claims that many articles have repeated since 2010 ("HTML5 Web Sockets: A
// Quantum Leap in Scalability for the Web").
const (
	claimedPoll  = 871 // bytes of header for each poll
	claimedFrame = 2   // bytes of framing for each message
)

// claimedRates are the clients that get a message a second, and the megabits a second that this is
// said to make in headers.
var claimedRates = []struct {
	clients       int
	polling, sock float64
}{
	{1_000, 6.6, 0.015},
	{10_000, 66, 0.153},
	{100_000, 665, 1.526},
}

// wrong is what is wrong with the claim.
const wrong = `What is wrong with the claim:
- 871 to 2 is 435.5 to 1, not 500 to 1.
- The 871 bytes leave out the ends of the lines: that header has 909 bytes on the wire, and 284 of them are a cookie.
- The 2 bytes are the framing of a draft, before the RFC. A frame of today has 2 bytes of header from a server, 4 when
  the message has more than 125 bytes, and 4 more from a browser, which masks.
- Both columns are multiplied, and not measured. So is the one on the right here, but its factors are measured.
- A poll is also compared with a message as if each poll brought news. How much a poll costs depends on how often it is
  in vain; see the table above.
`

// claims returns the claim beside what was measured. It is empty if one of the two techniques was not.
func (r Report) claims() string {
	polling, socket := r.find("polling"), r.find("websocket")
	if polling == nil || socket == nil {
		return "The claim of 2010 is compared when both polling and websocket are measured.\n"
	}
	var b strings.Builder
	b.WriteString("The classic claim of 2010 (\"HTML5 Web Sockets: A Quantum Leap in Scalability for the Web\"):\n\n")
	fmt.Fprintf(&b, "%-46s %18s %18s\n", "", "claimed", "measured")
	line := func(name, claimed, measured string) {
		fmt.Fprintf(&b, "%-46s %18s %18s\n", name, claimed, measured)
	}
	line("header of a poll, request and answer, bytes", fmt.Sprint(claimedPoll), number(polling.Header))
	line("framing of a WebSocket message, bytes", fmt.Sprint(claimedFrame), number(socket.Header))
	line("the one divided by the other", "\"500:1\"", number(polling.Header/max(1, socket.Header))+":1")
	for _, rate := range claimedRates {
		line(fmt.Sprintf("%d clients, once a second, Mbps", rate.clients),
			fmt.Sprintf("%g : %g", rate.polling, rate.sock),
			fmt.Sprintf("%.4g : %.3g", megabits(polling.Header, rate.clients), megabits(socket.Header, rate.clients)))
	}
	b.WriteString("\n" + wrong)
	return b.String()
}

// megabits returns the megabits a second that so many bytes make, once a second for each client.
func megabits(bytes float64, clients int) float64 { return bytes * 8 * float64(clients) / 1e6 }

func (r Report) find(technique string) *Result {
	for i := range r.Results {
		if r.Results[i].Technique == technique {
			return &r.Results[i]
		}
	}
	return nil
}

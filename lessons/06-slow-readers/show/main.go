// Show gives a vote to three readers: one who is quick, one who is slow, and one who comes back after a
// restart. It prints what is in the log, and what each of them gets.
package main

import (
	"fmt"
	"strings"

	feed "example.com/ws101/lessons/06-slow-readers"
	"example.com/ws101/lessons/internal/lesson"
)

// most is how many events the feed keeps.
const most = 4

// vote is a state, and a feed that tells about it.
type vote struct {
	*feed.Feed
	epoch      string
	tea, votes int
}

func newVote(epoch string) *vote {
	v := &vote{epoch: epoch}
	v.Feed = feed.New(epoch, most, func() string { return fmt.Sprintf(`{"tea":%d}`, v.tea) })
	return v
}

// add votes some times, and prints what is kept.
func (v *vote) add(n int) {
	for range n {
		v.Update(func() string {
			v.tea++
			v.votes++
			return fmt.Sprintf(`{"tea":%d}`, v.tea)
		})
	}
	b := v.Since(feed.Cursor{Epoch: v.epoch, N: uint64(max(0, v.votes-most))})
	fmt.Printf("\nVotes: %d. The log: %s\n", v.tea, strings.Join(b.Events, " "))
}

// reader is a cursor.
type reader struct {
	name   string
	cursor feed.Cursor
}

func (r *reader) ask(v *vote) {
	b := v.Since(r.cursor)
	fmt.Printf("  %-6s asks with %-10q and gets %s", r.name, r.cursor, b.AppendJSON(nil))
	r.cursor = b.Next
}

func main() {
	lesson.Main(func() error {
		v := newVote("k3f9a2")
		quick, slow := reader{name: "quick"}, reader{name: "slow"}
		fmt.Printf("A feed that keeps %d events.\n", most)
		v.add(1)
		quick.ask(v)
		slow.ask(v)
		for range 3 {
			v.add(1)
			quick.ask(v)
		}
		slow.ask(v)
		v.add(3)
		quick.ask(v)
		v.add(2)
		quick.ask(v)
		slow.ask(v)
		fmt.Println("\nThe server is started again, and has another epoch.")
		v = newVote("p7w1cz")
		v.add(9)
		quick.ask(v)
		quick.ask(v)
		return nil
	})
}

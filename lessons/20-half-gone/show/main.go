// Show lets a connection run until the other side is gone. Its argument is how many pings
// the other side answers before that: a plug is pulled, and nothing comes any more, not even
// an error.
package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	heartbeat "example.com/ws101/lessons/20-half-gone"
	"example.com/ws101/lessons/internal/lesson"
)

func main() { lesson.Main(func() error { return show(os.Args[1:]) }) }

// every is shorter here than anybody would choose, so that nobody has to wait.
const every = 250 * time.Millisecond

func show(args []string) error {
	answers, err := strconv.Atoi(strings.Join(args, " "))
	if err != nil || answers < 0 {
		return errors.New("say how many pings are answered before the other side is gone: 2")
	}
	ours, theirs := net.Pipe()
	go other(theirs, answers)
	c := heartbeat.New(ours, every, every)
	begin := time.Now()
	go lesson.Main(func() error { c.Beat(); return nil })
	buf := make([]byte, 64)
	for {
		n, err := c.Read(buf)
		if err != nil {
			ticks := time.Since(begin).Round(every) / every
			fmt.Printf("Read fails after %d ticks: %v\n", ticks, err)
			return nil
		}
		fmt.Printf("in   % x\n", buf[:n])
	}
}

// other is the other side. It answers some pings. After that it only takes what comes, as a
// network does that leads nowhere.
func other(nc net.Conn, answers int) {
	buf := make([]byte, 64)
	for {
		n, err := nc.Read(buf)
		if err != nil {
			return
		}
		fmt.Printf("out  % x\n", buf[:n])
		if answers > 0 {
			answers--
			nc.Write([]byte{0x8a, 0x80, 0, 0, 0, 0})
		}
	}
}

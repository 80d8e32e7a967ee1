package text

import (
	"bytes"
	"fmt"
	"testing"
	"unicode/utf8"
	"unsafe"

	"example.com/ws101/lessons/internal/lesson"
)

// TestCheckCost sends a text of 1 MiB whose byte number 100 is wrong, in frames of 64 KiB, which come in pieces of
// 4096 bytes. It prints how much each kind of check takes before it refuses, and what it keeps meanwhile (go test -v
// -run TestCheckCost).
func TestCheckCost(t *testing.T) {
	defer taskCheck.Catch(t)
	needUTF8(t)
	message := bytes.Repeat([]byte("a"), 1<<20)
	message[100] = 0xff
	// refusedAfter counts what has come when valid says no. It is asked each time that some bytes more are there.
	refusedAfter := func(size int, valid func(piece []byte) bool) int {
		for end := size; end <= len(message); end += size {
			if !valid(message[end-size : end]) {
				return end
			}
		}
		return -1
	}
	var u UTF8
	yours := refusedAfter(4096, func(p []byte) bool { return u.Add(p) == nil })
	taskCheck.Equal(t, "Add, of pieces of 4096 bytes, the first of which is wrong: refused after", yours, 4096,
		lesson.If(true, "the parts do not work together yet; make the other tests pass first"))
	w := t.Output()
	fmt.Fprintf(w, "%-28s %14s %8s\n", "checked", "refused after", "kept")
	fmt.Fprintf(w, "%-28s %14d %8d\n", "when the message is there", refusedAfter(len(message), utf8.Valid), len(message))
	fmt.Fprintf(w, "%-28s %14d %8d\n", "when a frame is there", refusedAfter(1<<16, utf8.Valid), 1<<16)
	fmt.Fprintf(w, "%-28s %14d %8d\n", "as it comes, with your UTF8", yours, unsafe.Sizeof(u))
}

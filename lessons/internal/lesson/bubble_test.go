package lesson

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// bubbles are bodies of tests in a bubble, and what they print.
var bubbles = map[string]struct {
	body func(t *testing.T)
	want string
}{
	"passes": {func(t *testing.T) { time.Sleep(time.Hour) }, ""},
	"fails": {func(t *testing.T) { task.Equal(t, "Header()", 1, 2) },
		"Header()|  got  1|  want 2|  see: RFC 6455 section 5.2|  hint: go run ./lessons hint 11 Header|"},
	"fails, and has started what does not end": {func(t *testing.T) {
		task.Go(t, func() { select {} })
		go func() { select {} }()
		task.Equal(t, "Header()", 1, 2)
	}, "Header()|  got  1|  want 2|  see: RFC 6455 section 5.2|  hint: go run ./lessons hint 11 Header|"},
	"hangs": {func(t *testing.T) { select {} },
		"Hang()|  got  everything waits, and nothing can happen any more|  want an end|  looks like: it hangs (RFC 6455 section 5.2)|  hint: go run ./lessons hint 11 Header|"},
	"hangs, and a goroutine too": {func(t *testing.T) { task.Go(t, func() { select {} }); select {} },
		"Hang()|  got  everything waits, and nothing can happen any more|  want an end|  looks like: it hangs (RFC 6455 section 5.2)|  hint: go run ./lessons hint 11 Header|"},
	"not written": {func(t *testing.T) { todo("Header") },
		"Header: not written yet (bubble_test.go:0)|"},
	"not written, in a goroutine": {func(t *testing.T) { task.Go(t, func() { todo("Header") }) },
		"Header: not written yet (bubble_test.go:0)|"},
	"not written, and a goroutine too": {func(t *testing.T) { task.Go(t, func() {}); todo("Header") },
		"Header: not written yet (bubble_test.go:0)|"},
	"panics": {func(t *testing.T) { panic("ouch") },
		"TestBubble|  panic: ouch|  at bubble_test.go:0|  see: RFC 6455 section 5.2|  hint: go run ./lessons hint 11 Header|"},
}

// bubbleVar names the bubble in which this program is to run nothing but that body.
const bubbleVar = "WS101_BUBBLE"

// TestBubble runs this program again for each body, since a failing one needs a test that may fail.
func TestBubble(t *testing.T) {
	if name := os.Getenv(bubbleVar); name != "" {
		defer task.Catch(t)
		task.Bubble(t, "Hang()", bubbles[name].body, If(true, "it hangs"))
		return
	}
	for name, b := range bubbles {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestBubble$")
			cmd.Env = append(os.Environ(), bubbleVar+"="+name)
			out, err := cmd.CombinedOutput()
			assert.Equal(t, b.want == "", err == nil)
			assert.Equal(t, b.want, printed(string(out)), "%s", out)
		})
	}
}

// printed is what a test has printed, with a bar for each line end, without what go test adds and
// without line numbers.
func printed(out string) string {
	var b strings.Builder
	for line := range strings.Lines(out) {
		if text, inside := strings.CutPrefix(line, "    "); inside && !strings.HasPrefix(text, "  test: ") {
			fmt.Fprint(&b, regexp.MustCompile(`\.go:\d+`).ReplaceAllString(strings.TrimSuffix(text, "\n"), ".go:0"), "|")
		}
	}
	return b.String()
}

package main

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"

	"example.com/ws101/demos/devtools"
)

// The pages in testdata/classic are written as the classic tutorials wrote them.
func classicPagesWorkUnchanged(t *testing.T, b *devtools.Browser) {
	first := openTab(t, b, "about:blank")
	second := openBeside(t, b, first, "about:blank") // with the same cookies and the same cache
	for _, name := range []string{"polling", "longpolling", "websocket"} {
		t.Run(name, func(t *testing.T) {
			one, other := &tab{first.Page, t}, &tab{second.Page, t}
			r := startRun(t, name, "-page", filepath.Join("testdata", "classic", name+".html"))
			one.visit(r.url)
			other.visit(r.url)
			count := func(n int) string { return fmt.Sprintf(`document.getElementById('1').innerText.includes('%d')`, n) }
			one.until(`document.readyState === 'complete' && (!window.ws || ws.readyState === 1)`)
			other.until(`document.readyState === 'complete' && (!window.ws || ws.readyState === 1)`)
			for i, voter := range []*tab{one, other, one} {
				voter.eval(`document.getElementById('1').ondblclick()`)
				one.until(count(301 + i))
				other.until(count(301 + i))
			}
			for _, one := range []*tab{one, other} {
				one.quiet()
				one.visit("about:blank") // before the server ends, which such a page does not expect
				one.Forget()
			}
			r.end(t)
		})
	}
}

// Two tabs of a page for a classic chat server talk.
func classicChatWorksUnchanged(t *testing.T, b *devtools.Browser) {
	r := startRun(t, "chat", "-page", filepath.Join("testdata", "classic", "chat.html"))
	one := openTab(t, b, r.url)
	other := openBeside(t, b, one, r.url)
	var said []string
	for i, speaker := range []*tab{one, other, one} {
		text := fmt.Sprintf("<i>line</i> %d", i)
		said = append(said, "anonymous: "+text)
		speaker.until(`document.readyState === 'complete' && updater.asked > 0`)
		speaker.eval(fmt.Sprintf(`document.getElementById('message').value = %q, document.getElementById('send').click()`, text))
		for _, b := range []*tab{one, other} {
			b.until(fmt.Sprintf(`document.querySelectorAll('#inbox p').length === %d`, i+1))
			assert.Equal(t, said, b.strings(`[...document.querySelectorAll('#inbox p')].map((e) => e.textContent)`))
		}
	}
	one.quiet()
	other.quiet()
	r.end(t)
}

package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/devtools"
)

// echoPage shows that the page of the echo demo tells all that the browser's WebSocket does.
func echoPage(t *testing.T, b *devtools.Browser) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, *tab)
	}{
		{"every kind of message comes back", echoMessages},
		{"readyState and events, heard in both ways", echoEvents},
		{"subprotocols", echoSubprotocols},
		{"closing", echoClosing},
		{"a failure", echoFailure},
		{"bufferedAmount", echoBufferedAmount},
		{"two heads side by side", echoHeads},
		{"everything has a label", echoLabels},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := startRun(t, "echo")
			page := openTab(t, b, r.url)
			page.connected()
			test.run(t, page)
			page.stayed()
			r.end(t)
		})
	}
	t.Run("the server goes away", func(t *testing.T) {
		r := startRun(t, "echo")
		page := openTab(t, b, r.url)
		page.connected()
		page.quiet()
		r.end(t)
		page.logs("close", `code 1001 (this side goes away: a server shuts down, or a page is left), reason "", wasClean true`)
	})
}

// set gives a control this value, as a person would.
func (b *tab) set(id, value string) {
	b.t.Helper()
	b.eval(fmt.Sprintf(`(() => {
		const control = document.getElementById(%q);
		control.value = %q;
		control.dispatchEvent(new Event('change'));
	})()`, id, value))
}

// logs waits for a row of the log that begins with this name and has this text.
func (b *tab) logs(name, text string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`[...document.querySelectorAll('#log li')].some((row) =>
		row.querySelector('strong').textContent === %q && row.textContent.includes(%q))`, name, text))
}

// forget empties the log.
func (b *tab) forget() {
	b.t.Helper()
	b.eval(`document.getElementById('log').replaceChildren()`)
}

// rows returns the names in the log, each with the readyState at that time: "open 1".
func (b *tab) rows() []string {
	b.t.Helper()
	var rows []string
	require.NoError(b.t, json.Unmarshal([]byte(b.eval(`[...document.querySelectorAll('#log li')].map((row) =>
		row.querySelector('strong').textContent + ' ' + row.textContent.match(/readyState (.)/)[1])`)), &rows))
	return rows
}

// evalText is eval for an expression that is a string.
func (b *tab) evalText(expression string) string {
	b.t.Helper()
	var text string
	require.NoError(b.t, json.Unmarshal([]byte(b.eval(expression)), &text))
	return text
}

// text returns what is in the element with this id.
func (b *tab) text(id string) string {
	b.t.Helper()
	return b.evalText(fmt.Sprintf(`document.getElementById(%q).textContent`, id))
}

// reaches waits until the page shows this readyState.
func (b *tab) reaches(state int) {
	b.t.Helper()
	b.until(fmt.Sprintf(`document.querySelectorAll('#states li')[%d].hasAttribute('aria-current')`, state))
}

// hangUp closes and waits for the end.
func (b *tab) hangUp() {
	b.t.Helper()
	b.click("close")
	b.reaches(3)
	b.forget()
}

func echoMessages(t *testing.T, page *tab) {
	page.click("send-text")
	page.logs("send()", `text, 18 bytes: "Hello, 世界 👋"; bufferedAmount is now 18`)
	page.logs("message", `text, 18 bytes: "Hello, 世界 👋", as it was sent`)
	page.set("text", strings.Repeat("€", 349525)+"x")
	page.click("send-text")
	page.logs("message", `text, 1048576 bytes: "€€€`)

	for _, kind := range []struct{ binaryType, class string }{{"blob", "Blob"}, {"arraybuffer", "ArrayBuffer"}} {
		page.set("binary-type", kind.binaryType)
		assert.Equal(t, kind.binaryType, page.text("binaryType"))
		for _, button := range []struct{ id, class string }{{"send-buffer", "ArrayBuffer"}, {"send-blob", "Blob"}} {
			for _, n := range []string{"1048576", "1", "0"} {
				page.forget()
				page.set("count", n)
				page.click(button.id)
				much := n + " bytes"
				if n == "1" {
					much = "1 byte"
				}
				page.logs("send()", button.class+", "+much)
				page.logs("message", kind.class+", "+much+", as it was sent")
			}
		}
	}
	var sent []devtools.Frame
	for _, f := range page.Frames() {
		if f.Sent {
			sent = append(sent, f)
		}
	}
	require.GreaterOrEqual(t, len(sent), 4)
	assert.Equal(t, devtools.Frame{Sent: true, Opcode: 1, Data: "Hello, 世界 👋"}, sent[0])
	assert.Contains(t, page.Frames(), devtools.Frame{Opcode: 1, Data: "Hello, 世界 👋"})
	assert.Contains(t, sent, devtools.Frame{Sent: true, Opcode: 2, Data: "AA=="}, "one byte, of either kind")

	// At this address the server speaks first.
	page.hangUp()
	page.set("address", "upgrade")
	page.click("connect")
	page.logs("message", "(sent by the server unasked)")
	page.click("send-blob")
	page.logs("message", "ArrayBuffer, 0 bytes, as it was sent")
	page.quiet()
}

func echoEvents(t *testing.T, page *tab) {
	for _, way := range []struct {
		listen string
		open   []string
		close  []string
	}{
		{"listener", []string{"open 1"}, []string{"close 3"}},
		{"on", []string{"onopen 1"}, []string{"onclose 3"}},
		{"both", []string{"onopen 1", "open 1"}, []string{"onclose 3", "close 3"}},
	} {
		page.hangUp()
		page.set("listen", way.listen)
		page.click("connect")
		page.reaches(1)
		page.click("connect")
		page.logs("not opened", "There is a connection already")
		page.click("close")
		assert.Equal(t, "true", page.eval(`document.querySelectorAll('#states [aria-current]').length === 1`))
		page.reaches(3)
		want := append([]string{"new WebSocket() 0"}, way.open...)
		want = append(append(want, "not opened 1", "close() 2"), way.close...)
		assert.Equal(t, want, page.rows())
		assert.Equal(t, "Closed.", page.evalText(`document.querySelector('#status .word').textContent`))
		page.click("send-text")
		page.logs("not sent", "Connect first.")
	}

	// A message that is heard twice is one message.
	page.click("connect")
	page.reaches(1)
	page.click("send-text")
	page.logs("onmessage", "as it was sent")
	page.logs("message", "as it was sent")
	page.click("send-text")
	page.until(`document.getElementById('log').textContent.split('as it was sent').length === 5`)
	page.quiet()
}

func echoSubprotocols(t *testing.T, page *tab) {
	for offer, want := range map[string]string{
		"echo.v1, echo.v2": "echo.v2", "echo.v1": "echo.v1", "other,echo.v1": "echo.v1", "": `"" (none)`,
	} {
		page.hangUp()
		page.set("protocols", offer)
		page.click("connect")
		page.reaches(1)
		assert.Equal(t, want, page.text("protocol"), offer)
		assert.Equal(t, `"" (none)`, page.text("extensions"))
		assert.Regexp(t, `/ws\?socket=\w+$`, page.text("url"))
	}
	page.hangUp()
	for _, offer := range []string{"a, a", "not a token"} {
		page.set("protocols", offer)
		page.forget()
		page.click("connect")
		page.logs("new WebSocket()", "throws SyntaxError")
	}
	page.quiet()

	page.set("protocols", "other")
	page.click("connect")
	page.logs("close", "code 1006")
	require.Len(t, page.Errors(), 1, "what the browser says by itself")
	assert.Contains(t, page.Errors()[0], "WebSocket connection to")
}

func echoClosing(t *testing.T, page *tab) {
	for _, c := range []struct{ code, reason, want string }{
		{"4321", "enough", `code 4321 (the two programs have agreed what it means), reason "", wasClean true`},
		{"1000", "说完了", `code 1000 (the conversation is over, and nothing went wrong), reason "", wasClean true`},
		{"", "", `code 1005 (a Close frame came without a code), reason "", wasClean true`},
	} {
		page.set("code", c.code)
		page.set("reason", c.reason)
		page.click("close")
		page.logs("close", c.want)
		page.forget()
		page.click("connect")
		page.reaches(1)
	}
	page.set("code", "1001")
	page.click("close")
	page.logs("close()", "throws InvalidAccessError")
	page.set("code", "1000")
	page.set("reason", strings.Repeat("说", 42)) // 126 bytes
	page.click("close")
	page.logs("close()", "throws SyntaxError")
	page.connected()
	page.quiet()
}

func echoFailure(t *testing.T, page *tab) {
	page.hangUp()
	page.set("address", "nowhere")
	page.set("listen", "both")
	page.click("connect")
	page.logs("close", `code 1006 (no Close frame came: the connection broke, or was never there), reason "", wasClean false`)
	assert.Equal(t, []string{"new WebSocket() 0", "onerror 3", "error 3", "onclose 3", "close 3"}, page.rows())
	require.Len(t, page.Errors(), 1, "what the browser says by itself")
	assert.Contains(t, page.Errors()[0], "WebSocket connection to")
}

func echoBufferedAmount(t *testing.T, page *tab) {
	page.eval(`document.getElementById('send-much').focus()`)
	page.click("send-much")
	page.click("send-much") // is not heard while the first is on its way
	page.until(`document.getElementById('drained').textContent !== ''`)
	assert.Equal(t, "true", page.eval(`document.activeElement.id === 'send-much'`), "the focus stays")
	assert.Regexp(t, `^bufferedAmount was 10000000 after \d+ ms, .*\b0 after \d+ ms\.$`, page.text("drained"))
	assert.Equal(t, "0", page.text("bufferedAmount"))
	assert.Equal(t, "0", page.eval(`document.getElementById('waiting').value`))
	page.logs("message", "Blob, 10000000 bytes, as it was sent")
	page.until(`document.getElementById('send-much').ariaDisabled === 'false'`)
	page.quiet()
}

func echoHeads(t *testing.T, page *tab) {
	said := func() { page.until(`document.getElementById('asked').textContent === 'Both have been answered.'`) }
	said()
	page.eval(`document.cookie = 'secret=101'`)
	page.click("ask")
	page.until(`document.getElementById('heads').textContent.includes('Cookie')`)
	said()
	type row struct{ Difference, Name, Plain, Upgrade, Why string }
	var rows []row
	require.NoError(t, json.Unmarshal([]byte(page.eval(`[...document.querySelectorAll('#heads tr')].map((tr) => ({
		difference: tr.querySelector('.quiet').textContent, name: tr.cells[0].firstChild.textContent,
		plain: tr.cells[1].textContent, upgrade: tr.cells[2].textContent, why: tr.cells[3].textContent,
	}))`)), &rows))
	named := map[string]row{}
	for _, r := range rows {
		named[r.Name] = r
		assert.NotContains(t, r.Plain+r.Upgrade, "secret")
	}
	assert.Equal(t, row{"different", "the first line", "GET /headers HTTP/1.1", "GET /upgrade HTTP/1.1", "An Upgrade is an ordinary GET."}, rows[0])
	for name, want := range map[string][3]string{
		"Connection":             {"different", "keep-alive", "Upgrade"},
		"Upgrade":                {"only in the Upgrade", "–", "websocket"},
		"Origin":                 {"only in the Upgrade", "–", page.evalText(`location.origin`)},
		"Sec-WebSocket-Version":  {"only in the Upgrade", "–", "13"},
		"Sec-WebSocket-Protocol": {"only in the Upgrade", "–", "echo.v1, echo.v2"},
		"Host":                   {"the same", page.evalText(`location.host`), page.evalText(`location.host`)},
		"Cookie":                 {"the same", "(hidden)", "(hidden)"},
	} {
		assert.Equal(t, want, [3]string{named[name].Difference, named[name].Plain, named[name].Upgrade}, name)
		assert.NotEmpty(t, named[name].Why, name)
	}
	assert.Len(t, named["Sec-WebSocket-Key"].Upgrade, 24)
	for _, name := range []string{"Sec-WebSocket-Key", "Sec-WebSocket-Extensions", "User-Agent"} {
		assert.NotEmpty(t, named[name].Why, name)
	}
	page.quiet()
}

func echoLabels(t *testing.T, page *tab) {
	assert.Equal(t, "[]", page.eval(`[...document.querySelectorAll('input, select, progress')]
		.filter((control) => control.labels.length !== 1).map((control) => control.id)`))
	// All that can be done is done with controls that a keyboard reaches by itself.
	assert.Equal(t, "[]", page.eval(`[...document.querySelectorAll('button, input, select, summary, a')]
		.filter((control) => control.tabIndex !== 0).map((control) => control.outerHTML)`))
	page.eval(`document.getElementById('text').dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter' }))`)
	page.logs("message", "as it was sent")
	page.quiet()
}

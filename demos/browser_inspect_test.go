package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/devtools"
)

// TestBrowserInspector shows that the inspector's page shows what crosses the wire.
func TestBrowserInspector(t *testing.T) {
	b := devtools.ForTest(t)
	for _, test := range []struct {
		name string
		run  func(*testing.T, *devtools.Browser)
	}{
		{"a known conversation", inspectConversation},
		{"what is said about each row", inspectVerdicts},
		{"what a page was told of the end", inspectReports},
		{"bits, fields and bytes are one", inspectBits},
		{"filters", inspectFilters},
		{"the keyboard", inspectKeyboard},
		{"pause", inspectPause},
		{"all demos", inspectDemos},
		{"alone", inspectAlone},
		{"the looks", inspectLooks},
		{"ten thousand rows", inspectMany},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, b) })
	}
}

// shownRows are the rows in sight, cell by cell.
func (b *tab) shownRows() (rows [][]string) {
	b.t.Helper()
	require.NoError(b.t, json.Unmarshal([]byte(b.eval(`[...document.querySelectorAll('#space .row:not([hidden])')]
		.sort((a, b) => a.ariaRowIndex - b.ariaRowIndex)
		.map((row) => [...row.children].map((cell) => cell.textContent))`)), &rows))
	return rows
}

// whats are the summaries of the rows in sight.
func (b *tab) whats() (list []string) {
	b.t.Helper()
	for _, cells := range b.shownRows() {
		list = append(list, cells[7])
	}
	return list
}

// counts waits until the page says so many rows.
func (b *tab) counts(text string) {
	b.t.Helper()
	b.reads("#counts", text)
}

// selects selects a row by its number, and waits until it is laid open.
func (b *tab) selects(seq int) {
	b.t.Helper()
	parts := fmt.Sprintf("row=%d", seq)
	b.eval(`location.hash = ` + quote(parts))
	b.opened(seq)
}

func (b *tab) opened(seq int) {
	b.t.Helper()
	b.reads("#details-title", fmt.Sprintf("Row %d:", seq))
	b.until(fmt.Sprintf(`document.getElementById('anatomy').dataset.row === '%d'`, seq))
}

// watchTalk opens the page, and then has the two ends say all there is to see.
func watchTalk(t *testing.T, b *devtools.Browser) (*talk, *tab) {
	t.Helper()
	k := startTalk(t)
	page := openTab(t, b, k.url+"inspect/")
	page.connected()
	require.NoError(t, page.Show(t.Context(), devtools.Screen{Width: 1280, Height: 900}))
	k.converse()
	page.counts("16 rows.")
	page.reads("#space", "FIN: the client sends no more") // which is drawn a little later
	return k, page
}

func inspectConversation(t *testing.T, b *devtools.Browser) {
	_, page := watchTalk(t, b)
	want := [][]string{
		{"–", "client →", "opened", "0", "–", "", "–"},
		{"/talk", "client →", "request", "205", "0 0", "GET /talk?secret HTTP/1.1", "✓ legal"},
		{"/talk", "← server", "response", "175", "1 1", "HTTP/1.1 101 Switching Protocols", "✓ legal"},
		{"/talk", "client →", "text", "11", "1 1", `text "Hello" (FIN, masked)`, "✓ legal"},
		{"/talk", "client →", "text", "9", "1 1", `┌ text "Hel" (masked)`, "✓ legal"},
		{"/talk", "client →", "ping", "8", "1 1", `│ ping "p1" (FIN, masked)`, "✓ legal"},
		{"/talk", "client →", "continuation", "8", "1 1", `└ continuation "lo" (FIN, masked)`, "✓ legal"},
		{"/talk", "← server", "pong", "4", "1 1", `pong "p1" (FIN)`, "✓ legal"},
		{"/talk", "← server", "text", "9", "1 1", "text f2 48 cd c9 c9 07 00 (FIN, RSV1)", "✓ legal"},
		{"/talk", "← server", "text", "7", "1 1", "text f2 00 11 00 00 (FIN, RSV1)", "✓ legal"},
		{"/talk", "client →", "binary", "6", "1 1", "binary (FIN, masked)", "~ odd"},
		{"/talk", "client →", "text", "7", "1 1", `text "y" (FIN, RSV2, masked)`, "✗ broken"},
		{"/talk", "← server", "close", "4", "2 2", "close 1002 (FIN)", "✓ legal"},
		{"/talk", "client →", "close", "8", "2 2", "close 1002 (FIN, masked)", "✓ legal"},
		{"/talk", "← server", "FIN", "0", "2 3", "FIN: the server sends no more", "✓ legal"},
		{"/talk", "client →", "FIN", "0", "3 3", "FIN: the client sends no more", "✓ legal"},
	}
	rows := page.shownRows()
	require.Len(t, rows, len(want))
	conn := rows[0][1]
	for i, cells := range rows {
		assert.Equal(t, conn, cells[1], "it shows this connection and no other")
		if i == 0 {
			cells[7] = "" // addresses
		}
		assert.Equal(t, want[i], cells[2:])
	}
	page.quiet()
	assert.NotContains(t, strings.Join(page.Requests(), " "), "poll")
}

func inspectVerdicts(t *testing.T, b *devtools.Browser) {
	_, page := watchTalk(t, b)
	for _, c := range []struct {
		row  int
		says []string
	}{
		{2, []string{"Legal: a request to switch to WebSocket.", "✓ HTTP/1.1 101 Switching Protocols, row 3", "client CONNECTING, server CONNECTING"}},
		{3, []string{"its Sec-WebSocket-Accept is the right one", "Answersrow 2", "client OPEN, server OPEN"}},
		{5, []string{"Legal: the first fragment of a text message.", "This is its first fragment."}},
		{6, []string{"Legal: a ping between two fragments", "MUST: The server must answer with a pong", "✓ a pong with the same bytes, row 8"}},
		{7, []string{"Legal: the last fragment of a text message.", "begins with row 5"}},
		{8, []string{"Answersrow 6"}},
		{10, []string{"Legal: a whole compressed text message."}},
		{11, []string{"Legal but odd: the masking key is zero"}},
		{12, []string{"Broken by the client: a reserved bit (RSV) is set", "MUST, RFC 6455 section 5.2 (6455-5.2-2), broken by the client",
			"The server must fail the connection", "✓ a Close frame with 1002 protocol error, row 13"}},
		{13, []string{"✓ a Close frame with 1002 protocol error, row 14", "client CLOSING, server CLOSING"}},
		{15, []string{"the server ends TCP first, as it should"}},
		{16, []string{"client CLOSED, server CLOSED",
			"First Close frame, by the server: Close with 1002 protocol error (row 13); the other side, the client: Close with 1002 protocol error (row 14).",
			"First end of TCP, by the server: FIN: the server sends no more (row 15)",
			`close event with code 1002, reason "", wasClean true`, "no page has told"}},
	} {
		page.eval(fmt.Sprintf(`location.hash = 'row=%d'`, c.row))
		page.reads("#details-title", fmt.Sprintf("Row %d:", c.row))
		text := page.text("facts")
		for _, want := range c.says {
			assert.Contains(t, text, want, "row %d", c.row)
		}
	}
	page.selects(10)
	assert.Contains(t, page.text("inflated"), "5 bytes on the wire are 5 bytes of message")
	assert.Equal(t, "Hello", page.evalText(`document.querySelector('#inflated pre').textContent`))
	page.quiet()
}

// The browser fails a connection on which a rule was broken: it sends a Close frame with 1002, and tells its
// page 1006.
func inspectReports(t *testing.T, b *devtools.Browser) {
	k := startTalk(t)
	page := openTab(t, b, k.url+"inspect/")
	page.connected()
	page.eval(`import('./socket.js').then(({ webSocketURL, withName, reportEnd }) => {
		window.talk = new WebSocket(withName(webSocketURL('/talk')));
		reportEnd(talk);
	})`)
	end := <-k.ends
	defer end.Close()
	_, err := end.Write([]byte{0xa1, 0x01, 'y'}) // RSV2
	require.NoError(t, err)
	head := make([]byte, 2)
	_, err = io.ReadFull(end, head)
	require.NoError(t, err)
	_, err = io.CopyN(io.Discard, end, 4+int64(head[1]&0x7f)) // its key, a code and a reason
	require.NoError(t, err)
	require.NoError(t, end.Close())
	page.until(`talk.readyState === 3`)
	page.selects(4)
	page.reads("#closing", "First Close frame, by the client: Close with 1002")
	page.reads("#closing", `What the page was told: a close event with code 1006, reason "", wasClean false. No frame carries 1006: the browser makes it up. These bytes say the same.`)
}

func inspectBits(t *testing.T, b *devtools.Browser) {
	_, page := watchTalk(t, b)
	page.selects(4)
	assert.Equal(t, []string{"1000000110000101", "0011011111111010", "0010000100111101"},
		page.strings(`[...document.querySelectorAll('.bits')].map((line) => [...line.querySelectorAll('b')].map((b) => b.textContent).join(''))`))
	assert.Equal(t, []string{"F123OOOOMLLLLLLL", strings.Repeat("K", 16), strings.Repeat("K", 16)},
		page.strings(`[...document.querySelectorAll('.bits')].map((line) => [...line.querySelectorAll('i')].map((i) => i.textContent).join(''))`))
	assert.Equal(t, "bit 8: 1, MASK 1, masked: every frame from a client must be", page.evalText(`document.querySelectorAll('.bit')[8].ariaLabel`))

	// The three rows of a masked payload, each byte below the one it belongs to.
	assert.Equal(t, []string{"0 81 85 37 fa 21 3d", "6masked 7f 9f 4d 51 58", "key 37 fa 21 3d 37", "clear 48 65 6c 6c 6f Hello"},
		page.strings(`[...document.querySelectorAll('.octets:not(.letters)')].map((line) =>
			[...line.children].map((cell) => cell.textContent).filter(Boolean).join(' ').replace(/^(\d+) (masked)/, '$1$2'))`))
	assert.Equal(t, "true", page.eval(`(() => {
		const lines = [...document.querySelectorAll('.octets:not(.letters)')].slice(1);
		const lefts = lines.map((line) => [...line.querySelectorAll('.octet')].slice(0, 5).map((cell) => cell.getBoundingClientRect().left).join());
		return lefts.every((left) => left === lefts[0]);
	})()`))
	assert.Equal(t, "true", page.eval(`document.getElementById('mask-note').checkVisibility()`))

	// What is chosen in one view is marked in all.
	marked := `[...document.querySelectorAll('#anatomy [data-chosen]')].map((cell) => cell.className + ' ' + cell.dataset.kind)`
	for _, place := range []string{".bit:nth-of-type(9)", ".field[data-kind=M]"} {
		page.eval(`document.querySelector('.field[data-kind=P]').focus()`)
		assert.NotContains(t, page.strings(marked), "bit M")
		page.eval(`document.querySelector(` + quote(place) + `).focus()`)
		assert.Subset(t, page.strings(marked), []string{"bit M", "field M"}, place)
		page.reads("#meaning", "M · MASK = 1: masked")
	}
	page.eval(`document.querySelectorAll('#hex .octet[data-field]')[3].click()`)
	assert.Contains(t, page.strings(marked), "field K")
	assert.Contains(t, page.strings(marked), "bit K")

	page.selects(12)
	assert.Equal(t, []string{"2"}, page.strings(`[...document.querySelectorAll('.bit[data-broken] i')].map((i) => i.textContent)`))
	assert.Contains(t, page.text("fields"), "breaks 6455-5.2-2")

	page.selects(3)
	assert.Equal(t, "true", page.eval(`document.getElementById('ruler').hidden`))
	assert.Contains(t, page.text("fields"), "the proof: SHA-1 of the key and a fixed text")
	page.quiet()
}

func inspectFilters(t *testing.T, b *devtools.Browser) {
	_, page := watchTalk(t, b)
	conn := page.shownRows()[0][1]
	for filter, want := range map[string]int{
		"websocket.opcode == 9": 1, "websocket.opcode==0xa": 1, "websocket.fin == 0": 1, "websocket.fin eq false": 1,
		"websocket.mask == 1 and websocket.payload_length > 2": 2, "websocket.rsv == 4": 2, "websocket.pmc == 1": 2,
		"websocket.payload.close.status_code == 1002": 2, "websocket.fragments": 3, "tcp.stream == " + conn: 16, "tcp.stream != " + conn: 0,
		"http": 2, "http.response.code == 101": 1, `http.request.uri contains "talk"`: 1 + 14, "http.request": 1, "http.request.method == GET": 1,
		"broken": 1, "odd": 1, "not legal": 3, "tcp": 3, "tcp.flags.fin == 1": 2, "frame.number <= 3": 3, "frame.len >= 100": 2,
		"websocket": 15, "client and not (ping || pong)": 9, `"Hello"`: 3, "hello": 3, "secret": 1, "sse": 0, "": 16,
		"! websocket.opcode == 1 && server": 4,
	} {
		page.filters(filter)
		text := fmt.Sprintf("%d of 16 rows.", want)
		if want == 16 {
			text = "16 rows."
		}
		assert.Equal(t, text, page.text("counts"), filter)
		assert.Empty(t, page.text("filter-note"), filter)
	}
	for filter, want := range map[string]string{
		"websocket.opcode ==": "websocket.opcode == what?", "(a": "A closing parenthesis is missing.", "a)": "“)” has nothing to belong to.",
		"not": "Something is still to come here.", "websocket.nothing == 1": "There is no websocket.nothing here", "a and and b": "", "== 1": "“==” cannot stand here.",
		strings.Repeat("(", 200): "too many levels",
	} {
		page.filters(filter)
		assert.Contains(t, page.text("filter-note"), want, filter)
	}

	// The filter and the row stand in the address, and a link brings them back.
	page.filters("websocket.opcode == 9")
	page.eval(`document.querySelector('#space .row:not([hidden])').click()`)
	page.opened(6)
	assert.Equal(t, "#row=6&filter=websocket.opcode+%3D%3D+9", page.evalText("location.hash"))
	ctx := t.Context()
	require.NoError(t, page.Reload(ctx))
	page.counts("1 of 16 rows.")
	page.opened(6)
	assert.Equal(t, "websocket.opcode == 9", page.evalText(`document.getElementById('filter').value`))
	page.quiet()
}

// filters types a filter, and waits until the rows have been drawn anew.
func (b *tab) filters(text string) {
	b.t.Helper()
	b.eval(`(async () => {
		const box = document.getElementById('filter');
		box.value = ` + quote(text) + `;
		box.dispatchEvent(new Event('input'));
		await new Promise(requestAnimationFrame);
	})()`)
}

func inspectKeyboard(t *testing.T, b *devtools.Browser) {
	_, page := watchTalk(t, b)
	ctx := t.Context()
	require.NoError(t, page.Focus(ctx))
	page.tabTo("#grid")
	page.press(devtools.Home)
	page.reads("#details-title", "Row 1: opened")
	page.press(devtools.Down, devtools.Down, devtools.Down)
	page.opened(4)
	assert.Equal(t, "true", page.eval(`(() => {
		const row = document.getElementById(document.getElementById('grid').getAttribute('aria-activedescendant'));
		return row.ariaSelected === 'true' && row.ariaRowIndex === '5' && document.getElementById('grid').ariaRowCount === '17';
	})()`), "a screen reader is told which row it is")

	page.press(devtools.Char("]"))
	page.opened(5)
	page.press(devtools.Char("]"), devtools.Char("]"))
	page.opened(10)
	page.press(devtools.Char("["))
	page.opened(9)
	page.press(devtools.Up, devtools.Up, devtools.Up)
	page.opened(6)

	// Into the bits, along them, and back.
	page.press(devtools.Enter)
	page.until(`document.activeElement.ariaLabel?.startsWith('bit 0: 1, FIN')`)
	assert.Equal(t, `"solid"`, page.eval(`getComputedStyle(document.activeElement).outlineStyle`))
	page.press(devtools.Right)
	page.reads("#meaning", "1 · RSV1 = 0")
	page.press(devtools.Down)
	page.reads("#meaning", "K · masking key")
	page.press(devtools.Up, devtools.End)
	page.until(`document.activeElement === [...document.querySelectorAll('.bit')].at(-1)`)
	page.press(devtools.Tab)
	page.until(`document.activeElement.matches('.field[data-kind=F]')`)
	page.press(devtools.Down, devtools.Down, devtools.Down, devtools.Down)
	page.reads("#meaning", "O · opcode = 0x9: ping")
	page.press(devtools.Tab)
	page.until(`document.activeElement.matches('.octet')`)
	page.press(devtools.Right, devtools.Right)
	page.reads("#meaning", "K · masking key")
	page.press(devtools.Esc)
	page.until(`document.activeElement.id === 'grid'`)

	page.press(devtools.Char("?"))
	page.until(`document.getElementById('help').open`)
	assert.Contains(t, page.text("help"), "websocket.opcode")
	page.press(devtools.Esc)
	page.until(`!document.getElementById('help').open`)
	page.press(devtools.Char("/"))
	page.until(`document.activeElement.id === 'filter'`)
	page.press(devtools.Char("["), devtools.Space)
	assert.Equal(t, "[ ", page.evalText(`document.getElementById('filter').value`), "in a box, keys are text")
	page.press(devtools.Esc)
	page.until(`document.activeElement.id === 'grid'`)
	page.press(devtools.Space)
	page.until(`document.getElementById('pause').ariaPressed === 'true'`)
	page.quiet()
}

func inspectPause(t *testing.T, b *devtools.Browser) {
	k, page := watchTalk(t, b)
	page.click("pause")
	page.counts("paused")
	k.converse()
	page.counts("32 rows")
	assert.Len(t, page.shownRows(), 16, "the display stands still")
	assert.Equal(t, "16 new ↓", page.text("newest"))
	page.filters("websocket.opcode == 9")
	page.until(`document.querySelectorAll('#space .row:not([hidden])').length === 1`)
	page.filters("")
	page.until(`document.querySelectorAll('#space .row:not([hidden])').length === 16`)
	page.click("pause")
	page.until(`document.getElementById('newest').hidden`)
	assert.Equal(t, "33", page.evalText(`document.getElementById('grid').ariaRowCount`))

	// Who reads further up is not moved either.
	require.NoError(t, page.Show(t.Context(), devtools.Screen{Width: 1280, Height: 500}))
	page.eval(`document.getElementById('grid').scrollTop = 28 * 2`)
	page.until(`document.querySelector('#space .row:not([hidden])') && document.getElementById('grid').scrollTop === 56`)
	k.converse()
	page.reads("#newest", "16 new ↓")
	assert.Equal(t, "56", page.eval(`document.getElementById('grid').scrollTop`))
	page.click("newest")
	page.until(`document.getElementById('newest').hidden`)
	assert.Contains(t, page.whats(), "FIN: the client sends no more")
	page.reads("#live", "new row")
	page.quiet()
}

// inFront brings the page to the front: one that nobody sees draws nothing.
func (b *tab) inFront() {
	b.t.Helper()
	require.NoError(b.t, b.Focus(b.t.Context()))
}

// The tap is on every connection, and shows each technique as what it is.
func inspectDemos(t *testing.T, b *devtools.Browser) {
	r := startRun(t)
	page := openTab(t, b, r.url+"inspect/")
	page.connected()
	for _, name := range techniques {
		other := openBeside(t, b, page, r.url+name+"/")
		other.connected()
		other.votes(1)
		other.reads("#message", "From your click")
	}
	page.inFront()
	for filter, want := range map[string]string{
		`sse event`:                      "vote",
		`longpolling response`:           "HTTP/1.1 200 OK",
		`streaming chunk`:                "<script nonce",
		`polling http.request`:           "GET /polling/news",
		`websocket.opcode == 1 client`:   "vote",
		`tcp`:                            "127.0.0.1:",
		`http.request.uri == "/sse/do"`:  "POST /sse/do",
		`http.response.code == 101`:      "101 Switching Protocols",
		`body`:                           "vote",
		`websocket.mask == 0 websocket`:  "(FIN)",
		`websocket.payload_length < 126`: "text",
	} {
		page.filters(filter)
		page.reads("#space", want)
	}
	page.filters("")
	require.NoError(t, page.Show(t.Context(), devtools.Screen{Width: 1440, Height: 900}))
	page.press(devtools.Esc, devtools.Home)
	picture(t, page, "inspect-demos.png")
	page.filters("inspect")
	assert.Equal(t, "0", strings.Fields(page.text("counts"))[0], "it does not show itself")
	page.quiet()
	r.end(t)
}

func inspectAlone(t *testing.T, b *devtools.Browser) {
	r := startRun(t, "inspect")
	page := openTab(t, b, r.url)
	page.connected()
	other := openBeside(t, b, page, r.url+"echo/")
	other.connected()
	other.click("send-text")
	other.logs("message", "as it was sent")
	other.click("send-buffer")
	other.logs("message", "Blob, 1048576 bytes, as it was sent")
	page.inFront()
	page.filters("websocket.opcode == 1")
	page.reads("#space", `"Hello, 世界 👋"`)

	// The messages that Chromium reports to its own developer tools are those of the time line, where
	// a large one has several frames. Those of the page's other connection, which shows its head, are
	// among them.
	page.filters("echo and websocket.opcode <= 2")
	var rows []devtools.Frame
	require.NoError(t, json.Unmarshal([]byte(page.eval(`import('./main.js').then(({ inspector }) => inspector.visible().reduce((messages, { seq, from, part, frame, message, thread }) => {
			if (part === 'begun') return messages;
			if (thread === 'middle' || thread === 'last') messages.find((m) => m.first === message).length += frame.length;
			else messages.push({ first: seq, sent: from === 'client', opcode: frame.opcode, length: frame.length });
			return messages;
		}, []).map(({ sent, opcode, length }) => ({ Sent: sent, Opcode: opcode, Data: String(length) })))`)), &rows))
	var reported []devtools.Frame
	for _, f := range other.Frames() {
		length := len(f.Data)
		if f.Opcode == 2 {
			length = base64.StdEncoding.DecodedLen(length) - strings.Count(f.Data, "=")
		}
		reported = append(reported, devtools.Frame{Sent: f.Sent, Opcode: f.Opcode, Data: strconv.Itoa(length)})
	}
	assert.ElementsMatch(t, reported, rows)
	assert.GreaterOrEqual(t, len(rows), 5)
	page.filters("not echo and http")
	assert.Equal(t, "0", strings.Fields(page.text("counts"))[0], "it does not show itself")
	page.quiet()
	r.end(t)
	page.reads("#status", "No connection.")
	assert.NotEmpty(t, page.text("counts"), "what there was stays")
}

func inspectLooks(t *testing.T, b *devtools.Browser) {
	_, page := watchTalk(t, b)
	contrast, err := os.ReadFile("testdata/contrast.js")
	require.NoError(t, err)
	for look, screen := range map[string]devtools.Screen{
		"light":  {Width: 1280, Height: 800},
		"dark":   {Width: 1280, Height: 800, Dark: true},
		"middle": {Width: 900, Height: 800},
		"narrow": {Width: 360, Height: 740, Mobile: true},
		"night":  {Width: 360, Height: 740, Mobile: true, Dark: true},
	} {
		require.NoError(t, page.Show(t.Context(), screen))
		for _, row := range []int{3, 4, 10, 12} {
			page.selects(row)
			assert.Equal(t, "true", page.eval(`document.documentElement.scrollWidth <= innerWidth`), "%s is too wide", look)
			assert.Empty(t, page.strings(string(contrast)), "%s, row %d: texts that are hard to read", look, row)
			assert.Equal(t, "true", page.eval(`document.querySelector('#space .row[aria-selected=true]').checkVisibility()`), look)
			picture(t, page, fmt.Sprintf("inspect-%s-%d.png", look, row))
		}
	}
	assert.Equal(t, "[]", page.eval(`[...document.querySelectorAll('input')].filter((control) => control.labels.length !== 1).map((control) => control.id)`))
	page.click("help-open")
	assert.Empty(t, page.strings(string(contrast)), "the help")
	page.quiet()
}

// picture writes a picture of the page, if somebody wants to look.
func picture(t *testing.T, page *tab, name string) {
	t.Helper()
	dir := os.Getenv("WS101_SCREENSHOTS")
	if dir == "" {
		return
	}
	png, err := page.Screenshot(t.Context())
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), png, 0o644))
}

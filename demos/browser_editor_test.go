package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/devtools"
	"example.com/ws101/demos/inspect/proxy"
	"example.com/ws101/rfc6455"
)

// TestBrowserEditor shows that the frame editor, the exports and the proxy work in Chromium.
func TestBrowserEditor(t *testing.T) {
	b := devtools.ForTest(t)
	for _, test := range []struct {
		name string
		run  func(*testing.T, *devtools.Browser)
	}{
		{"each preset gets its verdict", editorPresets},
		{"any bit", editorAnyBit},
		{"a row is edited and sent again", editorRows},
		{"rows are exported", exportsOfRows},
		{"what is injected through the proxy", proxyPage},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, b) })
	}
}

// legible requires that a page fits, and that all texts on it can be read: in light, dark and narrow.
func legible(t *testing.T, page *tab) {
	t.Helper()
	contrast, err := os.ReadFile("testdata/contrast.js")
	require.NoError(t, err)
	for look, screen := range map[string]devtools.Screen{
		"light": {Width: 1100, Height: 768}, "dark": {Width: 1100, Height: 768, Dark: true}, "narrow": {Width: 360, Height: 740, Mobile: true},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), deadline)
		require.NoError(t, page.Show(ctx, screen))
		cancel()
		assert.Equal(t, "true", page.eval(`document.documentElement.scrollWidth <= innerWidth`), "%s is too wide", look)
		assert.Empty(t, page.strings(string(contrast)), "%s: texts that are hard to read", look)
	}
}

// openEditor opens the inspector, once the editor is there.
func openEditor(t *testing.T, b *devtools.Browser, address string) *tab {
	t.Helper()
	page := openTab(t, b, address)
	page.connected()
	page.until(`document.getElementById('preset').value === 'text' && document.getElementById('bytes').textContent.startsWith('81 85')`)
	return page
}

// predicts chooses what the server will do.
func (b *tab) predicts(outcome string) {
	b.t.Helper()
	b.eval(fmt.Sprintf(`document.querySelector('[name=prediction][value="%s"]').click()`, outcome))
}

// results waits for what came of the script, as the page shows it.
func (b *tab) results() map[string]string {
	b.t.Helper()
	b.until(`document.querySelector('#result dl') !== null && document.getElementById('send').ariaDisabled !== 'true'`)
	var facts map[string]string
	require.NoError(b.t, json.Unmarshal([]byte(b.eval(`Object.fromEntries([...document.querySelectorAll('#result dt')].map((dt) =>
		[dt.textContent, dt.nextSibling.textContent]))`)), &facts))
	return facts
}

// opens shows the connection of the script in the time line, once its rows are there.
func (b *tab) opens(title string) {
	b.t.Helper()
	b.until(`(() => {
		const conn = document.querySelector('#result button').textContent.match(/\d+/)[0];
		return [...document.querySelectorAll('#space [role=row]')].some((row) => !row.hidden && row.children[1].textContent === conn && row.textContent.includes('FIN'));
	})()`)
	b.eval(`document.querySelector('#result button').click()`)
	b.reads("#details-title", title)
}

// What each preset is predicted to bring about, rightly, and the rule that is told.
var presetOutcomes = []struct{ id, outcome, rule string }{
	{"text", "echo", ""},
	{"fragments", "pong", ""},
	{"slow", "echo", ""},
	{"empty", "echo", ""},
	{"zero-key", "echo", ""},
	{"ping", "pong", ""},
	{"pong", "nothing", ""},
	{"close", "1000", ""},
	{"close-empty", "1005", ""},
	{"waits", "nothing", ""},
	{"after-close", "1000", "6455-5.5.1-4"},
	{"rsv1", "1002", "6455-5.2-2"},
	{"opcode-3", "1002", "6455-5.2-3"},
	{"opcode-11", "1002", "6455-5.2-3"},
	{"unmasked", "1002", "6455-5.1-2"},
	{"long-form", "1002", "6455-5.2-5"},
	{"top-bit", "1002", "6455-5.2-4"},
	{"too-big", "1009", "6455-10.4-1"},
	{"no-start", "1002", "6455-5.4-6"},
	{"two-at-once", "1002", "6455-5.4-6"},
	{"ping-in-parts", "1002", "6455-5.5-2"},
	{"ping-large", "1002", "6455-5.5-1"},
	{"not-utf8", "1007", "6455-8.1-1"},
	{"surrogate", "1007", "6455-8.1-1"},
	{"cut-character", "1007", "6455-8.1-1"},
	{"close-one-byte", "1002", "6455-5.5.1-1"},
	{"close-1005", "1002", "6455-7.4.1-1"},
	{"close-999", "1002", "6455-7.4.2-1"},
	{"close-reason", "1007", "6455-8.1-1"},
}

func editorPresets(t *testing.T, b *devtools.Browser) {
	r := startRun(t, "inspect")
	page := openEditor(t, b, r.url)
	assert.Len(t, page.strings(`[...document.querySelectorAll('#preset option')].map((o) => o.value).filter(Boolean)`), len(presetOutcomes))

	page.click("send")
	page.reads("#send-note", "First say what you expect.")
	for i, c := range presetOutcomes {
		page.set("preset", c.id)
		assert.Equal(t, "null", page.eval(`document.querySelector('[name=prediction]:checked')`), "it asks anew")
		page.predicts(c.outcome)
		page.click("send")
		got := page.results()
		assert.Contains(t, got["You predicted"], "✓ That is what happened.", "%s: %v", c.id, got)
		assert.Contains(t, got["The RFC demands"], "✓ The server keeps to it.", "%s: %v", c.id, got)
		assert.Contains(t, got["Rule"], c.rule, c.id)
		assert.Equal(t, c.rule == "", got["Rule"] == "", c.id)
		assert.Equal(t, fmt.Sprintf("%d of %d predictions were right.", i+1, i+1), got["So far"])
	}
	page.predicts("echo")
	page.click("send")
	page.until(`document.querySelector('#result .not') !== null`)
	assert.Contains(t, page.results()["You predicted"], "✗ It did something else.")

	// The time line has it too.
	page.opens("close from the client")
	page.reads("#verdict", "Broken by the client")
	page.reads("#facts", "a Close frame with 1007")
	page.quiet()
	r.end(t)
}

func editorAnyBit(t *testing.T, b *devtools.Browser) {
	r := startRun(t, "inspect")
	page := openEditor(t, b, r.url)
	assert.Equal(t, "81 85 37 fa 21 3d 7f 9f 4d 51 58 ", page.text("bytes"))
	for _, bit := range []string{"fin", "rsv1", "rsv2", "rsv3", "masked"} {
		page.eval(`document.querySelector('[data-bit="` + bit + `"]').click()`)
	}
	page.enters("opcode", "15")
	page.enters("payload", "你")
	page.enters("declared", "70000")
	page.reads("#bytes", "7f 7f 00 00 00 00 00 01 11 70 e4 bd a0")
	page.set("payload-kind", "hex")
	page.reads("#payload-kind", "as hex")
	assert.Equal(t, `"e4 bd a0"`, page.eval(`document.getElementById('payload').value`))
	page.enters("payload", "ff")
	page.set("payload-kind", "text")
	assert.Equal(t, `"hex"`, page.eval(`document.getElementById('payload-kind').value`), "it is no text")
	page.enters("declared", "")
	page.enters("form", "16")
	page.reads("#bytes", "7f 7e 00 01 ff")
	page.enters("cuts", "1, 3")
	page.until(`document.getElementById('bytes').textContent === '7f | 7e 00 | 01 ff '`)
	page.enters("cuts", "9")
	page.reads("#bytes", "The places to cut must rise, from 1 to 4.")
	page.enters("cuts", "")
	page.until(`document.getElementById('bytes').textContent === '7f 7e 00 01 ff '`)
	page.click("cut-all")
	page.until(`document.getElementById('bytes').textContent === '7f | 7e | 00 | 01 | ff '`)
	page.click("add-frame")
	page.reads("#frame-legend", "Frame 2 of 2")
	page.click("remove-frame")
	page.reads("#frame-legend", "Frame 1 of 1")
	page.predicts("none")
	page.click("send")
	got := page.results()
	assert.NotContains(t, got, "You predicted")
	assert.Contains(t, got["The RFC demands"], "closes with 1002, protocol error ✓")
	assert.Contains(t, got["Verdict"], "rules")
	page.quiet()
	r.end(t)
}

// enters replaces what is in a control, as a person would who types.
func (b *tab) enters(id, value string) {
	b.t.Helper()
	b.eval(fmt.Sprintf(`(() => {
		const control = document.getElementById(%q);
		control.value = %s;
		control.dispatchEvent(new Event('input'));
	})()`, id, quote(value)))
}

func editorRows(t *testing.T, b *devtools.Browser) {
	r := startRun(t, "inspect")
	page := openEditor(t, b, r.url)
	page.click("edit")
	page.reads("#editor-note", "Select a frame in the time line first.")
	page.set("preset", "unmasked")
	page.predicts("1002")
	page.click("send")
	page.results()
	page.opens("text from the client")
	page.set("preset", "ping")
	page.until(`document.getElementById('bytes').textContent.startsWith('89')`)
	page.click("edit")
	page.until(`document.getElementById('bytes').textContent === '81 05 48 65 6c 6c 6f '`)
	page.reads("#preset-about", "as the client sent it")
	page.eval(`document.querySelector('[data-bit="masked"]').click()`)
	page.until(`document.getElementById('bytes').textContent === '81 85 00 00 00 00 48 65 6c 6c 6f '`)
	page.eval(`document.getElementById('result').replaceChildren()`)
	page.click("resend")
	got := page.results()
	assert.Contains(t, got["The server"], "closes with 1002")
	assert.NotContains(t, got, "You predicted", "it was not asked for one")
	page.quiet()
	r.end(t)
}

func exportsOfRows(t *testing.T, b *devtools.Browser) {
	r := startRun(t, "inspect")
	page := openEditor(t, b, r.url)
	page.predicts("echo")
	page.click("send")
	page.results()
	press := func(text string) {
		t.Helper()
		page.eval(fmt.Sprintf(`[...document.querySelectorAll('#exports button')].filter((b) => b.textContent === %q)[0].click()`, text))
	}
	page.enters("export-rows", "row")
	press("HAR")
	page.reads("#exports [role=status]", "No row is selected.")
	page.until(`document.querySelectorAll('#space [role=row]').length > 5`)
	page.opens("text from the client")
	for _, which := range []string{"all", "conn", "row"} {
		page.enters("export-rows", which)
		for format, name := range map[string]string{"Wireshark (pcapng)": ".pcapng", "HAR": ".har", "Go test": "_test.go", "curl": ".sh", "hex": ".txt"} {
			press(format)
			page.until(fmt.Sprintf(`/^Saved as ws101-\d+-\d+%s\.$/.test(document.querySelector('#exports [role=status]').textContent)`, strings.ReplaceAll(name, ".", `\.`)))
		}
	}
	t.Run("and Wireshark reads them", func(t *testing.T) { wiresharkReads(t, r.url, "1 1 8 8") })
	page.quiet()
	r.end(t)
}

// wiresharkReads requires that Wireshark sees these frames in all that the inspector has.
func wiresharkReads(t *testing.T, address, want string) {
	t.Helper()
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		const sentence = "this test needs Wireshark's tshark: apt-get install tshark"
		if os.Getenv(devtools.FullVariable) != "" {
			t.Fatal(sentence)
		}
		t.Skip(sentence)
	}
	response, body := fetch(t, address+"export?format=pcap&from=1")
	require.Equal(t, 200, response.StatusCode, body)
	file := filepath.Join(t.TempDir(), "rows.pcapng")
	require.NoError(t, os.WriteFile(file, []byte(body), 0o600))
	out, err := exec.Command(tshark, "-r", file, "-Y", "websocket", "-T", "fields", "-e", "websocket.opcode").Output()
	require.NoError(t, err)
	assert.Equal(t, want, strings.Join(strings.Fields(string(out)), " "))
}

func proxyPage(t *testing.T, b *devtools.Browser) {
	r := startRun(t, "inspect", "-listen", "127.0.0.1:0", "-target", echoServer(t))
	page := openEditor(t, b, r.url)
	_, body := fetch(t, r.url+"editor/proxy")
	var state proxy.State
	require.NoError(t, json.Unmarshal([]byte(body), &state))
	conn, _, err := rfc6455.Dial(t.Context(), "ws://"+state.Listen+"/room", nil)
	require.NoError(t, err)
	defer conn.CloseNow()

	page.until(`!document.getElementById('proxy').hidden`)
	page.reads(".lead", state.Listen+" stands in front of "+state.Target)
	page.reads("#arm", "Injection is off")
	page.click("inject")
	page.reads("#proxy-note", "Arm it first.")
	page.click("arm")
	page.until(`document.getElementById('arm').ariaChecked === 'true'`)
	page.reads("#arm", "ARMED")
	page.predicts("1002")
	page.click("send")
	page.results()
	legible(t, page)
	page.reads("#proxy-conn", conn.LocalAddr().String()+" /room")
	page.click("inject")
	page.reads("#proxy-note", "11 bytes were injected into connection 1, as the client.")
	_, message, err := conn.Read(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "Hello", string(message))
	page.enters("filter", "injected")
	page.until(`[...document.querySelectorAll('#space [role=row]')].filter((row) => !row.hidden).map((row) =>
		row.textContent.includes('injected: text "Hello"') && row.textContent.includes('client')).join() === 'true'`)
	page.click("arm")
	page.reads("#arm", "Injection is off")
	page.quiet()
	r.end(t)
}

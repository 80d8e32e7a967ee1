package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/devtools"
)

// TestCompare shows that the comparison of the start page works in Chromium.
func TestCompare(t *testing.T) {
	b := devtools.ForTest(t)
	for _, test := range []struct {
		name string
		run  func(*testing.T, *devtools.Browser)
	}{
		{"an event comes in all lanes once", eventInAllLanes},
		{"the bytes of an event", bytesOfAnEvent},
		{"the interval", comparedInterval},
		{"a reset loses nothing", comparedReset},
		{"silence loses nothing", comparedSilence},
		{"six tabs", sixComparisons},
		{"the keyboard", comparedByKeyboard},
		{"a restart", comparedRestart},
		{"the look", comparisonLook},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, b) })
	}
}

// compares opens the lanes of the start page, and waits until all of them are at work.
func (b *tab) compares() {
	b.t.Helper()
	b.click("compare-open")
	b.lanesAreOpen()
	b.hurries()
}

func (b *tab) lanesAreOpen() {
	b.t.Helper()
	b.until(`document.querySelectorAll('#compare-lanes .status').length === 5 &&
		[...document.querySelectorAll('#compare-lanes .status')].every((e) => ['connected', 'waiting'].includes(e.dataset.state))`)
	b.until(`document.getElementById('compare-send').textContent === 'Vote for 明凯'`)
}

// hurries lets polling ask as often as it can.
func (b *tab) hurries() {
	b.t.Helper()
	b.slides("0.2")
}

func (b *tab) slides(seconds string) {
	b.t.Helper()
	b.eval(fmt.Sprintf(`(() => {
		const slider = document.getElementById('compare-interval');
		slider.value = %q;
		slider.dispatchEvent(new Event('input'));
	})()`, seconds))
}

// brings waits until an event is in all five lanes.
func (b *tab) brings(event string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`[...document.querySelectorAll('[data-event=%q] td')].filter((e) => e.textContent.endsWith('s')).length === 5`, event))
}

// cost returns a row of the table of costs, as numbers.
func (b *tab) cost(row string) []float64 {
	b.t.Helper()
	var numbers []float64
	require.NoError(b.t, json.Unmarshal([]byte(b.eval(fmt.Sprintf(`[...document.querySelectorAll('#compare-costs tr')]
		.find((row) => row.querySelector('th').textContent === %q).querySelectorAll('td').values().map((e) => parseFloat(e.textContent)).toArray()`, row))), &numbers))
	return numbers
}

// counted waits until the wire has told of so many events in each lane.
func (b *tab) counted(events int) {
	b.t.Helper()
	b.until(fmt.Sprintf(`[...document.querySelectorAll('#compare-costs tr')]
		.find((row) => row.querySelector('th').textContent === 'Events').querySelectorAll('td').values().every((e) => e.textContent === '%d')`, events))
}

// outage returns what the lanes tell of a break, by technique, once none misses anything any more.
func (b *tab) outage(missed int) map[string]string {
	b.t.Helper()
	// The news of a lane and the rows about it come on two connections, in any order.
	b.until(fmt.Sprintf(`[...document.querySelectorAll('#compare-lanes .outage')].every((e) => /attempts?, .* %d missed, %d replayed, 0 twice\.$/.test(e.textContent))`, missed, missed))
	var told map[string]string
	require.NoError(b.t, json.Unmarshal([]byte(b.eval(`Object.fromEntries([...document.querySelectorAll('#compare-lanes li')].map((e) => [e.dataset.lane, e.querySelector('.outage').textContent]))`)), &told))
	return told
}

func eventInAllLanes(t *testing.T, b *devtools.Browser) {
	r := startRun(t)
	page := openTab(t, b, r.url)
	page.until(`document.querySelectorAll('.demos li').length === ` + fmt.Sprint(len(demos)))
	page.compares()
	for n := range 5 {
		page.click("compare-send")
		page.brings(fmt.Sprintf("vote 1 %d", 301+n))
	}
	page.reads("#compare-said", "Event 5, 明凯: 305: Polling ")
	page.counted(5)
	assert.Equal(t, []float64{210, 210, 210, 210, 210}, page.cost("Useful payload"), "five votes of 42 bytes")
	requests := page.cost("Requests")
	assert.Equal(t, []float64{7, 1, 1, 1}, requests[1:], "long polling: one to begin with, five with news, and one that is held")
	overhead := page.cost("Overhead per event")
	assert.Less(t, overhead[4], 100.0, "a WebSocket needs little beside the event")
	assert.Greater(t, overhead[1], 500.0, "long polling needs a request")
	assert.Equal(t, "5", page.eval(`document.querySelectorAll('.axis .news').length / 5`))

	// What somebody else does comes too.
	other := openTab(t, b, r.url+"websocket/")
	other.votes(2)
	page.brings("vote 2 201")
	other.joins("<i>Ada</i>")
	other.says("hello")
	page.brings("chat 1")
	page.reads(`[data-event="chat 1"]`, "<i>Ada</i> says something")
	page.quiet()

	page.click("compare-open")
	page.until(`document.getElementById('comparison').hidden && !document.querySelector('iframe')`)
	page.eval(`(async () => {
		while ((await navigator.locks.query()).held.length > 0) await new Promise((go) => setTimeout(go));
	})()`)
	page.quiet()
	r.end(t)
}

func bytesOfAnEvent(t *testing.T, b *devtools.Browser) {
	r := startRun(t)
	page := openTab(t, b, r.url)
	page.compares()
	page.click("compare-send")
	page.brings("vote 1 301")
	page.counted(1)
	show := func(click string) {
		page.eval(click)
		page.reads("#compare-bytes h3", "The bytes of event 1: 明凯: 301")
		for lane, want := range map[string][]string{
			"polling":     {"GET /compare/polling/news?cursor=", "HTTP/1.1 200 OK", "Etag: ", `{"uid": 1, "name": "明凯", "count": 301}`},
			"longpolling": {"GET /compare/longpolling/news?cursor=", "HTTP/1.1 200 OK", `"count": 301}`, "last chunk"},
			"streaming":   {"server → client  chunk, ", "<script nonce=", "parent.ws101.take("},
			"sse":         {"event vote, id ", `data: {"uid": 1, "name": "明凯", "count": 301}`},
			"websocket":   {"server → client  text, FIN, ", "opcode", "Legal: a whole text message."},
		} {
			for _, text := range want {
				page.reads(fmt.Sprintf(`#compare-bytes [data-lane="%s"]`, lane), text)
			}
			assert.NotContains(t, page.evalText(fmt.Sprintf(`document.querySelector('#compare-bytes [data-lane="%s"] summary').textContent`, lane)), "nothing")
		}
		page.eval(`document.getElementById('compare-bytes').replaceChildren()`)
	}
	show(`document.querySelector('[data-event="vote 1 301"] button').click()`)
	show(`document.querySelector('.axis .news').dispatchEvent(new MouseEvent('click'))`)
	page.quiet()
	r.end(t)
}

func comparedInterval(t *testing.T, b *devtools.Browser) {
	r := startRun(t)
	page := openTab(t, b, r.url)
	page.compares()
	for seconds, expect := range map[string]string{"2": "Average wait 1.0 s, worst 2.0 s.", "0.5": "Average wait 0.25 s, worst 0.5 s."} {
		page.slides(seconds)
		page.reads("#compare-expect", expect)
		page.reads("#compare-measured", "nothing yet")
	}
	page.hurries()
	page.click("compare-ten")
	page.reads("#compare-measured", "Measured with this interval: 10 events, on average ")
	assert.Equal(t, "10", page.eval(`document.querySelectorAll('.waits .news').length`))
	page.quiet()
	r.end(t)
}

func comparedReset(t *testing.T, b *devtools.Browser) {
	r := startRun(t)
	page := openTab(t, b, r.url)
	bystander := openTab(t, b, r.url+"sse/")
	bystander.connected()
	page.compares()
	page.click("compare-send")
	page.brings("vote 1 301")
	page.click("compare-reset")
	page.until(`document.querySelector('[data-lane="websocket"] .outage').textContent.includes('3 replayed')`)
	page.until(`document.querySelector('[data-lane="sse"] .outage').textContent.includes('3 replayed')`)
	page.reads(`[data-lane="streaming"] .outage`, "its own clock gives up after 45 s")
	page.eval(`elapse(45_000)`) // an iframe hears nothing of an RST
	told := page.outage(3)
	for _, lane := range []string{"longpolling", "streaming", "sse", "websocket"} {
		assert.Regexp(t, `^Reset\. The server knew at once: it did it\. This page noticed after \d.* 1 attempt, with the cursor \w+-1\. 3 missed`, told[lane], lane)
	}
	assert.Regexp(t, `^Reset\. It met the next question, after .* attempts?, with the cursor \w+-1\. 3 missed`, told["polling"])
	page.click("compare-send")
	page.brings("vote 1 305")
	page.counted(5)
	bystander.shows(1, 305)
	bystander.quiet()
	page.complains()
	r.end(t)
}

func comparedSilence(t *testing.T, b *devtools.Browser) {
	r := startRun(t)
	page := openTab(t, b, r.url)
	bystander := openTab(t, b, r.url+"longpolling/")
	bystander.connected()
	page.compares()
	page.click("compare-send")
	page.brings("vote 1 301")
	page.click("compare-silence")
	for _, lane := range []string{"longpolling", "streaming", "sse", "websocket"} {
		page.reads(`[data-lane="`+lane+`"] .outage`, "Silence. The server has not noticed. This page has not noticed: nobody tells it")
		page.reads(`[data-lane="`+lane+`"] .outage`, "3 missed, 0 replayed, 0 twice.")
	}
	page.reads(`[data-lane="polling"] .outage`, "1 attempt") // which is lost
	page.eval(`elapse(60_000)`)
	told := page.outage(3)
	for lane, words := range told {
		assert.Regexp(t, `^Silence\. The server has not noticed\. This page noticed after \d.* attempts?, with the cursor \w+-1\. 3 missed`, words, lane)
	}
	page.click("compare-send")
	page.brings("vote 1 305")
	bystander.shows(1, 305)
	bystander.quiet()
	page.complains()
	r.end(t)
}

// Each page says what it holds, and what it waits for, and none hangs: four requests are held, and
// the other lanes poll.
func sixComparisons(t *testing.T, b *devtools.Browser) {
	r := startRun(t)
	tabs := []*tab{openTab(t, b, r.url+"#compare")}
	for len(tabs) < 6 {
		tabs = append(tabs, openBeside(t, b, tabs[0], r.url+"#compare"))
	}
	held, polling := 0, 0
	for _, one := range tabs {
		one.lanesAreOpen()
		one.hurries()
		one.until(`[...document.querySelectorAll('#compare-lanes .detail')].slice(1, 4).every((e) => /on lane \d of the 4|Other tabs have all 4 lanes/.test(e.textContent))`)
		for _, detail := range one.strings(`[...document.querySelectorAll('#compare-lanes .detail')].slice(1, 4).map((e) => e.textContent)`) {
			if strings.Contains(detail, "on lane") {
				held++
			} else {
				polling++
			}
		}
	}
	assert.Equal(t, 4, held)
	assert.Equal(t, 14, polling)
	for i, one := range tabs {
		one.click("compare-send")
		for _, other := range tabs {
			other.eval(`elapse(2_000)`) // so that the others poll again
		}
		for _, other := range tabs {
			other.brings(fmt.Sprintf("vote 1 %d", 301+i))
		}
	}
	// And a page of another sort gets through.
	late := openBeside(t, b, tabs[0], r.url+"polling/")
	late.shows(1, 306)
	for _, one := range tabs {
		one.quiet()
	}
	r.end(t)
}

func comparedByKeyboard(t *testing.T, b *devtools.Browser) {
	r := startRun(t)
	page := openTab(t, b, r.url)
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	require.NoError(t, page.Focus(ctx))
	page.tabTo("#compare-open")
	page.press(devtools.Enter)
	page.lanesAreOpen()
	page.hurries()
	page.tabTo("#compare-send")
	page.press(devtools.Enter)
	page.brings("vote 1 301")
	page.counted(1)
	page.tabTo("#compare-hold")
	page.press(devtools.Enter)
	page.until(`document.getElementById('compare-hold').getAttribute('aria-pressed') === 'true'`)
	page.tabTo("#compare-interval")
	page.press(devtools.Up)
	page.reads("#compare-seconds", "0.3 s")
	page.tabTo("#compare-reset")
	page.tabTo("#compare-silence")
	page.tabTo(`[data-event="vote 1 301"] button`)
	page.press(devtools.Enter)
	page.until(`document.activeElement.matches('#compare-bytes h3')`)
	page.quiet()
	r.end(t)
}

// When the server starts again, the page begins anew with it.
func comparedRestart(t *testing.T, b *devtools.Browser) {
	r := startRun(t)
	page := openTab(t, b, r.url)
	page.compares()
	page.click("compare-send")
	page.brings("vote 1 301")
	r.end(t)
	page.until(`document.getElementById('compare-status').dataset.state === 'retrying'`)
	again := startRunAt(t, strings.TrimSuffix(strings.TrimPrefix(r.url, "http://"), "/"))
	page.until(`document.getElementById('compare-status').dataset.state === 'connected'`)
	page.lanesAreOpen()
	page.hurries()
	page.until(`!document.querySelector('[data-event]')`)
	page.click("compare-send")
	page.brings("vote 1 301")
	page.complains()
	again.end(t)
}

// comparisonLook looks at the comparison after a break, and writes pictures into the folder that
// WS101_SCREENSHOTS names.
func comparisonLook(t *testing.T, b *devtools.Browser) {
	dir := os.Getenv("WS101_SCREENSHOTS")
	if dir == "" {
		dir = t.TempDir()
	}
	contrast, err := os.ReadFile("testdata/contrast.js")
	require.NoError(t, err)
	r := startRun(t)
	page := openTab(t, b, r.url)
	page.compares()
	page.slides("1")
	page.click("compare-send")
	page.brings("vote 1 301")
	page.click("compare-ten")
	page.reads("#compare-measured", "11 events")
	page.click("compare-reset")
	page.until(`document.querySelector('[data-lane="sse"] .outage').textContent.includes('3 replayed')`)
	page.click("compare-send")
	page.until(`document.querySelector('[data-lane="polling"] .outage').textContent.includes('3 replayed')`)
	page.click("compare-hold")
	page.eval(`document.querySelector('[data-event="vote 1 311"] button').click()`)
	for look, screen := range map[string]devtools.Screen{
		"light":  {Width: 1120, Height: 768},
		"dark":   {Width: 1120, Height: 768, Dark: true},
		"narrow": {Width: 360, Height: 740, Mobile: true},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), deadline)
		require.NoError(t, page.Show(ctx, screen))
		assert.Equal(t, "true", page.eval(`document.documentElement.scrollWidth <= innerWidth`), "%s: too wide", look)
		assert.Empty(t, page.strings(string(contrast)), "%s: texts that are hard to read", look)
		png, err := page.Screenshot(ctx)
		cancel()
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "compare-"+look+".png"), png, 0o644))
	}
	page.complains()
	r.end(t)
}

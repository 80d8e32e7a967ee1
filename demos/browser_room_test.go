package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/devtools"
)

// A vote and a line go from each technique to each other one.
func allMeet(t *testing.T, tabs []*tab) {
	r := startRun(t)
	visitAll(tabs, r.url)
	for i, one := range tabs {
		one.joins("Ada " + techniques[i])
	}
	var lines []string
	for i, speaker := range tabs {
		speaker.votes(2)
		lines = append(lines, "hello from "+techniques[i])
		speaker.says(lines[i])
		for _, one := range tabs {
			one.shows(2, 201+i)
			one.hears(lines[i])
		}
	}
	for _, one := range tabs {
		assert.Equal(t, lines, one.lines())
		for _, name := range techniques {
			one.sees("Ada " + name)
			one.reads("#chat .quiet", "("+name+")")
		}
		one.quiet()
	}
	r.end(t)
}

// hostile texts are what a careless page would run, or be torn apart by.
var hostile = []string{
	`<img src=x onerror="parent.harmed = harmed = 1">`,
	`</script><script>parent.harmed = 1</script>`,
	"<!--<script>",
	`"]}); parent.harmed = 1; //`,
	"👩‍👩‍👧‍👦 a family, 👍🏽 and 🏳️‍🌈",
	"שלום, \u202eعالم right to left",
	"a\nsecond line\u2028and a third",
	"${1}&amp;\\u003c%3Cb%3E",
	strings.Repeat("汉", 500),
}

func textIsText(t *testing.T, tabs []*tab) {
	type candidate struct {
		UID   int    `json:"uid"`
		Name  string `json:"name"`
		Count int    `json:"count"`
	}
	var candidates []candidate
	names := append(hostile, strings.Repeat("long ", 600))
	for i, text := range names {
		name := strings.NewReplacer("\n", " ", "\u2028", " ", "\u202e", "").Replace(text)
		names[i] = strings.TrimSpace(name)
		candidates = append(candidates, candidate{i + 1, names[i], i})
	}
	file, err := json.Marshal(candidates)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "candidates.json")
	require.NoError(t, os.WriteFile(path, file, 0o600))

	r := startRun(t, "-candidates", path)
	visitAll(tabs, r.url)
	const name = `<b onclick=1>"👩‍👩‍👧`
	tabs[0].joins(name)
	for _, text := range hostile {
		tabs[0].eval(`import('./post.js').then(({ post }) => post({ me: sessionStorage.ws101me })({ say: ` + quote(text) + ` }))`)
	}
	for _, one := range tabs {
		one.votes(1)
	}
	for _, one := range tabs {
		one.sees(name)
		one.shows(1, len(tabs))
		one.hears(hostile[len(hostile)-1])
		assert.Equal(t, hostile, one.lines())
		assert.Equal(t, names, one.strings(`[...document.querySelectorAll('.vote .name')].map((e) => e.textContent)`))
		assert.Equal(t, "true", one.eval(`!window.harmed && !document.querySelector('main img, main script, main b')`))
		assert.Equal(t, "true", one.eval(`document.documentElement.scrollWidth <= innerWidth`))
	}
	for i, one := range tabs {
		// A line that is too long is refused, and stays where it was typed.
		one.joins("Bob of " + techniques[i])
		long := strings.Repeat("x", 3000)
		one.submit("text", long)
		one.reads("#chat .message", "A line has at most 500 characters, and this one has 3000.")
		assert.Equal(t, quote(long), one.eval(`document.getElementById('text').value`))
		one.submit("name", "")
		one.reads("#chat .message", "A name has at least one character.")
		one.stayed()
	}
	r.end(t)
}

// On each technique a guest and another one come. The guests load their pages again, and then the
// others leave. When that has become known, it would be known too if anybody had thought that a guest
// had left.
func whoIsHere(t *testing.T, b *devtools.Browser) {
	r := startRun(t)
	watcher := openTab(t, b, r.url+"websocket/")
	watcher.connected()
	var guests, others []*tab
	var told []string
	for _, name := range techniques {
		guest := openTab(t, b, r.url+name+"/")
		guest.joins("Guest " + name)
		other := openBeside(t, b, guest, r.url+name+"/")
		other.joins("Other " + name)
		watcher.sees("Other " + name)
		guests, others = append(guests, guest), append(others, other)
		told = append(told, "Guest "+name+" is here.", "Other "+name+" is here.")
	}
	for i, guest := range guests {
		guest.visit(r.url + techniques[i] + "/")
		guest.sees("Guest " + techniques[i])
	}
	leave := func(tabs []*tab, who string) {
		for _, one := range tabs {
			one.visit("about:blank")
		}
		for _, name := range techniques {
			left := who + " " + name + " has left."
			watcher.until(`[...document.querySelectorAll('.chat em')].some((e) => e.textContent === ` + quote(left) + `)`)
			told = append(told, left)
		}
		assert.ElementsMatch(t, told, watcher.told())
	}
	leave(others, "Other")
	for i, guest := range guests {
		guest.says("still here")
		watcher.sees("Guest " + techniques[i])
	}
	leave(guests, "Guest")
	watcher.until(`document.querySelector('#chat .quiet').textContent === 'Nobody here has a name yet.'`)
	watcher.quiet()
	r.end(t)
}

func nameIsTaken(t *testing.T, b *devtools.Browser) {
	r := startRun(t)
	first := openTab(t, b, r.url+"sse/")
	first.joins("Ada")
	second := openTab(t, b, r.url)
	for _, name := range []string{"websocket", "longpolling"} {
		second.visit(r.url + name + "/")
		second.connected()
		second.submit("text", "hello")
		second.reads("#chat .message", "Give yourself a name first, and join.")
		second.submit("name", "ADA")
		second.reads("#chat .message", "Somebody here has this name already. Take another one.")
		assert.Equal(t, `"ADA"`, second.eval(`document.getElementById('name').value`))
		second.joins("Bob of " + name)
		second.reads("#chat .message", "")
		second.says("hello")
		first.hears("hello")
		second.stayed()
		second.eval(`sessionStorage.clear()`) // to be somebody else next
	}
	first.quiet()
	r.end(t)
}

func tooFast(t *testing.T, b *devtools.Browser) {
	r := startRun(t)
	page := openTab(t, b, r.url)
	for _, name := range []string{"websocket", "sse"} {
		page.visit(r.url + name + "/")
		page.joins("Fast " + name)
		page.eval(`(async () => {
			const box = document.getElementById('text');
			const message = document.querySelector('#chat .message');
			for (let n = 1; !message.textContent; n++) {
				box.value = ` + quote(name) + ` + ' ' + n;
				box.form.requestSubmit();
				while (box.value && !message.textContent) await new Promise((go) => setTimeout(go));
			}
		})()`)
		page.reads("#chat .message", "That is faster than anybody can read. Wait a second, then send it again.")
		last := strings.Trim(page.eval(`document.getElementById('text').value`), `"`)
		assert.True(t, strings.HasPrefix(last, name+" "), "it is still there: %q", last)
		assert.NotContains(t, page.lines(), last)
		page.stayed()
		page.eval(`sessionStorage.clear()`) // to be somebody else next
	}
	r.end(t)
}

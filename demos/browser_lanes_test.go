package main

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"example.com/ws101/demos/internal/devtools"
)

// A browser has six connections to a server, for all of its tabs together.
func sixTabs(t *testing.T, b *devtools.Browser) {
	r := startRun(t)
	var tabs []*tab
	for i := range 6 {
		if i == 0 {
			tabs = append(tabs, openTab(t, b, r.url))
		} else {
			tabs = append(tabs, openBeside(t, b, tabs[0], r.url))
		}
	}
	for round, name := range techniques {
		for _, one := range tabs {
			one.visit(r.url + name + "/")
		}
		for _, one := range tabs {
			one.connected()
			one.hurry()
		}
		for _, one := range tabs {
			one.votes(1)
		}
		for _, one := range tabs {
			one.eval(`elapse(2_000)`) // so that the others poll again
		}
		for _, one := range tabs {
			one.shows(1, 306+6*round)
		}
		for _, one := range tabs {
			one.quiet()
		}
		if name == "longpolling" || name == "streaming" || name == "sse" {
			lanesAreShared(t, tabs)
		}
	}
	r.end(t)
}

// lanesAreShared requires that four of the pages hold a lane each and the others poll, and that one
// of these gets the lane of one that goes away. The first in the list is then the one that is away.
func lanesAreShared(t *testing.T, tabs []*tab) {
	t.Helper()
	var holders, others []*tab
	var lanes []string
	for _, one := range tabs {
		one.until(`/on lane|all 4 lanes/.test(document.getElementById('status').textContent)`)
		if lane := one.lane(); lane != "" {
			holders, lanes = append(holders, one), append(lanes, lane)
		} else {
			one.reads("#status", "Polling. Other tabs have all 4 lanes. Until one is free, this page asks again in ")
			others = append(others, one)
		}
	}
	slices.Sort(lanes)
	assert.Equal(t, []string{"lane 1 of the 4", "lane 2 of the 4", "lane 3 of the 4", "lane 4 of the 4"}, lanes)
	assert.Len(t, others, 2)

	freed := holders[0].lane()
	holders[0].visit("about:blank")
	taken := `document.getElementById('status').textContent.includes(` + quote(freed) + `)`
	ended := make(chan *tab, len(others))
	for _, one := range others {
		go func() {
			_ = one.Until(t.Context(), taken)
			ended <- one
		}()
	}
	next := <-ended
	assert.Equal(t, freed, next.lane())
	for _, one := range others {
		if one != next {
			assert.Empty(t, one.lane())
			one.reads("#status", "all 4 lanes")
			one.visit("about:blank")
		}
	}
}

// lane returns which lane a page says that it holds, or "".
func (b *tab) lane() string {
	b.t.Helper()
	return b.strings(`[document.getElementById('status').textContent.match(/lane \d of the 4/)?.[0] ?? '']`)[0]
}

// From each technique to each other one, while lines come.
func techniqueChanges(t *testing.T, b *devtools.Browser) {
	address, s, _ := startOn(t)
	page := openTab(t, b, address+"chat/")
	page.connected()
	crowd := &crowd{t: t, room: s.room}
	change := func(name string) {
		page.eval(fmt.Sprintf(`(() => {
			const choice = document.getElementById('technique');
			choice.value = %q;
			choice.dispatchEvent(new Event('change'));
		})()`, name))
	}
	at := "websocket"
	for _, from := range techniques {
		for _, to := range techniques {
			if from == to {
				continue
			}
			if at != from {
				change(from)
			}
			page.connected()
			talking := make(chan struct{})
			go func() {
				defer close(talking)
				crowd.acts(6)
			}()
			change(to)
			at = to
			<-talking
			page.eval(`elapse(2_000)`) // so that it polls again
			page.hears(crowd.said[len(crowd.said)-1])
		}
	}
	assert.Equal(t, crowd.said, page.lines())
	// No lane was kept, of a transport that has been left.
	change("websocket")
	page.connected()
	page.eval(`(async () => {
		while ((await navigator.locks.query()).held.length > 0) await new Promise((go) => setTimeout(go));
	})()`)
	assert.Equal(t, "true", page.eval(`!document.querySelector('iframe')`))
	page.quiet()
}

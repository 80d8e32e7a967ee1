package main

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"example.com/ws101/demos/devtools"
)

// A browser has six connections to a server, for all of its tabs together. In the last round the pages
// have no Web Locks, as on a server that is elsewhere and has no TLS.
func sixTabs(t *testing.T, b *devtools.Browser) {
	r := startRun(t)
	tabs := []*tab{openTab(t, b, r.url)}
	for len(tabs) < 6 {
		tabs = append(tabs, openBeside(t, b, tabs[0], r.url))
	}
	for _, one := range tabs {
		one.before(`if (location.hash === '#insecure') Object.defineProperty(navigator, 'locks', { value: undefined })`)
	}
	for round, name := range append(techniques[:len(techniques):len(techniques)], "sse") {
		for _, one := range tabs {
			address := r.url + name + "/"
			if round == len(techniques) {
				address += "#insecure"
			}
			one.visit(address)
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
		if name != "polling" && name != "websocket" {
			lanesAreShared(t, tabs)
		}
		leases := tabs[1].eval(`Object.keys(localStorage).filter((key) => key.startsWith('ws101-lane-')).length > 0`)
		assert.Equal(t, round == len(techniques), leases == "true", "a lease stands in for a lock, and only then")
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
		one.eval(`elapse(5_000)`) // where there are no locks, it looks again after this time
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

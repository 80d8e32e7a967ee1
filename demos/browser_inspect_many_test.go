package main

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/devtools"
	"example.com/ws101/demos/inspect"
)

// Ten thousand rows, and more: the page keeps the latest, says what it dropped, has no more elements
// than fit on the screen, and draws fast. How fast is told, and not required: the machine may be busy.
func inspectMany(t *testing.T, b *devtools.Browser) {
	k := startTalk(t)
	page := openTab(t, b, k.url+"inspect/")
	page.connected()
	require.NoError(t, page.Show(t.Context(), devtools.Screen{Width: 1280, Height: 900}))
	page.inFront()
	k.open()
	page.counts("3 rows.")
	total := 3
	send := func(times int) {
		for range times {
			const each = 500
			k.says(k.server, k.client, strings.Repeat("81 05 48 65 6c 6c 6f ", each))
			total += each
			// They are let come, so that none is missed.
			page.until(fmt.Sprintf(`Number(document.getElementById('counts').textContent.match(/; (\d+) older/)?.[1] ?? 0)
				+ Number(document.getElementById('grid').ariaRowCount) - 1 === %d`, total))
		}
	}
	send(19)
	page.counts("9503 rows.")
	page.eval(`document.getElementById('grid').scrollTop = 280000 / 2`)
	page.until(`document.getElementById('grid').scrollTop === 140000`)
	page.until(`document.querySelector('#space [aria-rowindex="5002"]:not([hidden])') !== null`)
	send(3)
	page.counts("10000 rows; 1003 older ones dropped: the latest 10000 are kept.")
	assert.Equal(t, "1500 new ↓", page.text("newest"))
	assert.Equal(t, "true", page.eval(`document.getElementById('grid').scrollTop === 140000 - 1003 * 28`), "what is being read stays where it is")
	assert.Equal(t, "true", page.eval(`document.querySelectorAll('#space .row').length < 60`))

	t.Logf("10,000 rows, scripts and layout of a frame while scrolling, in ms: %s", page.eval(`(async () => {
		const grid = document.getElementById('grid');
		const times = [];
		for (let i = 0; i < 200; i++) {
			await new Promise(requestAnimationFrame);
			const start = performance.now();
			grid.scrollTop = (i * 7919 * 28) % (grid.scrollHeight - grid.clientHeight);
			grid.dispatchEvent(new Event('scroll'));
			grid.getBoundingClientRect();
			times.push(performance.now() - start);
		}
		times.sort((a, b) => a - b);
		return { median: times[100], p95: times[190], max: times[199] };
	})()`))
	t.Logf("10,000 rows, a filter over all of them, in ms: %s", page.eval(`(() => {
		const box = document.getElementById('filter');
		const start = performance.now();
		box.value = 'websocket.opcode == 1 and hello';
		box.dispatchEvent(new Event('input'));
		return performance.now() - start;
	})()`))
	assert.Len(t, k.tap.Rows(0, math.MaxUint64), inspect.MaxRows, "the tap keeps as many")
	page.quiet()
}

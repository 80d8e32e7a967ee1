package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/devtools"
)

// deadline is for one step in a browser. It is met in milliseconds, unless the machine has
// much else to do.
const deadline = 30 * time.Second

// A tab is a page in a browser, where every failure ends the test.
type tab struct {
	*devtools.Page
	t *testing.T
}

// openTab opens a page in a browser context of its own, as another person would.
func openTab(t *testing.T, b *devtools.Browser, address string) *tab {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	page, err := b.Open(ctx)
	require.NoError(t, err)
	return begin(t, page, address)
}

// openBeside opens a second tab in the same context.
func openBeside(t *testing.T, b *devtools.Browser, first *tab, address string) *tab {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	page, err := b.OpenBeside(ctx, first.Page)
	require.NoError(t, err)
	return begin(t, page, address)
}

// clock lets a test put the clock of a page forward.
//
//go:embed testdata/clock.js
var clock string

func begin(t *testing.T, page *devtools.Page, address string) *tab {
	t.Helper()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), deadline)
		defer cancel()
		assert.NoError(t, page.Close(ctx))
	})
	b := &tab{page, t}
	b.before(clock)
	b.visit(address)
	return b
}

// before has a script run at the start of every document.
func (b *tab) before(script string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), deadline)
	defer cancel()
	require.NoError(b.t, b.Before(ctx, script))
}

func (b *tab) visit(address string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), deadline)
	defer cancel()
	require.NoError(b.t, b.Go(ctx, address))
}

// eval returns the value of a JavaScript expression, as JSON.
func (b *tab) eval(expression string) string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), deadline)
	defer cancel()
	var value json.RawMessage
	require.NoError(b.t, b.Eval(ctx, expression, &value), expression)
	return string(value)
}

// until waits until a JavaScript expression is true.
func (b *tab) until(expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), deadline)
	defer cancel()
	require.NoError(b.t, b.Until(ctx, expression))
}

// shows waits until a candidate has this count.
func (b *tab) shows(uid, count int) {
	b.t.Helper()
	b.until(fmt.Sprintf(`document.querySelector('[data-uid="%d"] .count')?.textContent === '%d'`, uid, count))
}

// votes clicks on a candidate's button, once it is there.
func (b *tab) votes(uid int) {
	b.t.Helper()
	b.until(fmt.Sprintf(`document.querySelector('[data-uid="%d"] button') !== null`, uid))
	b.eval(fmt.Sprintf(`document.querySelector('[data-uid="%d"] button').click()`, uid))
}

// connected waits until the page says that its technique is at work.
func (b *tab) connected() {
	b.t.Helper()
	b.until(`['connected', 'waiting'].includes(document.getElementById('status').dataset.state)`)
}

// hurry makes a page that polls ask as often as it can.
func (b *tab) hurry() {
	b.t.Helper()
	b.eval(`(() => {
		const interval = document.getElementById('interval');
		if (!interval) return;
		interval.value = interval.min;
		interval.dispatchEvent(new Event('input'));
	})()`)
}

// click clicks on what has this id.
func (b *tab) click(id string) {
	b.t.Helper()
	b.eval(fmt.Sprintf(`document.getElementById(%q).click()`, id))
}

// submit enters text into the box with this id, and sends its form.
func (b *tab) submit(id, text string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`document.getElementById(%q) !== null`, id))
	b.eval(fmt.Sprintf(`(() => {
		const box = document.getElementById(%q);
		box.value = %s;
		box.form.requestSubmit();
	})()`, id, quote(text)))
}

// joins gives the page a name in the chat.
func (b *tab) joins(name string) {
	b.t.Helper()
	b.connected()
	b.submit("name", name)
	b.sees(name)
}

// sees waits until somebody of this name is here.
func (b *tab) sees(name string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`[...document.querySelectorAll('#chat .quiet bdi')].some((e) => e.textContent === %s)`, quote(name)))
}

// says says a line, and waits until it has been sent.
func (b *tab) says(text string) {
	b.t.Helper()
	b.submit("text", text)
	b.until(`document.getElementById('text').value === ''`)
}

// hears waits until the last line of the chat is this one.
func (b *tab) hears(text string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`[...document.querySelectorAll('.chat .text')].at(-1)?.textContent === %s`, quote(text)))
}

// lines are the texts in the chat.
func (b *tab) lines() []string {
	b.t.Helper()
	return b.strings(`[...document.querySelectorAll('.chat .text')].map((e) => e.textContent)`)
}

// told is what the chat has told about who came and went.
func (b *tab) told() []string {
	b.t.Helper()
	return b.strings(`[...document.querySelectorAll('.chat em')].map((e) => e.textContent)`)
}

// reads waits until what a selector names has a text in it.
func (b *tab) reads(place, text string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`document.querySelector(%s)?.textContent.includes(%s)`, quote(place), quote(text)))
}

func (b *tab) strings(expression string) []string {
	b.t.Helper()
	var list []string
	require.NoError(b.t, json.Unmarshal([]byte(b.eval(expression)), &list))
	return list
}

// quote returns a text as JavaScript.
func quote(text string) string {
	script, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(script)
}

// quiet requires that nothing went wrong, and that the page has asked nobody but its own server.
func (b *tab) quiet() {
	b.t.Helper()
	assert.Empty(b.t, b.Errors(), "on the console")
	b.stayed()
}

// complains requires that the browser itself, and nobody else, has said something about lost
// connections.
func (b *tab) complains() {
	b.t.Helper()
	for _, e := range b.Errors() {
		assert.Regexp(b.t, `^WebSocket connection to|^Failed to load resource: net::ERR_`, e)
	}
	b.stayed()
}

func (b *tab) stayed() {
	b.t.Helper()
	var host string
	require.NoError(b.t, json.Unmarshal([]byte(b.eval(`location.host`)), &host))
	requests := b.Requests()
	assert.NotEmpty(b.t, requests)
	for _, address := range requests {
		u, err := url.Parse(address)
		require.NoError(b.t, err)
		if u.Scheme == "data" {
			continue // it asks nobody: the browser's own page for an iframe that could not be loaded
		}
		assert.Equal(b.t, host, u.Host, address)
		assert.Contains(b.t, []string{"http", "ws"}, u.Scheme, address)
	}
}

// webSocketAddress turns the address of a page into that of a WebSocket beside it.
func webSocketAddress(page, name string) string {
	return strings.Replace(page, "http://", "ws://", 1) + name
}

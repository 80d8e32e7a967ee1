package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/devtools"
)

// press presses keys, one after the other.
func (b *tab) press(keys ...devtools.Key) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), deadline)
	defer cancel()
	for _, k := range keys {
		require.NoError(b.t, b.Press(ctx, k))
	}
}

// tabTo presses Tab until what a selector names has the focus, and requires that this can be seen.
func (b *tab) tabTo(selector string) {
	b.t.Helper()
	for range 30 {
		if b.eval("document.activeElement.matches("+quote(selector)+")") == "true" {
			assert.Equal(b.t, `"solid"`, b.eval(`getComputedStyle(document.activeElement).outlineStyle`), "the focus is shown")
			return
		}
		b.press(devtools.Tab)
	}
	b.t.Fatalf("the Tab key does not come to %s", selector)
}

func (b *tab) types(text string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), deadline)
	defer cancel()
	require.NoError(b.t, b.Type(ctx, text))
}

// No mouse: a vote, a name and a line on each technique, and another technique for the chat.
func keyboard(t *testing.T, b *devtools.Browser) {
	r := startRun(t)
	page := openTab(t, b, r.url)
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	require.NoError(t, page.Focus(ctx))
	for i, name := range techniques {
		page.visit(r.url + name + "/")
		page.shows(2, 200+i)
		page.hurry()
		page.tabTo(`[data-uid="2"] button`)
		page.press(devtools.Enter)
		page.shows(2, 201+i)
		page.tabTo("#name")
		page.types("Ada " + name)
		page.press(devtools.Enter)
		page.sees("Ada " + name)
		page.tabTo("#text")
		page.types("typed")
		page.press(devtools.Enter)
		page.until(`document.getElementById('text').value === ''`)
		page.hears("typed")
		page.tabTo("summary")
		page.press(devtools.Enter)
		page.until(`document.querySelector('details').open`)
		page.quiet()
	}

	page.visit(r.url + "chat/")
	page.connected()
	page.tabTo("#technique")
	page.press(devtools.Up)
	page.reads("#status", "Stream 1 is open, on lane 1")
	page.quiet()
	r.end(t)
}

// TestScreenshots looks at all pages in light, dark and narrow, and writes pictures of them into the
// folder that WS101_SCREENSHOTS names.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("WS101_SCREENSHOTS")
	if dir == "" {
		if os.Getenv("WS101_FULL") == "" {
			t.Skip("WS101_SCREENSHOTS names no folder for the pictures")
		}
		dir = t.TempDir()
	}
	require.NoError(t, os.MkdirAll(dir, 0o755))
	contrast, err := os.ReadFile("testdata/contrast.js")
	require.NoError(t, err)
	b := devtools.ForTest(t)
	r := startRun(t)
	chatting := openTab(t, b, r.url+"websocket/")
	chatting.joins("明凯的朋友")
	for _, name := range append([]string{""}, names()...) {
		address := r.url
		if name != "" {
			address += name + "/"
		}
		page := openTab(t, b, address)
		if name != "" {
			page.connected()
		}
		if name == "echo" {
			page.click("send-text")
			page.click("send-buffer")
			page.until(`document.getElementById('log').innerText.includes('Blob, 1048576 bytes, as')`)
			page.click("send-much")
			page.until(`document.getElementById('drained').textContent !== ''`)
			page.until(`document.querySelectorAll('#heads tr').length > 0`)
			page.click("close")
			page.until(`document.getElementById('log').innerText.includes('wasClean')`)
		} else if name != "" && name != "inspect" {
			converse(page, name, chatting)
		}
		for look, screen := range map[string]devtools.Screen{
			"light":  {Width: 1024, Height: 768},
			"dark":   {Width: 1024, Height: 768, Dark: true},
			"narrow": {Width: 360, Height: 740, Mobile: true},
		} {
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			require.NoError(t, page.Show(ctx, screen))
			assert.Equal(t, "true", page.eval(`document.documentElement.scrollWidth <= innerWidth`), "%s is too wide", name)
			assert.Empty(t, page.strings(string(contrast)), "%s, %s: texts that are hard to read", name, look)
			png, err := page.Screenshot(ctx)
			cancel()
			require.NoError(t, err)
			file := filepath.Join(dir, strings.TrimPrefix(name+"-"+look+".png", "-"))
			require.NoError(t, os.WriteFile(file, png, 0o644))
		}
	}
	r.end(t)
}

// converse lets a page look as it does while people use it.
func converse(page *tab, name string, with *tab) {
	page.joins(map[string]string{
		"polling": "Ada", "longpolling": "Barbara", "streaming": "Grace", "sse": "Hedy", "websocket": "Radia", "chat": "珮",
	}[name])
	with.says("Hello! Which technique is this?")
	page.says("It is " + name + ", and the vote is here too. 你好! 👩‍👩‍👧‍👦")
	with.says("A longer line, to see how it is broken: " + strings.Repeat("news ", 30))
	page.submit("text", "I would say this, but it is much too long"+strings.Repeat(".", 500))
	page.reads("#chat .message", "A line has at most 500 characters")
	page.eval(`document.getElementById('text').value = 'The next line'`)
	if name != "chat" {
		page.votes(1)
		page.reads("#message", "From your click")
	}
}

package main

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/internal/devtools"
)

// TestBrowserInspector shows that the inspector's page shows what crosses the wire.
func TestBrowserInspector(t *testing.T) {
	b := devtools.ForTest(t)
	for _, test := range []struct {
		name string
		run  func(*testing.T, *devtools.Browser)
	}{
		{"a known conversation", inspectConversation},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, b) })
	}
}

// lines are the rows on display, cell by cell, without the times.
func (b *tab) lines2() [][]string {
	b.t.Helper()
	var rows [][]string
	require.NoError(b.t, json.Unmarshal([]byte(b.eval(`[...document.querySelectorAll('#space .row:not([hidden])')]
		.sort((a, b) => a.ariaRowIndex - b.ariaRowIndex)
		.map((row) => [...row.children].slice(1).map((cell) => cell.textContent))`)), &rows))
	return rows
}

func inspectConversation(t *testing.T, b *devtools.Browser) {
	k := startTalk(t)
	page := openTab(t, b, k.url+"inspect/")
	page.connected()
	k.converse()
	page.until(`document.querySelectorAll('#space .row:not([hidden])').length >= 10`)
	for _, r := range page.lines2() {
		fmt.Println(r)
	}
	ctx := t.Context()
	require.NoError(t, page.Show(ctx, devtools.Screen{Width: 1280, Height: 800}))
	page.eval(`document.getElementById('grid').focus()`)
	page.press(devtools.Up)
	shoot(t, page, "1")
	page.eval(`location.hash = '#row=4'`)
	page.until(`document.querySelectorAll('.bit').length > 0`)
	shoot(t, page, "2")
	for _, n := range []string{"3", "2","6", "9", "10", "12", "16"} {
		page.eval(`location.hash = '#row=`+n+`'`)
		page.until(`document.getElementById('details-title').textContent.startsWith('Row `+n+`:')`)
		page.until(`!document.getElementById('anatomy').hidden || `+n+`>14`)
		shoot(t, page, "r"+n)
	}
	require.NoError(t, page.Show(ctx, devtools.Screen{Width: 1280, Height: 800, Dark: true}))
	shoot(t, page, "3")
	require.NoError(t, page.Show(ctx, devtools.Screen{Width: 360, Height: 740, Mobile: true}))
	shoot(t, page, "4")
	page.quiet()
	assert.True(t, true)
}

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/devtools"
)

// stepTime is for one step in a browser. It is met in milliseconds, unless the machine has much else
// to do.
const stepTime = 30 * time.Second

// TestChatOnOwnWebSocket shows that the program of chapter 24 carries a vote and a chat between two
// pages in Chromium, hears of one that is left, and ends the others with 1001. Its trace shows
// all of it.
func TestChatOnOwnWebSocket(t *testing.T) {
	browser := devtools.ForTest(t)
	address, program := startShow(t)
	ada, bob := openPage(t, browser, address), openPage(t, browser, address)
	ctx, cancel := context.WithTimeout(t.Context(), stepTime)
	defer cancel()
	require.NoError(t, openPage(t, browser, address).Close(ctx))
	ada.joins("Ada")
	bob.joins("明凯")
	ada.says("hello from a WebSocket of my own")
	bob.hears("hello from a WebSocket of my own")
	bob.says("再见 🙂")
	ada.hears("再见 🙂")
	ada.does(`document.querySelector('[data-uid="2"] button').click()`)
	for _, page := range []person{ada, bob} {
		page.until(`document.querySelector('[data-uid="2"] .count').textContent === '201'`)
		assert.Empty(t, page.Errors(), "on the console")
	}

	require.NoError(t, program.Process.Signal(os.Interrupt))
	for _, page := range []person{ada, bob} {
		page.until(`document.getElementById('closed').textContent.includes('1001')`)
	}
}

// startShow builds and starts the program of chapter 24, and returns the address that it prints.
// It is told to end, if it has not, when the test does.
func startShow(t *testing.T) (address string, program *exec.Cmd) {
	c := loadCourse(t)
	path := filepath.Join(t.TempDir(), "show.exe")
	build := exec.Command("go", "build", "-o", path, "./lessons/"+c.Find(gathering).Folder+"/show")
	build.Dir = c.Root
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)

	program = exec.Command(path, "-addr", "127.0.0.1:0")
	stdout, err := program.StdoutPipe()
	require.NoError(t, err)
	var trace strings.Builder
	program.Stderr = &trace
	require.NoError(t, program.Start())
	t.Cleanup(func() {
		_ = program.Process.Signal(os.Interrupt) // where it has ended, this changes nothing
		assert.NoError(t, program.Wait())
		assert.Contains(t, trace.String(), "GET /news?", "the trace shows the request")
		assert.Contains(t, trace.String(), "text, FIN, masked,", "and frames")
		assert.NotContains(t, trace.String(), "Broken by the server", "all of which were right")
		assert.Contains(t, trace.String(), "Legal: a close without a code", "of the page that was left")
		assert.Equal(t, 2, strings.Count(trace.String(), "server → client  close, FIN, 2 bytes"), "to the pages that were open")
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	words := strings.Fields(line)
	require.Greater(t, len(words), 1, line)
	return words[1], program
}

// A person sits before a page. Every failure ends the test.
type person struct {
	*devtools.Page
	t *testing.T
}

func openPage(t *testing.T, b *devtools.Browser, address string) person {
	ctx, cancel := context.WithTimeout(t.Context(), stepTime)
	defer cancel()
	page, err := b.Open(ctx)
	require.NoError(t, err)
	require.NoError(t, page.Go(ctx, address))
	p := person{page, t}
	p.until(`document.getElementById('status').dataset.state === 'connected'`)
	return p
}

func (p person) does(script string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), stepTime)
	defer cancel()
	require.NoError(p.t, p.Eval(ctx, script, nil))
}

func (p person) until(expression string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), stepTime)
	defer cancel()
	require.NoError(p.t, p.Until(ctx, expression))
}

func (p person) joins(name string) {
	p.t.Helper()
	p.submits("name", name)
	p.until(`[...document.querySelectorAll('#chat .quiet bdi')].some((e) => e.textContent === ` + script(name) + `)`)
}

func (p person) says(text string) {
	p.t.Helper()
	p.submits("text", text)
	p.until(`document.getElementById('text').value === ''`)
}

// submits enters a text into the box with an id, and sends its form.
func (p person) submits(id, text string) {
	p.t.Helper()
	p.until(fmt.Sprintf(`document.getElementById(%q) !== null`, id))
	p.does(fmt.Sprintf(`(() => {
		const box = document.getElementById(%q);
		box.value = %s;
		box.form.requestSubmit();
	})()`, id, script(text)))
}

func (p person) hears(text string) {
	p.t.Helper()
	p.until(`[...document.querySelectorAll('.chat .text')].at(-1)?.textContent === ` + script(text))
}

// script returns a text as JavaScript.
func script(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string can always be encoded
	}
	return string(b)
}

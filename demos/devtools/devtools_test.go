package devtools

import (
	"bytes"
	"context"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFind(t *testing.T) {
	t.Setenv(PathVariable, "")
	t.Setenv("PATH", t.TempDir())
	_, err := Find()
	assert.Equal(t, ErrNotFound, err)
	t.Setenv(PathVariable, "no-such-browser")
	_, err = Find()
	assert.ErrorContains(t, err, PathVariable+": ")
	t.Setenv(PathVariable, os.Args[0])
	path, err := Find()
	require.NoError(t, err)
	assert.Equal(t, os.Args[0], path)
}

func TestStartWhatIsNoBrowser(t *testing.T) {
	// This very test program does not know the flags of a browser, and ends.
	_, err := Start(t.Context(), os.Args[0])
	assert.ErrorContains(t, err, "the browser ended at once, with these words:\n")
	assert.ErrorContains(t, err, "-headless")
	_, err = Start(t.Context(), t.TempDir())
	assert.ErrorContains(t, err, "the browser cannot be started: ")
}

const document = `<!doctype html>
<title>A page</title>
<link rel="icon" href="data:,">
<body style="margin: 0; height: 2000px">
<p>Hello.`

func TestBrowser(t *testing.T) {
	b := ForTest(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(document))
	}))
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	open := func(t *testing.T) *Page {
		p, err := b.Open(ctx)
		require.NoError(t, err)
		require.NoError(t, p.Go(ctx, server.URL+"/a"))
		return p
	}
	p := open(t)

	t.Run("values", func(t *testing.T) {
		var sum int
		require.NoError(t, p.Eval(ctx, `1 + 2`, &sum))
		assert.Equal(t, 3, sum)
		require.NoError(t, p.Eval(ctx, `Promise.resolve(4)`, &sum))
		assert.Equal(t, 4, sum)
		var list []string
		require.NoError(t, p.Eval(ctx, `['a', document.title]`, &list))
		assert.Equal(t, []string{"a", "A page"}, list)
		assert.NoError(t, p.Eval(ctx, `undefined`, nil))

		var thrown *ScriptError
		require.ErrorAs(t, p.Eval(ctx, `null.x`, nil), &thrown)
		assert.Contains(t, thrown.Text, "TypeError")
		require.ErrorAs(t, p.Eval(ctx, `Promise.reject(new Error('no'))`, nil), &thrown)
		assert.Contains(t, thrown.Text, "Error: no")
		require.ErrorAs(t, p.Until(ctx, `1 +`), &thrown)
		assert.Contains(t, thrown.Text, "SyntaxError")
	})

	t.Run("until", func(t *testing.T) {
		require.NoError(t, p.Eval(ctx, `setTimeout(() => { document.body.append('later') }, 20)`, nil))
		require.NoError(t, p.Until(ctx, `document.body.innerText.includes('later')`))
		require.NoError(t, p.Eval(ctx, `setTimeout(() => { window.seen = 1 }, 20)`, nil))
		require.NoError(t, p.Until(ctx, `window.seen === 1`))
		require.NoError(t, p.Eval(ctx, `setTimeout(() => { location.href = '/b' }, 20)`, nil))
		require.NoError(t, p.Until(ctx, `location.pathname === '/b' && document.title`))

		short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()
		err := p.Until(short, `document.title === 'other'`)
		assert.ErrorContains(t, err, "the page did not come to document.title === 'other'")
		assert.ErrorContains(t, err, "/b says:\nHello.")
	})

	t.Run("record", func(t *testing.T) {
		p.Forget()
		require.NoError(t, p.Eval(ctx, `console.log('fine'), console.error('bad', 1), setTimeout(() => { throw new Error('worse') }), fetch('/c')`, nil))
		require.NoError(t, p.Reload(ctx))
		errors := p.Errors()
		require.Len(t, errors, 2)
		assert.Equal(t, `"bad" 1`, errors[0])
		assert.Contains(t, errors[1], "Error: worse")
		assert.Equal(t, []string{server.URL + "/c", server.URL + "/b"}, p.Requests()[:2])
	})

	t.Run("contexts", func(t *testing.T) {
		require.NoError(t, p.Eval(ctx, `document.cookie = 'who=me'`, nil))
		other := open(t)
		beside, err := b.OpenBeside(ctx, p)
		require.NoError(t, err)
		require.NoError(t, beside.Go(ctx, server.URL))
		for page, want := range map[*Page]string{p: "who=me", other: "", beside: "who=me"} {
			var got string
			require.NoError(t, page.Eval(ctx, `document.cookie`, &got))
			assert.Equal(t, want, got)
		}
		assert.NoError(t, other.Close(ctx))
		assert.NoError(t, beside.Close(ctx))
		assert.Error(t, other.Eval(ctx, `1`, nil))
	})

	t.Run("keyboard", func(t *testing.T) {
		require.NoError(t, p.Before(ctx, `window.first = document.title + '.'`))
		require.NoError(t, p.Reload(ctx))
		var text string
		require.NoError(t, p.Eval(ctx, `first`, &text))
		assert.Equal(t, ".", text, "there was no title yet")

		require.NoError(t, p.Focus(ctx))
		require.NoError(t, p.Eval(ctx, `document.body.innerHTML = '<button>B</button><input>',
			document.querySelector('button').onclick = () => { window.clicked = true }, true`, nil))
		require.NoError(t, p.Press(ctx, Tab))
		require.NoError(t, p.Press(ctx, Enter))
		require.NoError(t, p.Until(ctx, `clicked`))
		require.NoError(t, p.Press(ctx, Tab))
		require.NoError(t, p.Type(ctx, "明凯"))
		require.NoError(t, p.Until(ctx, `document.querySelector('input').value === '明凯'`))
	})

	t.Run("screen", func(t *testing.T) {
		require.NoError(t, p.Show(ctx, Screen{Width: 360, Height: 640, Dark: true, Mobile: true}))
		var dark bool
		require.NoError(t, p.Eval(ctx, `matchMedia('(prefers-color-scheme: dark)').matches`, &dark))
		assert.True(t, dark)
		shot, err := p.Screenshot(ctx)
		require.NoError(t, err)
		picture, err := png.DecodeConfig(bytes.NewReader(shot))
		require.NoError(t, err)
		assert.GreaterOrEqual(t, picture.Height, 2000, "all of the page")
	})

	t.Run("where nothing is", func(t *testing.T) {
		err := p.Go(ctx, "http://127.0.0.1:1/")
		assert.ErrorContains(t, err, "http://127.0.0.1:1/ cannot be opened: net::ERR_")
	})

	t.Run("end", func(t *testing.T) {
		b.Close()
		b.Close()
		assert.NoDirExists(t, b.profile)
		assert.ErrorContains(t, p.Eval(ctx, `1`, nil), "Runtime.evaluate: ")
	})
}

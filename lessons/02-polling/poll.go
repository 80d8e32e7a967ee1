package polling

import (
	"context"
	"io"
	"net/http"
	"time"
)

// Page is the part of a page that asks, and asks again.
type Page struct {
	// Ask asks once, and returns the answer. tag is the ETag of the state that the page has, or ""
	// if it has none; it goes into If-None-Match. It ends early, with an error, if ctx does.
	Ask func(ctx context.Context, tag string) (Answer, error)
	// Show shows a state.
	Show func(state []byte)
}

// Answer is what matters of an HTTP response here.
type Answer struct {
	Status int    // 200, 304, or what says that something is wrong
	Tag    string // the ETag field
	Body   []byte // the state, if the status is 200
}

// Poll asks at once, and asks again when the interval has passed since the last answer. It shows each
// state that comes. It returns when ctx ends, which is when the page is closed, and not before.
func (p *Page) Poll(ctx context.Context, interval time.Duration) {
	// lesson:begin Poll
	tag := ""
	for {
		answer, err := p.Ask(ctx, tag)
		if err == nil && answer.Status == http.StatusOK {
			tag = answer.Tag
			p.Show(answer.Body)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(interval):
		}
	}
	// lesson:end
}

// AskHTTP returns a function for [Page.Ask], which asks at an address.
func AskHTTP(client *http.Client, url string) func(context.Context, string) (Answer, error) {
	return func(ctx context.Context, tag string) (Answer, error) {
		r, err := http.NewRequestWithContext(ctx, "GET", url, nil)
		if err != nil {
			return Answer{}, err
		}
		if tag != "" {
			r.Header.Set("If-None-Match", tag)
		}
		answer, err := client.Do(r)
		if err != nil {
			return Answer{}, err
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		return Answer{answer.StatusCode, answer.Header.Get("ETag"), body}, err
	}
}

package devtools

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Page is one tab. What it did so far is in its record.
type Page struct {
	wire    *wire
	context string
	owner   bool // of the context, which ends with it
	target  string
	session string
	loaded  chan struct{} // gets a value when a document has been loaded

	record
}

func (p *Page) call(ctx context.Context, method string, params, result any) error {
	return p.wire.call(ctx, p.session, method, params, result)
}

func (p *Page) event(method string, params json.RawMessage) {
	if method == "Page.loadEventFired" {
		select {
		case p.loaded <- struct{}{}:
		default:
		}
		return
	}
	p.record.add(method, params)
}

// Close closes the page, and its context if it was the first one in it.
func (p *Page) Close(ctx context.Context) error {
	defer p.wire.listen(p.session, nil)
	if p.owner {
		return p.wire.call(ctx, "", "Target.disposeBrowserContext", map[string]any{"browserContextId": p.context}, nil)
	}
	return p.wire.call(ctx, "", "Target.closeTarget", map[string]any{"targetId": p.target}, nil)
}

// Go goes to an address and waits until the document there has been loaded.
func (p *Page) Go(ctx context.Context, address string) error {
	p.forgetLoad()
	var went struct {
		Error string `json:"errorText"`
	}
	if err := p.call(ctx, "Page.navigate", map[string]any{"url": address}, &went); err != nil {
		return err
	}
	if went.Error != "" {
		return fmt.Errorf("%s cannot be opened: %s", address, went.Error)
	}
	return p.awaitLoad(ctx)
}

// Reload loads the document again.
func (p *Page) Reload(ctx context.Context) error {
	p.forgetLoad()
	if err := p.call(ctx, "Page.reload", nil, nil); err != nil {
		return err
	}
	return p.awaitLoad(ctx)
}

func (p *Page) forgetLoad() {
	select {
	case <-p.loaded:
	default:
	}
}

func (p *Page) awaitLoad(ctx context.Context) error {
	select {
	case <-p.loaded:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the page was not loaded in time: %w", ctx.Err())
	}
}

// A ScriptError is an exception that a script in the page has thrown.
type ScriptError struct{ Text string }

// Error returns the exception as the browser shows it.
func (e *ScriptError) Error() string { return e.Text }

// Eval evaluates a JavaScript expression in the page. If its value is a promise, it is
// waited for. The value, as JSON, is decoded into result unless that is nil. An exception is a
// *ScriptError.
func (p *Page) Eval(ctx context.Context, expression string, result any) error {
	var evaluated struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
		Exception *struct {
			Text      string `json:"text"`
			Exception struct {
				Description string          `json:"description"`
				Value       json.RawMessage `json:"value"`
			} `json:"exception"`
		} `json:"exceptionDetails"`
	}
	err := p.call(ctx, "Runtime.evaluate", map[string]any{
		"expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true,
	}, &evaluated)
	if err != nil {
		return err
	}
	if e := evaluated.Exception; e != nil {
		return &ScriptError{strings.TrimSpace(e.Text + " " + e.Exception.Description + " " + string(e.Exception.Value))}
	}
	if result == nil || evaluated.Result.Value == nil { // undefined has no value
		return nil
	}
	return json.Unmarshal(evaluated.Result.Value, result)
}

// untilTrue is a script that ends when an expression is true. It looks again whenever the document
// changes, and for what is not in the document a few times a second. An expression that throws is
// not true yet.
const untilTrue = `new Promise((resolve) => {
  const look = () => {
    let yes = false;
    try { yes = (%s); } catch { }
    if (!yes) return;
    watcher.disconnect();
    clearInterval(clock);
    resolve(true);
  };
  const watcher = new MutationObserver(look);
  watcher.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  const clock = setInterval(look, 50);
  look();
})`

// Until waits until a JavaScript expression is true in the page, over reloads of the page too. When
// ctx ends first, the error shows what the page says at that moment.
func (p *Page) Until(ctx context.Context, expression string) error {
	for {
		err := p.Eval(ctx, fmt.Sprintf(untilTrue, expression), nil)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return p.tooLate(expression)
		}
		// A document that is left takes its promises with it. The next one is asked again.
		if !isLeft(err) {
			return err
		}
	}
}

// tooLate says what was to be seen at the end of a wait in vain.
func (p *Page) tooLate(expression string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var text string
	if err := p.Eval(ctx, "`${location} says:\n${document.body.innerText}`", &text); err != nil {
		text = "and the page does not answer: " + err.Error()
	}
	return errors.New("the page did not come to " + expression + "\n" + text)
}

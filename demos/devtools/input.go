package devtools

import "context"

// A Key is a key of the keyboard that does something other than type.
type Key struct {
	name string
	code int // Windows' number for it, which the protocol uses on all systems
	text string
}

// The keys that a page can be used with.
var (
	Tab   = Key{"Tab", 9, ""}
	Enter = Key{"Enter", 13, "\r"}
	Up    = Key{"ArrowUp", 38, ""}
	Down  = Key{"ArrowDown", 40, ""}
	Left  = Key{"ArrowLeft", 37, ""}
	Right = Key{"ArrowRight", 39, ""}
	Home  = Key{"Home", 36, ""}
	End   = Key{"End", 35, ""}
	Esc   = Key{"Escape", 27, ""}
	Space = Key{" ", 32, " "}
)

// Char is the key of a character.
func Char(c string) Key { return Key{name: c, text: c} }

// Press presses a key and lets it go, in the tab as a person would: what has the focus gets it.
func (p *Page) Press(ctx context.Context, k Key) error {
	key := map[string]any{"key": k.name, "code": k.name, "windowsVirtualKeyCode": k.code, "text": k.text}
	for _, kind := range []string{"keyDown", "keyUp"} {
		key["type"] = kind
		if err := p.call(ctx, "Input.dispatchKeyEvent", key, nil); err != nil {
			return err
		}
	}
	return nil
}

// Type enters text where the focus is.
func (p *Page) Type(ctx context.Context, text string) error {
	return p.call(ctx, "Input.insertText", map[string]any{"text": text}, nil)
}

// Focus lets the page believe that it is the one in front, which only one page can be, and which
// the keyboard needs.
func (p *Page) Focus(ctx context.Context) error {
	return p.call(ctx, "Emulation.setFocusEmulationEnabled", map[string]any{"enabled": true}, nil)
}

// Before has a script run at the start of every document, before any script of the document.
func (p *Page) Before(ctx context.Context, script string) error {
	return p.call(ctx, "Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": script}, nil)
}

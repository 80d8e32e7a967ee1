package devtools

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// PathVariable names the environment variable with the browser to use, in place of the
// first that is found on the PATH.
const PathVariable = "WS101_BROWSER"

// names are the programs that Find looks for.
var names = []string{"chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome", "chrome-headless-shell"}

// ErrNotFound means that this machine has no browser that can be driven.
var ErrNotFound = errors.New("no Chromium or Chrome was found on the PATH; " + PathVariable + " can name one")

// Find returns the path of the browser. The error is ErrNotFound, or says that PathVariable
// names nothing that can be started.
func Find() (string, error) {
	if name := os.Getenv(PathVariable); name != "" {
		path, err := exec.LookPath(name)
		if err != nil {
			return "", fmt.Errorf("%s: %w", PathVariable, err)
		}
		return path, nil
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNotFound
}

// A Browser is a running Chromium with a profile of its own, which is deleted at the end.
type Browser struct {
	process *exec.Cmd
	profile string
	wire    *wire
	exited  chan struct{}
	close   sync.Once
}

// startTime is how long a browser may take to start, on a machine that has much else to do.
const startTime = time.Minute

// Start starts the browser at path.
func Start(ctx context.Context, path string) (*Browser, error) {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	profile, err := os.MkdirTemp("", "ws101-browser-")
	if err != nil {
		return nil, err
	}
	b := &Browser{process: exec.Command(path, arguments(profile)...), profile: profile, exited: make(chan struct{})}
	// The browser writes its log to stderr, and somewhere in it the address to connect to.
	stderr, log := io.Pipe()
	b.process.Stderr = log
	if err := b.process.Start(); err != nil {
		_ = os.RemoveAll(profile)
		return nil, fmt.Errorf("the browser cannot be started: %w", err)
	}
	go func() {
		_ = b.process.Wait()
		log.Close()
		close(b.exited)
	}()
	address, err := findAddress(ctx, stderr)
	if err == nil {
		b.wire, err = dial(ctx, address)
	}
	if err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

func arguments(profile string) []string {
	args := []string{
		"--headless",
		"--remote-debugging-port=0", // a free one
		"--user-data-dir=" + profile,
		"--no-first-run",
		"--no-default-browser-check",
		"--no-proxy-server", // localhost would pass one anyway
		"--disable-background-networking",
		"--disable-component-update",
		"--disable-sync",
		"--disable-extensions",
		"--disable-dev-shm-usage", // which is small in many containers
		"--mute-audio",
		// All pages of a test are looked at, in turn. None is to be slowed down as if it were not.
		"--disable-background-timer-throttling",
		"--disable-backgrounding-occluded-windows",
		"--disable-renderer-backgrounding",
	}
	if os.Geteuid() == 0 {
		args = append(args, "--no-sandbox") // root has no sandbox in Chromium
	}
	return append(args, "about:blank")
}

// findAddress returns the address that the browser prints, and goes on to read its log, since a
// pipe that nobody reads would stop the browser.
func findAddress(ctx context.Context, log io.Reader) (string, error) {
	found := make(chan string, 1)
	lost := make(chan string, 1)
	go func() {
		var text strings.Builder
		lines := bufio.NewScanner(log)
		for lines.Scan() {
			if _, address, ok := strings.Cut(lines.Text(), "DevTools listening on "); ok {
				found <- strings.TrimSpace(address)
				break
			}
			if text.Len() < 4096 {
				text.WriteString(lines.Text() + "\n")
			}
		}
		lost <- text.String()
		_, _ = io.Copy(io.Discard, log)
	}()
	select {
	case address := <-found:
		return address, nil
	case text := <-lost:
		select {
		case address := <-found: // both are ready then
			return address, nil
		default:
			return "", fmt.Errorf("the browser ended at once, with these words:\n%s", text)
		}
	case <-ctx.Done():
		return "", fmt.Errorf("the browser did not start in time: %w", ctx.Err())
	}
}

// Close ends the browser and deletes its profile. A browser that does not end when it
// is asked to is killed.
func (b *Browser) Close() {
	b.close.Do(func() {
		if b.wire != nil {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			if b.wire.call(ctx, "", "Browser.close", nil, nil) == nil {
				select {
				case <-b.exited:
				case <-ctx.Done():
				}
			}
			b.wire.conn.CloseNow()
		}
		_ = b.process.Process.Kill() // its other processes end when they have lost it
		<-b.exited
		removeProfile(b.profile)
	})
}

// removeProfile deletes the profile. Processes of the browser may still be about to end, and
// write into it: so it is tried more than once.
func removeProfile(dir string) {
	for range 50 {
		if os.RemoveAll(dir) == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Open opens an empty page in a browser context of its own, as in another person's
// browser: it shares no cookies, no cache and no connections with other pages.
func (b *Browser) Open(ctx context.Context) (*Page, error) {
	var group struct {
		ID string `json:"browserContextId"`
	}
	if err := b.wire.call(ctx, "", "Target.createBrowserContext", nil, &group); err != nil {
		return nil, err
	}
	return b.open(ctx, group.ID, true)
}

// OpenBeside opens an empty page in the browser context of another, as a second tab.
func (b *Browser) OpenBeside(ctx context.Context, p *Page) (*Page, error) {
	return b.open(ctx, p.context, false)
}

func (b *Browser) open(ctx context.Context, group string, owner bool) (*Page, error) {
	var target struct {
		ID string `json:"targetId"`
	}
	if err := b.wire.call(ctx, "", "Target.createTarget",
		map[string]any{"url": "about:blank", "browserContextId": group}, &target); err != nil {
		return nil, err
	}
	var session struct {
		ID string `json:"sessionId"`
	}
	if err := b.wire.call(ctx, "", "Target.attachToTarget",
		map[string]any{"targetId": target.ID, "flatten": true}, &session); err != nil {
		return nil, err
	}
	p := &Page{wire: b.wire, context: group, owner: owner, target: target.ID, session: session.ID, loaded: make(chan struct{}, 1)}
	b.wire.listen(p.session, func(method string, params json.RawMessage) { p.event(method, params) })
	for _, domain := range []string{"Page.enable", "Runtime.enable", "Log.enable", "Network.enable"} {
		if err := p.call(ctx, domain, nil, nil); err != nil {
			return nil, err
		}
	}
	return p, nil
}

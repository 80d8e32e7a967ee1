package peers_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"example.com/ws101/frames"
	"example.com/ws101/rfc6455/conformance/peers"
)

// all are the peers. Each function skips the test if the peer is not there. env is added to
// the environment of its programs.
var all = []struct {
	name string
	find func(t *testing.T, env ...string) *peer
}{
	{"Node ws", nodeWS},
	{"Node built-in", nodeBuiltIn},
	{"Python websockets", pythonWebsockets},
	{"Python websocket-client", pythonWebsocketClient},
	{"golang.org/x/net/websocket", xNet},
}

func nodeWS(t *testing.T, env ...string) *peer {
	p := &peer{deflate: fullDeflate}
	p.client, p.server = program(env, node(t), "testdata/node/ws.mjs")
	return p
}

func nodeBuiltIn(t *testing.T, env ...string) *peer {
	p := &peer{
		deflate: inflateOnly,
		limits:  "no Ping, no fragments, no close code but 1000 and 3000 to 4999; it drops a byte order mark",
		cannot:  func(x *peers.Exchange) bool { return peers.NotInTheAPI(x) || x.Name == "a byte order mark" },
	}
	p.client, _ = program(env, node(t), "testdata/node/builtin.mjs")
	return p
}

func pythonWebsockets(t *testing.T, env ...string) *peer {
	external(t)
	p := &peer{
		deflate: fullDeflate,
		// zlib has none, and websockets does not take 9 for it, as Node does.
		noWindow8: true,
		limits:    "no Close without a code",
		cannot:    func(x *peers.Exchange) bool { return x.Kind == peers.TheirClose && x.Code == frames.CloseNoStatus },
	}
	p.client, p.server = program(env, python(t, "websockets.legacy", "python3-websockets"), "testdata/python/websockets_peer.py")
	return p
}

func pythonWebsocketClient(t *testing.T, env ...string) *peer {
	external(t)
	p := &peer{traces: true, extra: func(x *peers.Exchange) string {
		if x.Kind == peers.Large {
			return "&unchecked=on" // which takes it seconds, in Python
		}
		return "&trace=on"
	}}
	p.client, _ = program(env, python(t, "websocket", "python3-websocket"), "testdata/python/websocket_client_peer.py")
	return p
}

// node returns the path of Node 22, with which the package ws has come.
func node(t *testing.T) string {
	external(t)
	const dir = "testdata/node"
	path := filepath.Join(dir, "node_modules", "node", "bin", "node")
	if _, err := os.Stat(path); err != nil {
		missing(t, "this test needs Node 22 and ws: npm ci --prefix rfc6455/conformance/peers/"+dir)
	}
	return path
}

// python returns the path of a Python that has this module, which is in this
// package of Debian.
func python(t *testing.T, module, debian string) string {
	external(t)
	// Debian's modules are those of Debian's Python, which may not be the first.
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if path, err := exec.LookPath(name); err == nil && exec.Command(path, "-c", "import "+module).Run() == nil {
			return path
		}
	}
	missing(t, "this test needs the Python module "+module+": apt-get install "+debian)
	return ""
}

func TestPeers(t *testing.T) {
	for _, tt := range all {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := tt.find(t)
			xs := p.possible(peers.Exchanges())
			t.Run("client", func(t *testing.T) {
				runs := theyDial(t, p, xs, nil)
				passed := runs.check(t, xs)
				if p.traces {
					runs.traceAgrees(t, xs)
				}
				holds(t, peers.Matrix, peers.Row(tt.name, "client", passed, p.limits))
			})
			if p.server == nil {
				return
			}
			t.Run("server", func(t *testing.T) {
				passed := weDial(t, p, xs, nil).check(t, xs)
				holds(t, peers.Matrix, peers.Row(tt.name, "server", passed, p.limits))
			})
		})
	}
}

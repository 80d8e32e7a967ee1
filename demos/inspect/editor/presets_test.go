package editor

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/echo"
	"example.com/ws101/demos/wire"
	"net/http"
)

// What the RFC demands for each preset: what the server does, and the rule that
// is broken.
var verdicts = map[string]struct{ outcomes, rule string }{
	"text":        {"echo", ""},
	"fragments":   {"pong echo", ""},
	"slow":        {"echo", ""},
	"empty":       {"echo", ""},
	"zero-key":    {"echo", ""},
	"ping":        {"pong", ""},
	"pong":        {"nothing", ""},
	"close":       {"1000", ""},
	"close-empty": {"1005", ""},
	"waits":       {"nothing", ""},

	"after-close":    {"1000", "6455-5.5.1-4"},
	"rsv1":           {"1002", "6455-5.2-2"},
	"opcode-3":       {"1002", "6455-5.2-3"},
	"opcode-11":      {"1002", "6455-5.2-3"},
	"unmasked":       {"1002", "6455-5.1-2"},
	"long-form":      {"1002", "6455-5.2-5"},
	"top-bit":        {"1002", "6455-5.2-4"},
	"too-big":        {"1009", "6455-10.4-1"},
	"no-start":       {"1002", "6455-5.4-6"},
	"two-at-once":    {"1002", "6455-5.4-6"},
	"ping-in-parts":  {"1002", "6455-5.5-2"},
	"ping-large":     {"1002", "6455-5.5-1"},
	"not-utf8":       {"1007", "6455-8.1-1"},
	"surrogate":      {"1007", "6455-8.1-1"},
	"cut-character":  {"1007", "6455-8.1-1"},
	"close-one-byte": {"1002", "6455-5.5.1-1"},
	"close-1005":     {"1002", "6455-7.4.1-1"},
	"close-999":      {"1002", "6455-7.4.2-1"},
	"close-reason":   {"1007", "6455-8.1-1"},
}

// newEditor returns an editor of the echo demo.
func newEditor(tap *wire.Tap) *Editor {
	return &Editor{
		tap:     tap,
		echo:    http.StripPrefix("/echo", echo.New(echo.Options{})),
		limit:   echo.MaxMessage,
		quiet:   50 * time.Millisecond, // only a server that is left in the middle of a frame is given up on
		running: make(chan struct{}, maxRuns),
	}
}

func TestEachPresetGetsTheVerdictOfTheRFC(t *testing.T) {
	assert.Len(t, presets, len(verdicts))
	for _, p := range presets {
		t.Run(p.ID+" "+verdicts[p.ID].rule, func(t *testing.T) {
			t.Parallel()
			want, known := verdicts[p.ID]
			require.True(t, known)
			assert.Equal(t, want.rule == "", p.Legal)
			parts, err := p.Script.parts()
			require.NoError(t, err)
			all, err := p.Script.bytes()
			require.NoError(t, err)
			d := demand(all, echo.MaxMessage)
			assert.Equal(t, want.outcomes, strings.Join(d.Outcomes, " "), "what the RFC demands")
			assert.Equal(t, want.rule, d.Rule)

			tap := wire.New(wire.Options{})
			watcher := tap.Watch()
			defer watcher.Close()
			r, err := newEditor(tap).run(t.Context(), parts, d)
			require.NoError(t, err)
			assert.Equal(t, want.outcomes, strings.Join(r.Happened, " "), "what happened: %+v", r)
			assert.Equal(t, uint64(1), r.Conn)
			assert.Zero(t, r.Unsent)
			rows, _, err := watcher.Next(t.Context())
			require.NoError(t, err)
			assert.Equal(t, wire.Opened, rows[0].Kind, "the tap has seen it")
			assert.Equal(t, "/echo/ws", rows[1].Path)
		})
	}
}

func TestPresetsHaveNamesOfTheirOwn(t *testing.T) {
	ids, names := map[string]bool{}, map[string]bool{}
	illegal := 0
	for _, p := range presets {
		assert.False(t, ids[p.ID] || names[p.Name], p.ID)
		ids[p.ID], names[p.Name] = true, true
		assert.Regexp(t, `^[A-Z].*\.$`, p.About)
		if !p.Legal {
			illegal++
		}
	}
	assert.GreaterOrEqual(t, illegal, 12)
}

func TestTheGoTestsOfPresetsPass(t *testing.T) {
	dir := t.TempDir()
	files := []string{"test", "-count=1"}
	for _, p := range presets {
		parts, err := p.Script.parts()
		require.NoError(t, err)
		all, err := p.Script.bytes()
		require.NoError(t, err)
		source := string(goTest(parts, demand(all, echo.MaxMessage), echo.MaxMessage))
		if p.ID == "rsv1" {
			assert.Contains(t, source, "// 6455-5.2-2: a reserved bit (RSV) is set, and no extension that gives it a meaning was agreed (RFC 6455 section 5.2).\n")
		}
		// All in one package: each has its own name there, and only one has the functions.
		source = strings.Replace(source, "func TestServer(", "func Test_"+strings.ReplaceAll(p.ID, "-", "_")+"(", 1)
		if len(files) > 2 {
			head, _, _ := strings.Cut(source, "// serve echoes every message.")
			source = strings.NewReplacer("\t\"context\"\n", "", "\t\"fmt\"\n", "", "\t\"net/http\"\n", "",
				"\n\t\"example.com/ws101/frames\"\n\t\"example.com/ws101/rfc6455\"\n", "").Replace(head)
		}
		files = append(files, filepath.Join(dir, p.ID+"_test.go"))
		require.NoError(t, os.WriteFile(files[len(files)-1], []byte(source), 0o600))
	}
	out, err := exec.Command("go", files...).CombinedOutput()
	assert.NoError(t, err, "%s", out)

	first, err := os.ReadFile(files[2])
	require.NoError(t, err)
	wrong := strings.Replace(string(first), `const want = "echo"`, `const want = "1002"`, 1)
	require.NoError(t, os.WriteFile(files[2], []byte(wrong), 0o600))
	out, err = exec.Command("go", files...).CombinedOutput()
	assert.Error(t, err)
	assert.Contains(t, string(out), "the server: echo; want: 1002")
}

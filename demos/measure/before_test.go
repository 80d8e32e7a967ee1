package measure

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBesideAnEarlierRun(t *testing.T) {
	number := func(n float64) *float64 { return &n }
	run := func(scale float64, socket *float64) Report {
		return Report{Clients: 200, Events: 50, Every: 200, Poll: 2000, Results: []Result{
			{Technique: "polling", Title: "polling", UpPerEvent: 60, DownPerEvent: 70, DelayP50: 1000, CPU: number(4 * scale), Resident: number(20)},
			{Technique: "websocket", Title: "WebSocket", DownPerEvent: 110, DelayP50: 1 * scale, CPU: socket},
		}}
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "first.json")
	require.NoError(t, flags{json: file}.write(run(1, number(9))))
	before, err := readReport(file)
	require.NoError(t, err)
	assert.Equal(t, `Beside the run before: each figure divided by the one of that run.

                                      polling     WebSocket
bytes per event, both ways               1.00          1.00
delay p50                                1.00          2.00
server CPU per event                     2.00          0.50
memory per client                        1.00             -

By bytes per event, both ways the order is the same, but for what is less than 1.5 times apart: websocket < polling.
By delay p50 the order is the same, but for what is less than 1.5 times apart: websocket < polling.
By server CPU per event the order is another one: here websocket is below polling, and there it was the other way round.
By memory per client there is nothing to compare.
`, run(2, number(4.5)).beside(before))

	before.Clients, before.Results = 2000, before.Results[1:]
	text := run(1, nil).beside(before)
	assert.Contains(t, text, "That run was another one: 2000 clients, 50 votes, one every 200ms, polling every 2s.\n")
	assert.Contains(t, text, "server CPU per event                        -             -\n")

	for name, content := range map[string]string{"broken": "{", "empty": "{}"} {
		bad := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(bad, []byte(content), 0o600))
		_, err := readReport(bad)
		assert.ErrorContains(t, err, "-before "+bad+": ")
	}
	_, err = readReport(filepath.Join(dir, "none"))
	assert.ErrorContains(t, err, "-before ")
}

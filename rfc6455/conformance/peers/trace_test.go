package peers_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/rfc6455/conformance/peers"
)

// traceAgrees holds what websocket-client says of the frames that it has sent
// and received against what crossed our side of the connection.
func (r runs) traceAgrees(t *testing.T, xs []peers.Exchange) {
	t.Helper()
	for _, x := range xs {
		one := r[x.Number()]
		if x.Kind == peers.Large || t.Failed() {
			continue // it would trace every byte
		}
		require.NotEmpty(t, one.report.Trace, x.Name)
		assert.Equal(t, traceOf(t, one.Tap, true), traced(one.report, "++Sent"), "%s: sent by the client", x.Name)
		want := traceOf(t, one.Tap, false)
		if x.Kind == peers.TheirClose {
			want = nil // the answer to its Close it reads without a trace
		}
		assert.Equal(t, want, traced(one.report, "++Rcv"), "%s: received by the client", x.Name)
	}
}

// traceOf describes our frames as the trace does.
func traceOf(t *testing.T, tap *peers.Tap, fromClient bool) []string {
	all, err := tap.Frames(fromClient, false)
	require.NoError(t, err)
	var lines []string
	for _, f := range all {
		fin := map[bool]int{true: 1}[f.Header.Fin]
		lines = append(lines, fmt.Sprintf("fin=%d opcode=%d", fin, uint8(f.Header.Opcode)))
	}
	return lines
}

// traced returns the lines of a trace in one direction.
func traced(r *peers.Report, direction string) []string {
	var lines []string
	for _, line := range r.Trace {
		if rest, ok := strings.CutPrefix(line, direction+" decoded: "); ok {
			lines = append(lines, rest)
		}
	}
	return lines
}

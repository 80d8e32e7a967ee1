package peers_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/rfc6455/conformance/peers"
)

// TestDeflate goes through the parameters of permessage-deflate with every peer that has it.
func TestDeflate(t *testing.T) {
	for _, tt := range all {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := tt.find(t)
			if p.deflate == noDeflate {
				declines(t, p)
				return
			}
			for _, byPeer := range []bool{false, true} {
				asked := map[bool]string{false: "ws101", true: "the peer"}[byPeer]
				if byPeer && p.deflate != fullDeflate {
					continue
				}
				t.Run("client, asked by "+asked, func(t *testing.T) {
					xs := peers.Deflating{ByPeer: byPeer, Quiet: p.deflate == inflateOnly}.Exchanges()
					agreed := theyDial(t, p, p.able(xs, "client"), nil).agreed(t, xs)
					holds(t, peers.DeflateTable, peers.DeflateRow(tt.name, "client", asked, agreed))
				})
				if p.server == nil {
					continue
				}
				t.Run("server, asked by "+asked, func(t *testing.T) {
					xs := peers.Deflating{WeDial: true, ByPeer: byPeer}.Exchanges()
					agreed := weDial(t, p, p.able(xs, "server"), nil).agreed(t, xs)
					holds(t, peers.DeflateTable, peers.DeflateRow(tt.name, "server", asked, agreed))
				})
			}
		})
	}
}

// declines asks a peer for compression that has none.
func declines(t *testing.T, p *peer) {
	xs := peers.Deflating{}.Exchanges()[:1]
	r := theyDial(t, p, xs, nil)
	assert.ErrorIs(t, r[0].Err, peers.ErrNotAgreed)
	require.NotNil(t, r[0].report)
	assert.Empty(t, r[0].report.Error)
}

// able leaves out what the peer would have to compress with a window of 8 bits,
// if it cannot.
func (p *peer) able(xs []peers.Exchange, role string) []peers.Exchange {
	return slices.DeleteFunc(slices.Clone(xs), func(x peers.Exchange) bool {
		return p.noWindow8 && strings.Contains(x.Name, role+"_max_window_bits=8")
	})
}

// agreed says of each exchange whether it was tried and the peer agreed to the
// parameters. If it did, everything has to go well.
func (r runs) agreed(t *testing.T, xs []peers.Exchange) []bool {
	t.Helper()
	var done []peers.Exchange
	agreed := make([]bool, len(xs))
	for i, x := range xs {
		one := r[x.Number()]
		if one == nil {
			continue
		}
		if errors.Is(one.Err, peers.ErrNotAgreed) {
			t.Log(x.Name, one.Err)
			continue
		}
		agreed[i] = true
		done = append(done, x)
	}
	r.check(t, done)
	assert.NotEmpty(t, done)
	return agreed
}

// This file holds the exchanges with permessage-deflate, one for each set of its
// parameters, and their table.

package peers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"example.com/ws101/frames"
	"example.com/ws101/handshake"
	"example.com/ws101/rfc6455"
)

// ErrNotAgreed means that the two sides did not agree on the parameters of an
// exchange. Nobody broke a rule: a peer may decline what it is asked for.
var ErrNotAgreed = errors.New("the parameters were not agreed on")

// DeflateSets are the sets of parameters, in groups: the columns of the table.
var DeflateSets = []struct {
	Column string
	Sets   []handshake.Deflate
}{
	{"nothing", []handshake.Deflate{{}}},
	{"server_no_context_takeover", []handshake.Deflate{{ServerNoContextTakeover: true}}},
	{"client_no_context_takeover", []handshake.Deflate{{ClientNoContextTakeover: true}}},
	{"both", []handshake.Deflate{{ServerNoContextTakeover: true, ClientNoContextTakeover: true}}},
	{"server_max_window_bits", windows(func(bits int) handshake.Deflate {
		return handshake.Deflate{ServerMaxWindowBits: bits}
	})},
	{"client_max_window_bits", windows(func(bits int) handshake.Deflate {
		return handshake.Deflate{ClientMaxWindowBits: bits}
	})},
	{"all four", []handshake.Deflate{{
		ServerNoContextTakeover: true, ClientNoContextTakeover: true, ServerMaxWindowBits: 10, ClientMaxWindowBits: 12,
	}}},
}

func windows(set func(bits int) handshake.Deflate) []handshake.Deflate {
	var sets []handshake.Deflate
	for bits := handshake.MinWindowBits; bits <= handshake.MaxWindowBits; bits++ {
		sets = append(sets, set(bits))
	}
	return sets
}

// Deflating says who does what in an exchange with compression.
type Deflating struct {
	WeDial bool // we are the client
	ByPeer bool // the peer asks for the parameters, and we agree to all
	Quiet  bool // the peer does not compress what it sends
}

// Exchanges returns an exchange for each set of parameters, in the order of
// [DeflateSets].
func (d Deflating) Exchanges() []Exchange {
	var xs []Exchange
	for _, group := range DeflateSets {
		for _, set := range group.Sets {
			x := Exchange{
				Name: "compressed: " + set.Offer().String(), Kind: Compressed,
				Task: "/echo?deflate=on", play: compressed(set, d.Quiet),
			}
			if d.ByPeer {
				x.Task += query(set)
				x.Deflate = &rfc6455.Deflate{SendTakeover: true, ReceiveTakeover: true, Threshold: -1}
			} else {
				x.Deflate = ask(set, d.WeDial)
			}
			xs = append(xs, x)
		}
	}
	return numbered(xs)
}

// ask returns the options with which we ask for a set.
func ask(set handshake.Deflate, weDial bool) *rfc6455.Deflate {
	d := &rfc6455.Deflate{
		SendTakeover: !set.ServerNoContextTakeover, SendWindowBits: set.ServerMaxWindowBits,
		ReceiveTakeover: !set.ClientNoContextTakeover, ReceiveWindowBits: set.ClientMaxWindowBits,
		Threshold: -1,
	}
	if weDial {
		d.SendTakeover, d.ReceiveTakeover = d.ReceiveTakeover, d.SendTakeover
		d.SendWindowBits, d.ReceiveWindowBits = d.ReceiveWindowBits, d.SendWindowBits
	}
	return d
}

// query returns the end of a URL that tells the peer to ask for a set.
func query(set handshake.Deflate) string {
	var q strings.Builder
	for _, p := range set.Offer().Params {
		switch {
		case p.Value != "":
			q.WriteString("&" + p.Name + "=" + p.Value)
		case strings.HasSuffix(p.Name, "_no_context_takeover"):
			q.WriteString("&" + p.Name + "=on")
		}
	}
	return q.String()
}

// compressed sends messages that make use of the context and of the window, and
// wants them back.
func compressed(set handshake.Deflate, quiet bool) play {
	return func(ctx context.Context, s *Session) error {
		agreed, ok := s.Deflate()
		if !ok || written(agreed) != written(set) {
			return fmt.Errorf("%w: %v", ErrNotAgreed, agreed)
		}
		for i, m := range compressible() {
			if err := echo(m.t, m.payload)(ctx, s); err != nil {
				return fmt.Errorf("message %d: %w", i+1, err)
			}
		}
		if err := byWriter(textOf(100_000))(ctx, s); err != nil {
			return err
		}
		if !s.hasCompressed(s.Tap.client) {
			return errors.New("we compressed no message")
		}
		if s.hasCompressed(!s.Tap.client) == quiet {
			return fmt.Errorf("that the peer compresses should be %v, and is not", !quiet)
		}
		return nil
	}
}

// written makes sets equal that mean the same.
func written(d handshake.Deflate) handshake.Deflate {
	for _, bits := range []*int{&d.ServerMaxWindowBits, &d.ClientMaxWindowBits} {
		if *bits == 0 {
			*bits = handshake.MaxWindowBits
		}
	}
	return d
}

type message struct {
	t       frames.Opcode
	payload []byte
}

// compressible are messages in which a compressor refers back over all distances.
var compressible = sync.OnceValue(func() []message {
	var ms []message
	for i := range 5 {
		ms = append(ms, message{frames.Text, fmt.Appendf(nil, `{"uid": %d, "name": "明凯", "count": %d}`, i%2, 301+i)})
	}
	var far []byte // the same bytes again, from 100 bytes to 32 KiB later
	for distance := 100; distance <= 1<<15; distance *= 2 {
		far = append(far, binaryOf(distance)...)
		far = append(far, far[len(far)-distance:]...)
	}
	return append(ms,
		message{frames.Text, nil},
		message{frames.Binary, binaryOf(10_000)},
		message{frames.Binary, far},
		message{frames.Text, textOf(1 << 18)},
		message{frames.Binary, nil},
		message{frames.Binary, far[:1000]},
	)
})

func (s *Session) hasCompressed(fromClient bool) bool {
	all, _ := s.Tap.Frames(fromClient, true)
	return slices.ContainsFunc(all, func(x frames.Explanation) bool { return x.Header.Rsv1 })
}

// DeflateTable is the table of what was agreed on with whom.
var DeflateTable = Table{"deflate", append([]string{"Peer", "It is the", "Asked by"}, columns()...), 3}

func columns() []string {
	var names []string
	for _, group := range DeflateSets {
		names = append(names, group.Column)
	}
	return names
}

// DeflateRow returns a row of [DeflateTable]. passed says for each exchange of
// [Deflating.Exchanges], in order, whether it was agreed on, and passed.
func DeflateRow(peer, role, asked string, passed []bool) []string {
	row := []string{peer, role, asked}
	for _, group := range DeflateSets {
		ok := passed[:len(group.Sets)]
		passed = passed[len(group.Sets):]
		switch {
		case !slices.Contains(ok, true):
			row = append(row, "–")
		case len(ok) == 1:
			row = append(row, "yes")
		default:
			row = append(row, ranges(ok))
		}
	}
	return row
}

// ranges returns which windows are set, such as "8, 10–15".
func ranges(ok []bool) string {
	var all []string
	for i := 0; i < len(ok); i++ {
		if !ok[i] {
			continue
		}
		first := i
		for i+1 < len(ok) && ok[i+1] {
			i++
		}
		text := strconv.Itoa(handshake.MinWindowBits + first)
		if i > first {
			text += "–" + strconv.Itoa(handshake.MinWindowBits+i)
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

// This file holds the negotiation of permessage-deflate (RFC 7692 section 7.1): what a client
// offers, and what a server makes of it.

package handshake

import "strconv"

// deflateName is the name of the extension.
const deflateName = "permessage-deflate"

// The parameters of permessage-deflate.
const (
	serverNoContextTakeover = "server_no_context_takeover"
	clientNoContextTakeover = "client_no_context_takeover"
	serverMaxWindowBits     = "server_max_window_bits"
	clientMaxWindowBits     = "client_max_window_bits"
)

// The sizes that a window of DEFLATE may have, as powers of two: 256 to 32,768 bytes.
const (
	MinWindowBits = 8
	MaxWindowBits = 15
)

// Deflate is one set of parameters of permessage-deflate: what a client offers, what a server
// is willing to do, or what both agreed on. The zero value restricts nobody.
//
// A side that takes its context over compresses each message with the messages before it as a
// dictionary. That makes messages shorter, and costs both sides a window that they keep.
type Deflate struct {
	// ServerNoContextTakeover and ClientNoContextTakeover make that side forget, before each message
	// it compresses, the messages that went before.
	ServerNoContextTakeover bool
	ClientNoContextTakeover bool

	// ServerMaxWindowBits and ClientMaxWindowBits are the window of that side, from MinWindowBits to
	// MaxWindowBits: nothing it compresses refers further back than two to this power. 0 is
	// the same as MaxWindowBits, but not written into a header.
	ServerMaxWindowBits int
	ClientMaxWindowBits int
}

// Offer returns the extension for a client's [Offer]. It always says that the client understands
// client_max_window_bits, so that the server may limit it.
func (d Deflate) Offer() Extension {
	e := d.extension()
	if d.ClientMaxWindowBits == 0 {
		e.Params = append(e.Params, Param{clientMaxWindowBits, ""})
	}
	return e
}

// extension returns the parameters as they stand in a header.
func (d Deflate) extension() Extension {
	e := Extension{Name: deflateName}
	if d.ServerNoContextTakeover {
		e.Params = append(e.Params, Param{serverNoContextTakeover, ""})
	}
	if d.ClientNoContextTakeover {
		e.Params = append(e.Params, Param{clientNoContextTakeover, ""})
	}
	if d.ServerMaxWindowBits != 0 {
		e.Params = append(e.Params, Param{serverMaxWindowBits, strconv.Itoa(d.ServerMaxWindowBits)})
	}
	if d.ClientMaxWindowBits != 0 {
		e.Params = append(e.Params, Param{clientMaxWindowBits, strconv.Itoa(d.ClientMaxWindowBits)})
	}
	return e
}

// Answer makes the server's choice. d is what the server is willing to do: a context or a window
// that d denies is denied to the client too.
//
// offered is what the client offers, in its order of preference. The first offer that can be
// accepted is: answer is the extension for the server's [Choice], and agreed is what holds from then on. An
// offer of something else, with a parameter that is unknown, given twice or out of its range, or that d
// cannot live with, is passed over (section 7). ok is false when none is left; the connection then
// goes without compression.
func (d Deflate) Answer(offered []Extension) (agreed Deflate, answer Extension, ok bool) {
	for _, e := range offered {
		if e.Name != deflateName {
			continue
		}
		offer, limitable, err := parseDeflate(e, true)
		if err != nil {
			continue
		}
		if agreed, ok = d.accept(offer, limitable); ok {
			return agreed, agreed.extension(), true
		}
	}
	return Deflate{}, Extension{}, false
}

// accept joins the two sides' wishes. limitable is set if the client lets the server limit it.
func (d Deflate) accept(offer Deflate, limitable bool) (Deflate, bool) {
	agreed := Deflate{
		ServerNoContextTakeover: d.ServerNoContextTakeover || offer.ServerNoContextTakeover,
		ClientNoContextTakeover: d.ClientNoContextTakeover || offer.ClientNoContextTakeover,
		ServerMaxWindowBits:     smallerWindow(d.ServerMaxWindowBits, offer.ServerMaxWindowBits),
		ClientMaxWindowBits:     smallerWindow(d.ClientMaxWindowBits, offer.ClientMaxWindowBits),
	}
	if limitable {
		return agreed, true
	}
	// What the client does not offer must not be in the answer (section 7.1.2.2).
	unlimited := agreed.ClientMaxWindowBits == 0 || agreed.ClientMaxWindowBits == MaxWindowBits
	agreed.ClientMaxWindowBits = 0
	return agreed, unlimited
}

// smallerWindow returns the smaller of two windows, of which 0 is the largest.
func smallerWindow(a, b int) int {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// Agreed reads the server's answer. d is what the client offered with [Deflate.Offer], and accepted is what
// the server says it uses; ok is false if permessage-deflate is not among it.
//
// An answer that the offer does not allow is an [*Error] with status 0: a parameter that is
// unknown, given twice, or out of its range, a larger window of the server than was offered,
// or a promise asked for and not given. The client must fail the connection then (section 7). So it
// must if the extension is there twice.
func (d Deflate) Agreed(accepted []Extension) (agreed Deflate, ok bool, err error) {
	for _, e := range accepted {
		if e.Name != deflateName {
			continue
		}
		if ok {
			return Deflate{}, false, failure("7692-5.1-2", "the server uses %s twice; both would want the same bit", deflateName)
		}
		if agreed, _, err = parseDeflate(e, false); err == nil {
			err = d.checkAnswer(agreed)
		}
		if err != nil {
			return Deflate{}, false, err
		}
		ok = true
	}
	if ok {
		// What the client promised by itself, or within a limit of its own, holds as well.
		agreed.ClientNoContextTakeover = agreed.ClientNoContextTakeover || d.ClientNoContextTakeover
		agreed.ClientMaxWindowBits = smallerWindow(agreed.ClientMaxWindowBits, d.ClientMaxWindowBits)
	}
	return agreed, ok, nil
}

// checkAnswer says whether the answer keeps what the offer d asks of the server.
func (d Deflate) checkAnswer(answer Deflate) error {
	most, got := d.ServerMaxWindowBits, answer.ServerMaxWindowBits
	switch {
	case d.ServerNoContextTakeover && !answer.ServerNoContextTakeover:
		return failure("7692-7-8", "the server does not repeat %s, which was offered", serverNoContextTakeover)
	case most != 0 && got == 0:
		return failure("7692-7-8", "the server does not repeat %s, which was offered", serverMaxWindowBits)
	case most != 0 && got > most:
		return failure("7692-7.1.2.1-2", "the server answers %s=%d; at most %d was offered", serverMaxWindowBits, got, most)
	}
	return nil
}

// parseDeflate reads the parameters of an offer, or of an answer. limitable is set if
// client_max_window_bits is there; only in an offer it may stand without a value.
func parseDeflate(e Extension, offer bool) (d Deflate, limitable bool, err error) {
	for i, p := range e.Params {
		for _, before := range e.Params[:i] {
			if before.Name == p.Name {
				return Deflate{}, false, failure("7692-7-7", "%s has the parameter %s twice", deflateName, shown(p.Name))
			}
		}
		switch p.Name {
		case serverNoContextTakeover:
			d.ServerNoContextTakeover, err = true, checkNoValue(p)
		case clientNoContextTakeover:
			d.ClientNoContextTakeover, err = true, checkNoValue(p)
		case serverMaxWindowBits:
			d.ServerMaxWindowBits, err = windowBits(p)
		case clientMaxWindowBits:
			limitable = true
			if !offer || p.Value != "" {
				d.ClientMaxWindowBits, err = windowBits(p)
			}
		default:
			err = failure("7692-7-5", "%s has no parameter %s", deflateName, shown(p.Name))
		}
		if err != nil {
			return Deflate{}, false, err
		}
	}
	return d, limitable, nil
}

func checkNoValue(p Param) error {
	if p.Value != "" {
		return failure("7692-7-6", "%s has the value %s; it takes none", p.Name, shown(p.Value))
	}
	return nil
}

// windowBits reads 8 to 15, without a leading zero (section 7.1.2.1).
func windowBits(p Param) (int, error) {
	for bits := MinWindowBits; bits <= MaxWindowBits; bits++ {
		if p.Value == strconv.Itoa(bits) {
			return bits, nil
		}
	}
	return 0, failure("7692-7-6", "%s has the value %s; it takes a number from %d to %d", p.Name, shown(p.Value), MinWindowBits, MaxWindowBits)
}

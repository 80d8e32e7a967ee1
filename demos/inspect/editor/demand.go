package editor

import (
	"strconv"

	"example.com/ws101/frames"
)

// What a server can do. Any other outcome is the code of the Close frame that it
// sends, in digits; 1005 stands for a Close frame without a code.
const (
	Echo    = "echo"    // a message came back
	Pong    = "pong"    // a Ping was answered
	Nothing = "nothing" // it waits
	Gone    = "gone"    // the connection ended, and no Close frame came before
)

// Demand is what the RFC demands of a server that gets certain bytes.
type Demand struct {
	// Outcomes are what it does, in order; [Nothing] alone if it waits.
	Outcomes []string `json:"outcomes"`
	// Rule, Source and Sentence tell the first rule that is broken; empty if
	// none is.
	Rule     string `json:"rule"`
	Source   string `json:"source"`
	Sentence string `json:"sentence"`
	// Verdicts are what there is to say of each frame, up to the one for which
	// the connection fails.
	Verdicts []string `json:"verdicts"`
	// between is set if a further frame could follow.
	between bool
}

// demand judges what a client sends after the handshake, without extensions, to
// an echo that takes messages of at most limit bytes.
func demand(b []byte, limit uint64) Demand {
	var d Demand
	s := frames.State{FromClient: true}
	var size uint64 // of the message at hand
	for len(b) > 0 {
		x := frames.Explain(b, s)
		broken := firstProblem(&x, &size, limit)
		d.judge(&x, broken)
		switch {
		case s.Closed: // what comes now is thrown away
		case broken != nil:
			d.outcome(strconv.Itoa(int(broken.Code)))
			return d
		default:
			d.answer(&x)
		}
		if x.Missing > 0 {
			return d.orNothing()
		}
		s, b = x.Next, b[len(x.Bytes):]
	}
	d.between = !s.Closed
	return d.orNothing()
}

// judge adds what there is to say of a frame.
func (d *Demand) judge(x *frames.Explanation, broken *frames.Error) {
	if broken != nil && d.Rule == "" {
		d.Rule, d.Source, d.Sentence = broken.Rule, broken.Source(), broken.Text
	}
	if broken != nil && broken.Code == frames.CloseTooBig { // which is a limit of this server
		d.Verdicts = append(d.Verdicts, "Legal, but "+broken.Error()+". The server closes with "+broken.Code.String()+".")
		return
	}
	d.Verdicts = append(d.Verdicts, x.Verdict)
}

// firstProblem returns why the connection fails, or nil. size is that of the
// message so far.
func firstProblem(x *frames.Explanation, size *uint64, limit uint64) *frames.Error {
	var first *frames.Error
	if len(x.Problems) > 0 {
		first = x.Problems[0]
	}
	// What is wrong with the text shows behind the header, and so after the length.
	if first != nil && first.Code == frames.CloseProtocolError || x.HeaderLen == 0 || x.Header.Opcode.IsControl() {
		return first
	}
	if x.Header.Opcode != frames.Continuation {
		*size = 0
	}
	if x.Header.Length > limit-*size {
		return &frames.Error{Rule: "6455-10.4-1", Code: frames.CloseTooBig, Text: "the message is larger than this server takes, which is " + strconv.FormatUint(limit, 10) + " bytes"}
	}
	*size += x.Header.Length
	return first
}

// answer adds what a legal frame is answered with, once it is whole.
func (d *Demand) answer(x *frames.Explanation) {
	switch h := x.Header; {
	case x.Missing > 0:
	case h.Opcode == frames.Ping:
		d.outcome(Pong)
	case h.Opcode == frames.Close:
		code, _, _ := frames.ParseClose(x.Payload)
		d.outcome(strconv.Itoa(int(code)))
	case !h.Opcode.IsControl() && h.Fin:
		d.outcome(Echo)
	}
}

func (d *Demand) outcome(s string) { d.Outcomes = append(d.Outcomes, s) }

func (d Demand) orNothing() Demand {
	if len(d.Outcomes) == 0 {
		d.outcome(Nothing)
	}
	return d
}

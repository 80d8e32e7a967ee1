package frames

import "math"

// Explanation is one frame taken apart: every bit named, every broken rule
// told. [Explain] makes it. [Explanation.AppendDump] prints it, and a page can
// show it: it is a plain value that holds all there is to say.
type Explanation struct {
	// State is what the frame was judged by.
	State State
	// Bytes are the bytes of the frame that are there, as they crossed the
	// wire. They share memory with the bytes given to Explain.
	Bytes []byte
	// NotKept is how many bytes of the frame have crossed the wire after
	// Bytes; see [ExplainKept].
	NotKept uint64
	// Header is the decoded header. While part of the header is missing, the
	// fields that have not arrived are zero.
	Header Header
	// HeaderLen is the number of bytes of the header, 2 to 14; 0 while part of
	// it is missing.
	HeaderLen int
	// Fields are the parts of the frame in wire order. Together they cover
	// every bit of Bytes exactly once.
	Fields []Field
	// Payload is a copy of the payload, or of as much as is there, unmasked.
	// It is not inflated.
	Payload []byte
	// Missing is how many bytes of the frame have not arrived. As long as the
	// payload length is among them, it is the least that must still come.
	Missing uint64
	// Grade sums up the judgement.
	Grade Grade
	// Problems are all the rules that the frame breaks. A receiver fails the
	// connection for the first of them.
	Problems []*Error
	// Oddities are sentences about what is allowed and yet unusual.
	Oddities []string
	// Verdict is the judgement as a sentence or two for people: the grade, the
	// reason, and what the receiver has to do about it.
	Verdict string
	// Next is the state that judges the frame after this one. While part of
	// the frame is missing, Next is State. Where text was not kept, Next.Text
	// is zero: how far the text has got cannot be told from Bytes.
	Next State
}

// Explain explains the frame at the start of b, judged by s. It looks at one
// frame and ignores the bytes that follow it.
//
// A frame that is cut short is explained as far as it goes, even if that is no
// byte at all. A frame that breaks rules is explained in full. Of a payload
// that claims to be text, what is there is checked as UTF-8, from where the
// fragments before left off (s.Text); a compressed payload is not, since it is
// the inflated text that has to be UTF-8. The payload of a Close frame is
// checked as [ParseClose] does.
//
// Explain copies the payload and makes many small strings. It is made for
// showing frames, not for receiving them.
func Explain(b []byte, s State) Explanation {
	return ExplainKept(b, uint64(len(b)), s, nil)
}

// ExplainKept is [Explain] for a frame of which passed bytes have crossed the
// wire, and only the first of them, b, were kept. The bytes that were not kept
// are not missing, and the verdict holds for them too. bad is what a [UTF8]
// that saw the text in them said, or nil.
//
// b holds the whole header, at the least. If it does not, passed and bad count
// for nothing: nobody can tell how long the frame is.
func ExplainKept(b []byte, passed uint64, s State, bad error) Explanation {
	x := Explanation{State: s, Next: s}
	if len(b) == 0 {
		x.Missing = 2
		x.Verdict = x.verdict()
		return x
	}

	// Behind enough zeros any beginning of a header parses. What has not
	// arrived is taken out again.
	var padded [MaxHeaderLen]byte
	copy(padded[:], b)
	h, n, err := ParseHeader(padded[:])
	lengthEnd := n
	if h.Masked {
		lengthEnd -= len(h.MaskKey)
	}
	if len(b) < n {
		h.MaskKey = [4]byte{}
	}
	if len(b) < lengthEnd {
		h.Length, err = 0, nil
	}
	x.Header = h
	if len(b) < n {
		x.Bytes = b[:len(b):len(b)]
		x.Missing = saturate(uint64(n-len(b)), h.Length)
	} else {
		x.HeaderLen = n
		end := len(b)
		if h.Length < uint64(end-n) {
			end = n + int(h.Length)
		}
		x.Bytes = b[:end:end]
		x.Payload = append([]byte(nil), b[n:end]...)
		rest := h.Length - uint64(end-n)
		if passed > uint64(end) {
			x.NotKept = min(rest, passed-uint64(end))
		}
		x.Missing = rest - x.NotKept
		if h.Masked {
			Mask(h.MaskKey, 0, x.Payload)
		}
	}

	x.addProblem(err)
	if len(b) == 1 {
		h.Masked = s.FromClient // not known yet, so not to be blamed for
	}
	x.Problems = append(x.Problems, s.problems(h)...)
	text := x.checkPayload(bad)
	if x.Missing == 0 {
		x.Next = s.After(h)
		if x.Next.Open == Text && s.IsText(h) {
			x.Next.Text = text
		}
	}
	x.Oddities = x.oddities()
	switch {
	case len(x.Problems) > 0:
		x.Grade = Broken
	case len(x.Oddities) > 0:
		x.Grade = Odd
	}
	x.Fields = x.fields(n, lengthEnd)
	x.Verdict = x.verdict()
	return x
}

// checkPayload judges what the payload says and returns how far the text of
// the message has got, if it is one. bad is what is wrong with the text that
// was not kept.
func (x *Explanation) checkPayload(bad error) UTF8 {
	h := x.Header
	whole := x.Missing == 0 && x.NotKept == 0
	switch {
	case x.HeaderLen == 0:
	case h.Opcode == Close:
		payload := x.Payload
		if !whole {
			// The reason may be cut inside a character. The code is whole, or
			// there is nothing to judge yet.
			if len(payload) < 2 {
				break
			}
			payload = payload[:2]
		}
		_, _, err := ParseClose(payload)
		x.addProblem(err)
	case x.State.IsText(h):
		text := x.textBefore()
		err := text.Add(x.Payload)
		switch {
		case err != nil:
		case x.NotKept > 0:
			err = bad
		case h.Fin && whole:
			err = text.End()
		}
		x.addProblem(err)
		if err == nil && x.NotKept == 0 {
			return text
		}
	}
	return UTF8{}
}

// textBefore returns how far the text has got where the payload begins.
func (x *Explanation) textBefore() UTF8 {
	if x.Header.Opcode == Continuation {
		return x.State.Text
	}
	return UTF8{}
}

func (x *Explanation) addProblem(err error) {
	if err != nil {
		x.Problems = append(x.Problems, err.(*Error))
	}
}

// saturate adds, and stays at the largest number rather than begin again at 0.
func saturate(a, b uint64) uint64 {
	if b > math.MaxUint64-a {
		return math.MaxUint64
	}
	return a + b
}

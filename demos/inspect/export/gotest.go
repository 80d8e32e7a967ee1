package export

import (
	"fmt"
	"go/format"
	"strings"

	"example.com/ws101/demos/wire"
	"example.com/ws101/frames"
)

// GoTest returns a test in Go that holds the frames in the rows: it decodes each
// one, checks its header, and judges it as it was judged here. HTTP heads stand
// in it as comments. A frame of which not all was kept is left out.
func GoTest(rows []wire.Row) []byte {
	var table strings.Builder
	inMessage := map[sender]bool{} // the frames of the open message are all in the table
	for i := range rows {
		r := &rows[i]
		if r.Part == wire.Begun {
			continue
		}
		switch r.Kind {
		case wire.Request, wire.Response:
			h := readHead(r)
			line := strings.TrimSpace(strings.Join(h.line[:], " "))
			fmt.Fprintf(&table, "\n// Row %d, connection %d, the %v: %s\n", r.Seq, r.Conn, r.From, wire.Visible(line))
		case wire.Frame:
			x := r.Explain()
			who := sender{r.Conn, r.From}
			switch {
			case r.State.Open == frames.Text && !inMessage[who]:
				fmt.Fprintf(&table, "// Row %d is left out: how far its text had got before is not known.\n", r.Seq)
			case x.NotKept > 0:
				fmt.Fprintf(&table, "// Row %d is left out: %d bytes of it were not kept.\n", r.Seq, x.NotKept)
				inMessage[who] = false
			default:
				frameCase(&table, r, &x)
				inMessage[who] = true
			}
		}
	}
	return formatted(fmt.Sprintf(testOfFrames, table.String()))
}

// frameCase writes a row of the table.
func frameCase(b *strings.Builder, r *wire.Row, x *frames.Explanation) {
	rule := ""
	if len(x.Problems) > 0 {
		rule = x.Problems[0].Rule
	}
	fmt.Fprintf(b, "{%d, %d, %s, \"% x\", %s, frames.%s, %q}, // the %v: %s\n",
		r.Seq, r.Conn, state(r.State), x.Bytes, header(x.Header), gradeName(x.Grade), rule, r.From, wire.Visible(x.Verdict))
}

// state writes a State as Go does. How far a text has got cannot be written;
// the test takes it from the fragment before.
func state(s frames.State) string {
	var set []string
	for _, f := range []struct {
		name string
		on   bool
	}{{"FromClient", s.FromClient}, {"Deflate", s.Deflate}, {"Compressed", s.Compressed}, {"Closed", s.Closed}} {
		if f.on {
			set = append(set, f.name+": true")
		}
	}
	if s.Open != frames.Continuation {
		set = append(set, fmt.Sprintf("Open: %d", s.Open))
	}
	return "frames.State{" + strings.Join(set, ", ") + "}"
}

// header writes a Header as Go does.
func header(h frames.Header) string {
	var set []string
	for _, f := range []struct {
		name string
		on   bool
	}{{"Fin", h.Fin}, {"Rsv1", h.Rsv1}, {"Rsv2", h.Rsv2}, {"Rsv3", h.Rsv3}, {"Masked", h.Masked}} {
		if f.on {
			set = append(set, f.name+": true")
		}
	}
	set = append(set, fmt.Sprintf("Opcode: %#x", uint8(h.Opcode)))
	if h.Masked {
		set = append(set, fmt.Sprintf("MaskKey: [4]byte{%#x, %#x, %#x, %#x}", h.MaskKey[0], h.MaskKey[1], h.MaskKey[2], h.MaskKey[3]))
	}
	return fmt.Sprintf("frames.Header{%s, Length: %d}", strings.Join(set, ", "), h.Length)
}

func gradeName(g frames.Grade) string { return [...]string{"Legal", "Odd", "Broken"}[g] }

// formatted is what gofmt makes of a file.
func formatted(source string) []byte {
	b, err := format.Source([]byte(source))
	if err != nil {
		panic(err) // everything in it that was sent is quoted
	}
	return b
}

const testOfFrames = `// Package replay_test holds frames that have crossed a wire. To run it, put it into a folder of its
// own, below a module that requires example.com/ws101: go test
package replay_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"example.com/ws101/frames"
)

func TestFrames(t *testing.T) {
	type sender struct {
		conn       int
		fromClient bool
	}
	text := map[sender]frames.UTF8{} // how far the text of an open message has got
	for _, c := range []struct {
		row, conn int
		state     frames.State
		wire      string
		header    frames.Header
		grade     frames.Grade
		rule      string // that is broken first
	}{
%s
	} {
		b, err := hex.DecodeString(strings.ReplaceAll(c.wire, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		who := sender{c.conn, c.state.FromClient}
		if c.state.Open == frames.Text && !c.state.Compressed {
			c.state.Text = text[who]
		}
		x := frames.Explain(b, c.state)
		text[who] = x.Next.Text
		rule := ""
		if len(x.Problems) > 0 {
			rule = x.Problems[0].Rule
		}
		if x.Header != c.header || x.Grade != c.grade || rule != c.rule {
			t.Errorf("row %%d: got %%+v, %%v, rule %%q; want %%+v, %%v, rule %%q\n%%s", c.row, x.Header, x.Grade, rule, c.header, c.grade, c.rule, x.Verdict)
		}
	}
}
`

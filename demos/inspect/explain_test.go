package inspect

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"example.com/ws101/demos/wire"
)

// short is the fields in short: letter, name and value.
func short(fields []Field) (list []string) {
	for _, f := range fields {
		list = append(list, f.Kind+" "+f.Name+": "+f.Value)
	}
	return list
}

func TestFieldsOfWhatIsNoFrame(t *testing.T) {
	for name, c := range map[string]struct {
		row  wire.Row
		want []string
	}{
		"request": {
			wire.Row{Kind: wire.Request, Bytes: []byte("GET /a HTTP/1.1\r\nHost: x\r\nCookie: a=b\r\nodd\r\n\r\n")},
			[]string{"Q request line: GET /a HTTP/1.1", "H Host: x", "H Cookie: a=b", "H field: odd", "E blank line: "},
		},
		"response": {
			wire.Row{Kind: wire.Response, Bytes: []byte("HTTP/1.1 200 OK\nX: \x1b[2J\n\n")},
			[]string{"S status line: HTTP/1.1 200 OK", `H X: \x1b[2J`, "E blank line: "},
		},
		"chunk": {
			wire.Row{Kind: wire.Chunk, Skip: 3, Content: 2, Bytes: []byte("2\r\nhi\r\n")},
			[]string{"L chunk size: 2", "P chunk data: hi", "E line end: "},
		},
		"a chunk of which little was kept": {
			wire.Row{Kind: wire.Chunk, Skip: 6, Content: 0xffff, Bytes: []byte("ffff\r\nab")},
			[]string{"L chunk size: ffff", "P chunk data: ab"},
		},
		"last chunk": {wire.Row{Kind: wire.LastChunk, Bytes: []byte("0\r\n\r\n")}, []string{"L last chunk: 0"}},
		"event": {
			wire.Row{Kind: wire.Event, Skip: 3, Content: 38, Bytes: []byte("\xef\xbb\xbf: hi\nid: 7\r\nevent: vote\rdata: x\nfoo: y\n")},
			[]string{"E byte order mark: ", "C comment: hi", "I id: 7", "O event: vote", "P data: x", "X foo: y"},
		},
		"body":    {wire.Row{Kind: wire.Body, Bytes: []byte("a=1")}, []string{"P body: a=1"}},
		"a FIN":   {wire.Row{Kind: wire.FIN}, nil},
		"nothing": {wire.Row{Kind: wire.Chunk, Skip: 3, Content: 2}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			fields := plainFields(&c.row)
			assert.Equal(t, c.want, short(fields))
			var at uint64
			for _, f := range fields {
				assert.Equal(t, at, f.Bit, "a gap before %s", f.Name)
				at += f.Width
			}
			if len(fields) > 0 {
				assert.EqualValues(t, 8*len(c.row.Bytes), at, "every bit is in a field")
			}
		})
	}
}

func TestLongValuesAreCut(t *testing.T) {
	r := wire.Row{Kind: wire.Request, Bytes: []byte("GET / HTTP/1.1\r\n" + strings.Repeat("n", 500) + ": " + strings.Repeat("世", 500) + "\r\n\r\n")}
	f := plainFields(&r)[1]
	assert.Len(t, f.Name, maxValue)
	assert.Equal(t, strings.Repeat("世", maxValue/3)+" …", f.Value)
}

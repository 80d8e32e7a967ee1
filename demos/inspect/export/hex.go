package export

import (
	"fmt"

	"example.com/ws101/demos/wire"
)

// Hex returns the bytes of the rows as people read them: "81 05 48 65". One row
// is its bytes and nothing else; in front of each of several there is a line that
// says what it is. Bytes that were not kept are counted.
func Hex(rows []wire.Row) []byte {
	var b []byte
	parts := segments(rows)
	for i := range parts {
		s := &parts[i]
		if len(parts) > 1 {
			b = fmt.Appendf(b, "# row %d, connection %d, %v: %v\n", s.row, s.conn, s.from, s.kind)
		}
		if len(s.bytes) > 0 {
			b = fmt.Appendf(b, "% x\n", s.bytes)
		}
		if n := s.notKept(); n > 0 {
			b = fmt.Appendf(b, "# and %d bytes that were not kept\n", n)
		}
	}
	return b
}

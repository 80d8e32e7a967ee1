// Package streaming brings news with a response that never ends: chunk by chunk (RFC 9112 section
// 7.1), each of which is a script element in a page that an invisible iframe loads.
package streaming

import (
	"encoding/json"
	"fmt"
)

// LastChunk ends a response that is sent in chunks.
const LastChunk = "0\r\n\r\n"

// AppendChunk appends one chunk to dst: its size in hex, a line end, the data, and a line end. No data
// is no chunk: a chunk of size 0 would be the last one.
func AppendChunk(dst, data []byte) []byte {
	// lesson:begin AppendChunk
	if len(data) == 0 {
		return dst
	}
	return fmt.Appendf(dst, "%x\r\n%s\r\n", len(data), data)
	// lesson:end
}

// AppendScript appends a script element that calls take with a text: <script>take("x")</script>. The
// text comes from a stranger, and whatever is in it, take gets it as it is, and nothing else happens.
func AppendScript(dst []byte, text string) []byte {
	// lesson:begin AppendScript
	b, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string can always be written
	}
	return fmt.Appendf(dst, "<script>take(%s)</script>", b)
	// lesson:end
}

package upgrade

import (
	"crypto/sha1"
	"encoding/base64"
	"strings"
)

// keyOf returns the value of the field Sec-WebSocket-Key, or "" if the head has
// none.
func keyOf(head string) string {
	for line := range strings.SplitSeq(head, "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		if strings.EqualFold(name, "Sec-WebSocket-Key") {
			return strings.Trim(value, " \t")
		}
	}
	return ""
}

// acceptKey returns the Sec-WebSocket-Accept that answers a key. Chapter 8 tells
// how it comes about.
func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

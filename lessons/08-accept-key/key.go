// Package acceptkey is the question and the answer in the handshake of a
// WebSocket: the client's Sec-WebSocket-Key, and the server's
// Sec-WebSocket-Accept, which proves that it has understood the question
// (RFC 6455 sections 1.3 and 4.2.2).
package acceptkey

import (
	"crypto/sha1"
	"encoding/base64"
	"io"
)

// AcceptKey returns the value of Sec-WebSocket-Accept that answers a key:
// base64(SHA-1(key + GUID)), 28 characters. The key goes in as it was sent.
func AcceptKey(key string) string {
	// lesson:begin AcceptKey
	const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
	sum := sha1.Sum([]byte(key + guid))
	return base64.StdEncoding.EncodeToString(sum[:])
	// lesson:end
}

// AppendAccept appends the header field that answers a key to dst, with its line
// end, and returns the longer slice.
func AppendAccept(dst []byte, key string) []byte {
	// lesson:begin AppendAccept
	return append(dst, "Sec-WebSocket-Accept: "+AcceptKey(key)+"\r\n"...)
	// lesson:end
}

// IsKey reports whether a key has the form of one: 24 characters, which are the
// base64 of exactly 16 bytes.
func IsKey(key string) bool {
	// lesson:begin IsKey
	if len(key) != 24 {
		return false
	}
	nonce, err := base64.StdEncoding.DecodeString(key)
	return err == nil && len(nonce) == 16
	// lesson:end
}

// NewKey returns a fresh key for a client: 16 bytes from random, in base64. The
// error is that of random.
func NewKey(random io.Reader) (string, error) {
	// lesson:begin NewKey
	var nonce [16]byte
	if _, err := io.ReadFull(random, nonce[:]); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(nonce[:]), nil
	// lesson:end
}

// This file holds the key and its proof: Sec-WebSocket-Key and Sec-WebSocket-Accept.

package handshake

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
)

// guid is appended to the key before hashing. It is a constant that nobody but a WebSocket
// server would use, so a server that returns the right hash has understood the request
// (RFC 6455 section 1.3).
const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// keyBytes is the length of the nonce behind a key, keyChars the length of its base64.
const (
	keyBytes = 16
	keyChars = 24
)

// NewKey returns a fresh value for Sec-WebSocket-Key: 16 bytes from random in base64, 24
// characters. RFC 6455 section 4.1 wants the bytes random for each connection, so pass
// crypto/rand.Reader. The error is that of random.
func NewKey(random io.Reader) (string, error) {
	var nonce [keyBytes]byte
	if _, err := io.ReadFull(random, nonce[:]); err != nil {
		return "", fmt.Errorf("making a key for the handshake: %w", err)
	}
	return base64.StdEncoding.EncodeToString(nonce[:]), nil
}

// AcceptKey returns the Sec-WebSocket-Accept that proves to a client that the server read its
// key: base64(SHA-1(key + GUID)), 28 characters. The key goes in as it was sent, not
// decoded (RFC 6455 section 4.2.2). This is no secret and no signature: it only shows that a
// WebSocket server answered, and not some other server or a cache.
func AcceptKey(key string) string {
	text := make([]byte, 0, keyChars+len(guid))
	text = append(text, key...)
	text = append(text, guid...)
	sum := sha1.Sum(text)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// isKey reports whether key is base64 of exactly 16 bytes. The length comes first: the
// decoder skips line breaks, and needs no room for long input.
func isKey(key string) bool {
	if len(key) != keyChars {
		return false
	}
	var nonce [keyChars]byte
	n, err := base64.StdEncoding.Decode(nonce[:], []byte(key))
	return err == nil && n == keyBytes
}

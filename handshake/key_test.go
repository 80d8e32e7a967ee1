package handshake_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/handshake"
)

func TestAcceptKey(t *testing.T) {
	t.Run("6455-4.2.2-12d the key of section 1.3", func(t *testing.T) {
		assert.Equal(t, rfcAccept, handshake.AcceptKey(rfcKey))
	})
	t.Run("6455-4.2.2-12d the key is hashed as sent, not decoded", func(t *testing.T) {
		// The same 16 bytes of zero, written with other padding bits.
		assert.NotEqual(t, handshake.AcceptKey("AAAAAAAAAAAAAAAAAAAAAA=="), handshake.AcceptKey("AAAAAAAAAAAAAAAAAAAAAB=="))
	})
	t.Run("a key of any length", func(t *testing.T) {
		assert.Equal(t, "Kfh9QIsMVZcl6xEPYxPHzW8SZ8w=", handshake.AcceptKey(""))
		assert.Len(t, handshake.AcceptKey(string(make([]byte, 1000))), 28)
	})
}

func TestNewKey(t *testing.T) {
	t.Run("6455-4.1-28 is base64 of the 16 bytes it was given", func(t *testing.T) {
		key, err := handshake.NewKey(bytes.NewReader([]byte("the sample nonce")))
		require.NoError(t, err)
		assert.Equal(t, rfcKey, key)
	})
	t.Run("6455-4.1-29 is new each time", func(t *testing.T) {
		seen := make(map[string]bool)
		for range 10_000 {
			key, err := handshake.NewKey(rand.Reader)
			require.NoError(t, err)
			require.False(t, seen[key], "key %s came twice", key)
			seen[key] = true
			nonce, err := base64.StdEncoding.DecodeString(key)
			require.NoError(t, err)
			require.Len(t, nonce, 16)
		}
	})
	t.Run("takes a source that gives one byte at a time", func(t *testing.T) {
		key, err := handshake.NewKey(iotest.OneByteReader(bytes.NewReader([]byte("the sample nonce"))))
		require.NoError(t, err)
		assert.Equal(t, rfcKey, key)
	})
	t.Run("fails with its source", func(t *testing.T) {
		_, err := handshake.NewKey(bytes.NewReader(make([]byte, 15)))
		assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
		_, err = handshake.NewKey(iotest.ErrReader(io.ErrClosedPipe))
		assert.ErrorIs(t, err, io.ErrClosedPipe)
	})
}

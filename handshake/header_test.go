package handshake_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"example.com/ws101/handshake"
)

func TestHeader(t *testing.T) {
	h := handshake.Header{
		{"Host", "example.com"},
		{"X-One", "first"},
		{"x-one", "second"},
		{"Empty", ""},
	}
	t.Run("6455-4.1-44 names are compared without case", func(t *testing.T) {
		assert.Equal(t, "example.com", h.Get("hOST"))
		assert.Equal(t, []string{"first", "second"}, h.Values("X-ONE"))
		assert.True(t, h.Has("EMPTY"))
	})
	t.Run("Get returns the first of several", func(t *testing.T) {
		assert.Equal(t, "first", h.Get("X-One"))
	})
	t.Run("what is not there", func(t *testing.T) {
		assert.Empty(t, h.Get("Missing"))
		assert.Nil(t, h.Values("Missing"))
		assert.False(t, h.Has("Missing"))
		assert.False(t, handshake.Header(nil).Has("Host"))
	})
}

func TestHasToken(t *testing.T) {
	for _, tt := range []struct {
		name   string
		values []string
		want   bool
	}{
		{"6455-4.2.1-1e alone", []string{"Upgrade"}, true},
		{"6455-4.2.1-1e in any case", []string{"uPGRADE"}, true},
		{"6455-4.2.1-1e last in a list", []string{"keep-alive, Upgrade"}, true},
		{"6455-4.2.1-1e first in a list", []string{"upgrade,keep-alive"}, true},
		{"6455-4.2.1-1e in the middle with tabs", []string{"a,\tupgrade\t,b"}, true},
		{"in a second field", []string{"keep-alive", "Upgrade"}, true},
		{"between empty elements", []string{",, upgrade ,,"}, true},
		{"as a part of a word", []string{"upgrades, xupgrade"}, false},
		{"with another word", []string{"upgrade now"}, false},
		{"empty", []string{""}, false},
		{"no field", nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := handshake.Header{{"Other", "upgrade"}}
			for _, v := range tt.values {
				h = append(h, handshake.Field{Name: "Connection", Value: v})
			}
			assert.Equal(t, tt.want, h.HasToken("connection", "Upgrade"))
		})
	}
}

func TestHasTokenAllocatesNothing(t *testing.T) {
	h := handshake.Header{{"Connection", "keep-alive, a, b, c"}, {"Connection", "Upgrade"}}
	assert.Zero(t, testing.AllocsPerRun(100, func() { h.HasToken("Connection", "upgrade") }))
}

func TestAppendCannotAddALine(t *testing.T) {
	req := handshake.Request{
		Method: "GET", Target: "/\r\nX: 1", Proto: "HTTP/1.1\n",
		Header: handshake.Header{
			{"A", "b\r\nInjected: yes"},
			{"Bad\r\nName", "x"},
			{"", "x"},
			{"Tab", "a\tb\x00\x7f"},
		},
	}
	assert.Equal(t, "GET /  X: 1 HTTP/1.1 \r\nA: b  Injected: yes\r\nTab: a\tb  \r\n\r\n", string(req.Append(nil)))

	resp := handshake.Response{Proto: "HTTP/1.1", Status: 400, Reason: "No\r\nX: 1", Body: []byte("a\r\nb")}
	assert.Equal(t, "HTTP/1.1 400 No  X: 1\r\n\r\na\r\nb", string(resp.Append(nil)), "only the body keeps its line breaks")
}

package handshake_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/handshake"
)

func TestSubprotocols(t *testing.T) {
	for _, tt := range []struct {
		name   string
		values []string
		want   []string
	}{
		{"none", nil, nil},
		{"one", []string{"chat"}, []string{"chat"}},
		{"in the client's order", []string{"superchat, chat"}, []string{"superchat", "chat"}},
		{"without spaces", []string{"a,b"}, []string{"a", "b"}},
		{"over several fields", []string{"a, b", "c"}, []string{"a", "b", "c"}},
		{"names that differ in case", []string{"chat, Chat"}, []string{"chat", "Chat"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := offering(tt.values...).Subprotocols()
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}

	for _, tt := range []struct {
		name   string
		values []string
	}{
		{"6455-4.2.1-1h an empty field", []string{""}},
		{"6455-4.2.2-9 an empty name", []string{"a,,b"}},
		{"6455-4.2.1-1h a comma at the end", []string{"a,"}},
		{"6455-4.2.1-1h a name with a space", []string{"a b"}},
		{"6455-4.2.1-1h a name with a slash", []string{"a/b"}},
		{"6455-4.2.1-1h a name outside ASCII", []string{"\u00fc"}},
		{"6455-4.2.1-1h a name twice", []string{"a, b, a"}},
		{"6455-4.2.1-1h a name twice in two fields", []string{"a", "a"}},
		{"6455-4.2.1-1h more than 64 names", []string{names(65)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := offering(tt.values...).Subprotocols()
			requireRule(t, err, "6455-4.2.1-1h", 400)
		})
	}

	t.Run("64 names", func(t *testing.T) {
		got, err := offering(names(64)).Subprotocols()
		require.NoError(t, err)
		assert.Len(t, got, 64)
	})
}

// offering returns a request with these Sec-WebSocket-Protocol fields.
func offering(values ...string) *handshake.Request {
	req := &handshake.Request{}
	for _, v := range values {
		req.Header = append(req.Header, handshake.Field{Name: "Sec-Websocket-Protocol", Value: v})
	}
	return req
}

// names returns a list of n different names.
func names(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprint("p", i)
	}
	return strings.Join(list, ", ")
}

func TestChooseSubprotocol(t *testing.T) {
	for _, tt := range []struct {
		name               string
		offered, supported []string
		want               string
	}{
		{"6455-4.2.2-7 the only common name", []string{"a", "b"}, []string{"x", "b"}, "b"},
		{"6455-4.2.2-7 the server's preference counts", []string{"a", "b"}, []string{"b", "a"}, "b"},
		{"6455-4.2.2-7 nothing in common", []string{"a"}, []string{"x"}, ""},
		{"6455-4.2.2-7 names are compared with case", []string{"Chat"}, []string{"chat"}, ""},
		{"nothing offered", nil, []string{"x"}, ""},
		{"nothing supported", []string{"a"}, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, handshake.ChooseSubprotocol(tt.offered, tt.supported))
		})
	}
}

package echo

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/handshake"
	"example.com/ws101/rfc6455"
)

// value returns the values of a field, with a comma between them.
func (h head) value(name string) string {
	var values []string
	for _, f := range h.Fields {
		if f.Name == name {
			values = append(values, f.Value)
		}
	}
	return strings.Join(values, ", ")
}

func TestARequestIsAnsweredWithItsOwnHead(t *testing.T) {
	address := "http" + strings.TrimPrefix(listen(t, Options{}), "ws")
	r, err := http.NewRequestWithContext(t.Context(), "GET", address+"/headers?a=b", nil)
	require.NoError(t, err)
	r.Header.Set("X-Lesson", "101")
	r.Header.Set("Cookie", "secret=1")
	r.SetBasicAuth("Aladdin", "open sesame")
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	assert.Equal(t, 200, answer.StatusCode)
	assert.Equal(t, "application/json", answer.Header.Get("Content-Type"))
	assert.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
	var h head
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&h))
	assert.Equal(t, "GET /headers?a=b HTTP/1.1", h.Line)
	assert.Equal(t, strings.TrimPrefix(address, "http://"), h.value("Host"))
	assert.Equal(t, "101", h.value("X-Lesson"))
	assert.Equal(t, "(hidden)", h.value("Cookie"))
	assert.Equal(t, "(hidden)", h.value("Authorization"))
}

func TestHeadersTakesOnlyGet(t *testing.T) {
	w := httptest.NewRecorder()
	New(Options{}).ServeHTTP(w, httptest.NewRequest("POST", "/headers", nil))
	assert.Equal(t, 405, w.Code)
}

func TestAnUpgradeIsToldItsOwnHead(t *testing.T) {
	conn, _, err := rfc6455.Dial(t.Context(), listen(t, Options{})+"/upgrade", &rfc6455.DialOptions{
		Subprotocols: []string{"echo.v1", "echo.v2"},
		Header:       handshake.Header{{Name: "Cookie", Value: "secret=1"}},
	})
	require.NoError(t, err)
	defer conn.CloseNow()
	kind, text, err := conn.Read(t.Context())
	require.NoError(t, err)
	assert.Equal(t, rfc6455.Text, kind)
	var h head
	require.NoError(t, json.Unmarshal(text, &h))
	assert.Equal(t, "GET /upgrade HTTP/1.1", h.Line)
	assert.Equal(t, "Upgrade", h.value("Connection"))
	assert.Equal(t, "websocket", h.value("Upgrade"))
	assert.Equal(t, "13", h.value("Sec-Websocket-Version"), "as net/http spells it")
	assert.Equal(t, "echo.v1, echo.v2", h.value("Sec-Websocket-Protocol"))
	assert.Equal(t, "(hidden)", h.value("Cookie"))

	// From here on it is an echo like the others.
	require.NoError(t, conn.Write(t.Context(), rfc6455.Binary, []byte{1, 0, 1}))
	kind, p, err := conn.Read(t.Context())
	require.NoError(t, err)
	assert.Equal(t, rfc6455.Binary, kind)
	assert.Equal(t, []byte{1, 0, 1}, p)
	assert.NoError(t, conn.Close(1000, ""))
}

func TestSubprotocols(t *testing.T) {
	address := listen(t, Options{})
	for offered, want := range map[string]string{
		"": "", "echo.v1": "echo.v1", "echo.v1 echo.v2": "echo.v2", "chat echo.v1": "echo.v1", "chat": "",
	} {
		for _, path := range []string{"/ws", "/foobar"} {
			conn, _, err := rfc6455.Dial(t.Context(), address+path, &rfc6455.DialOptions{Subprotocols: strings.Fields(offered)})
			require.NoError(t, err)
			assert.Equal(t, want, conn.Subprotocol(), offered)
			require.NoError(t, conn.Write(t.Context(), rfc6455.Text, []byte("first")))
			_, p, err := conn.Read(t.Context())
			require.NoError(t, err)
			assert.Equal(t, "first", string(p), "nothing comes before the echo")
			assert.NoError(t, conn.Close(1000, ""))
		}
	}
}

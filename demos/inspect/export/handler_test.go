package export

import (
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"

	"example.com/ws101/demos/wire"
)

func TestHandler(t *testing.T) {
	c := conversation(t)
	h := Handler(c.tap)
	for query, want := range map[string]struct {
		status int
		name   string
	}{
		"format=hex&from=4&to=4":          {200, "ws101-4-4.txt"},
		"format=pcap&from=4&to=9":         {200, "ws101-4-9.pcapng"},
		"format=har&from=0":               {200, "ws101-1-18.har"},
		"format=go&from=1&to=999":         {200, "ws101-1-18_test.go"},
		"format=curl&from=2&to=2":         {200, "ws101-2-2.sh"},
		"format=hex&from=1&conn=7&conn=1": {200, "ws101-1-18.txt"},
		"format=hex&from=1&conn=7":        {404, ""},
		"format=nope&from=4&to=4":         {400, ""},
		"format=hex":                      {400, ""},
		"format=hex&from=x":               {400, ""},
		"format=hex&from=5&to=4":          {400, ""},
		"format=hex&from=1&to=":           {400, ""},
		"format=hex&from=99&to=99":        {404, ""},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/export?"+query, nil))
		assert.Equal(t, want.status, w.Code, query)
		if want.status == 200 {
			assert.Equal(t, `attachment; filename="`+want.name+`"`, w.Header().Get("Content-Disposition"))
			assert.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
		}
		assert.NotEmpty(t, w.Body.String(), query)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("POST", "/export?format=hex&from=1", nil))
	assert.Equal(t, 405, w.Code)
}

// A frame alone says nothing to Wireshark: it needs the handshake.
func TestTheOpeningComesAlong(t *testing.T) {
	c := conversation(t)
	c.open("127.0.0.1:50009", "127.0.0.1:8101")
	c.text(wire.Client, "GET /other HTTP/1.1\nHost: a\n\n")
	rows := c.tap.Rows(5, 5)
	with := append(openings(c.tap.Rows(0, 4), rows), rows...)
	var told []uint64
	for _, r := range with {
		told = append(told, r.Seq)
	}
	assert.Equal(t, []uint64{1, 2, 3, 5}, told)
	assert.Equal(t, [][]string{explained(&rows[0], "8101")}, dissect(t, with, "websocket", frameFields...))
	assert.Equal(t, "http://127.0.0.1:8101/echo/ws?room=1&who=%E7%8F%AE", readHAR(t, with)[0].Request.URL)
}

package site

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReadJSON(t *testing.T) {
	const wrongType = "The body of a test must have the Content-Type application/json."
	for _, test := range []struct {
		name, kind string
		body       io.Reader
		want       string
		status     int
		sentence   string
	}{
		{"JSON", "application/json", strings.NewReader("{}"), "{}", 0, ""},
		{"it is not parsed here", "application/json", strings.NewReader("x"), "x", 0, ""},
		{"nothing", "application/json", nil, "", 0, ""},
		{"in capitals", "Application/JSON", strings.NewReader("{}"), "{}", 0, ""},
		{"in UTF-8", "application/json; charset=UTF-8", strings.NewReader("{}"), "{}", 0, ""},
		{"as large as can", "application/json", strings.NewReader("0123456789"), "0123456789", 0, ""},
		{"too large", "application/json", strings.NewReader("0123456789x"), "", 413, "The body of a test has at most 10 bytes."},
		{"never ending", "application/json", iotest.OneByteReader(endless{}), "", 413, "The body of a test has at most 10 bytes."},
		{"cut off", "application/json", iotest.ErrReader(errors.New("gone")), "", 400, "The body of a test did not arrive."},
		{"cut off in the middle", "application/json", iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("{}"))), "", 400, "The body of a test did not arrive."},
		{"no type", "", strings.NewReader("{}"), "", 415, wrongType},
		{"a form", "application/x-www-form-urlencoded", strings.NewReader("{}"), "", 415, wrongType},
		{"text, as a page of another origin may send it", "text/plain", strings.NewReader("{}"), "", 415, wrongType},
		{"more than JSON", "application/json+x", strings.NewReader("{}"), "", 415, wrongType},
		{"another charset", "application/json; charset=gbk", strings.NewReader("{}"), "", 415, wrongType},
		{"a broken type", "application/json; =", strings.NewReader("{}"), "", 415, wrongType},
	} {
		r := httptest.NewRequest("POST", "/", test.body)
		r.Header.Set("Content-Type", test.kind)
		body, err := ReadJSON(httptest.NewRecorder(), r, 10, "a test")
		if test.sentence == "" {
			assert.NoError(t, err, test.name)
			assert.Equal(t, test.want, string(body), test.name)
			continue
		}
		assert.Nil(t, body, test.name)
		assert.Equal(t, &Refusal{Status: test.status, Sentence: test.sentence}, err, test.name)
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

func TestReadBodyTakesAnyType(t *testing.T) {
	body, err := ReadBody(httptest.NewRecorder(), httptest.NewRequest("POST", "/", strings.NewReader("x=1")), 3, "a test")
	assert.NoError(t, err)
	assert.Equal(t, "x=1", string(body))
}

func TestReadBodyHasADeadlineOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTimed()
		_, err := ReadBody(w, httptest.NewRequest("POST", "/", nil), 3, "a test")
		assert.NoError(t, err)
		assert.Equal(t, []time.Duration{bodyTime, 0}, w.read)
	})
}

func TestBodyThatNeverArrivesIsRefused(t *testing.T) {
	for _, test := range []struct {
		kind     string
		status   int
		sentence string
	}{
		{"application/json", 400, "The body of a test did not arrive."},
		// It is not read, but net/http waits for it before it answers.
		{"text/plain", 415, "The body of a test must have the Content-Type application/json."},
	} {
		synctest.Test(t, func(t *testing.T) {
			dial := serveInMemory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, err := ReadJSON(w, r, 10, "a test")
				RefuseError(w, err)
			}))
			conn := dial()
			defer conn.Close()
			start := time.Now()
			_, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: "+test.kind+"\r\nContent-Length: 2\r\n\r\n{")
			require.NoError(t, err)
			// Without this limit a failure of the test would be a deadlock.
			require.NoError(t, conn.SetReadDeadline(start.Add(time.Hour)))
			answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
			require.NoError(t, err)
			text, err := io.ReadAll(answer.Body)
			require.NoError(t, err)
			assert.Equal(t, test.status, answer.StatusCode)
			assert.Equal(t, test.sentence+"\n", string(text))
			assert.Equal(t, bodyTime, time.Since(start))
		})
	}
}

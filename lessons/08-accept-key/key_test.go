package acceptkey

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"example.com/ws101/lessons/internal/lesson"
)

var (
	taskAccept = lesson.Task{Chapter: 8, Name: "AcceptKey", Section: "RFC 6455 section 4.2.2"}
	taskAppend = lesson.Task{Chapter: 8, Name: "AppendAccept", Section: "RFC 6455 section 4.2.2"}
	taskIs     = lesson.Task{Chapter: 8, Name: "IsKey", Section: "RFC 6455 section 4.2.1"}
	taskNew    = lesson.Task{Chapter: 8, Name: "NewKey", Section: "RFC 6455 section 4.1"}
)

// accepts are keys and what answers them. The first is the example of RFC 6455
// section 1.3.
var accepts = []struct{ key, want string }{
	{"dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="},
	{"AAAAAAAAAAAAAAAAAAAAAA==", "ICX+Yqv66kxgM0FcWaLWlFLwTAI="},
	{"//////////////////////==", "zXRQvy1wi5A4l0hwWYxMN3e2wNk="},
	{"x3JJHMbDL1EzLkh9GBhXDw==", "HSmrc0sMlYUkAGmm5OPpG2HaGWk="},
}

// theGUID is what stands behind the key.
const theGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// answer is what comes out with another GUID.
func answer(key, guid string) string {
	sum := sha1.Sum([]byte(key + guid))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// slip finds the typing error in the GUID that leads to got.
func slip(key, got string) (lost, space, other, twice bool) {
	for i := range theGUID {
		before, at, after := theGUID[:i], theGUID[i:i+1], theGUID[i+1:]
		lost = lost || got == answer(key, before+after)
		space = space || got == answer(key, before+" "+at+after)
		twice = twice || got == answer(key, before+at+at+after)
		for c := byte(' '); c <= '~'; c++ {
			other = other || got == answer(key, before+string(c)+after)
		}
	}
	space = space || got == answer(key, theGUID+" ")
	return lost, space, other, twice
}

func TestAcceptKey(t *testing.T) {
	defer taskAccept.Catch(t)
	for _, c := range accepts {
		got := AcceptKey(c.key)
		if got == c.want {
			continue
		}
		sum := sha1.Sum([]byte(c.key + theGUID))
		sum256 := sha256.Sum256([]byte(c.key + theGUID))
		appended := append([]byte(c.key+theGUID), sha1.New().Sum(nil)...) // what Sum of a new hash makes
		nonce, _ := base64.StdEncoding.DecodeString(c.key)
		lost, space, other, twice := slip(c.key, got)
		taskAccept.Equal(t, fmt.Sprintf("AcceptKey(%q)", c.key), got, c.want,
			lesson.If(lost, "a character of the GUID is missing; it has 36"),
			lesson.If(space, "there is a space in the GUID; it has none"),
			lesson.If(twice, "a character of the GUID is there twice; it has 36"),
			lesson.If(got == answer(c.key, strings.ToLower(theGUID)), "the GUID is in lower case; SHA-1 takes a and A for different bytes, and the RFC writes A"),
			lesson.If(other, "one character of the GUID is another one; compare it with the text"),
			lesson.If(got == answer("", theGUID+c.key), "the GUID stands before the key; it goes behind it"),
			lesson.If(got == answer(c.key, ""), "the GUID is missing; any server could hash a key"),
			lesson.If(got == answer(string(nonce), theGUID), "the key was decoded first; it is hashed as it was sent, all 24 characters"),
			lesson.If(got == answer(c.key+"\n", theGUID) || got == answer(c.key+"\r\n", theGUID), "a line end was hashed between the key and the GUID"),
			lesson.If(got == answer(c.key, theGUID+"\n") || got == answer(c.key, theGUID+"\r\n"), "a line end was hashed behind the GUID"),
			lesson.If(strings.EqualFold(got, hex.EncodeToString(sum[:])), "the hash is in hex; on the wire it is in base64, 28 characters"),
			lesson.If(got == base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString(sum[:]))), "the hash was turned into hex, and the hex into base64; base64 takes the 20 bytes themselves"),
			lesson.If(got == string(sum[:]), "these are the 20 bytes of the hash themselves; in a header field they are written in base64"),
			lesson.If(got == base64.StdEncoding.EncodeToString(sum256[:]), "this is SHA-256; the RFC says SHA-1"),
			lesson.If(got != c.want && strings.TrimSpace(got) == c.want, "there is white space around the value; a line end belongs to the header and not to the value"),
			lesson.If(got+"=" == c.want, "the = at the end is missing; this base64 has padding"),
			lesson.If(got == base64.URLEncoding.EncodeToString(sum[:]), "this is the base64 for URLs, with - and _; the handshake uses the usual one, with + and /"),
			lesson.If(got == base64.RawURLEncoding.EncodeToString(sum[:]), "this is the base64 for URLs, and without padding; the handshake uses base64.StdEncoding"),
			lesson.If(got == base64.StdEncoding.EncodeToString(appended), "Sum of a hash does not hash its argument, it appends the hash to it; use sha1.Sum, or Write first"),
			lesson.If(got == "", "nothing came out"),
			lesson.If(got == c.key, "the key came back as it was; whoever only repeats has understood nothing"),
			lesson.If(len(got) == len(c.want), "28 characters are right, so something else was hashed; print it with %q, it is the key and the GUID, 60 characters"),
		)
	}
}

func TestAppendAccept(t *testing.T) {
	defer taskAppend.Catch(t)
	const name = "Sec-WebSocket-Accept: "
	for _, c := range accepts {
		call := fmt.Sprintf("AppendAccept(nil, %q)", c.key)
		accept := AcceptKey(c.key) // right or wrong, it has a test of its own
		got, want := string(AppendAccept(nil, c.key)), name+accept+"\r\n"
		taskAppend.Equal(t, call, got, want,
			lesson.If(got == "Sec-WebSocket-Key: "+accept+"\r\n", "the answer stands under the name of the question; the server's field is Sec-WebSocket-Accept"),
			lesson.If(got == name+c.key+"\r\n", "the key was sent back; the value is what AcceptKey makes of it"),
			lesson.If(got == name+accept, "the line end is missing; the next field would become a part of this value"),
			lesson.If(got == name+accept+"\n", "the line ends in \\n alone; in a head it is \\r\\n"),
			lesson.If(got == want+"\r\n", "there is a blank line behind the field; it ends the head, and more fields may follow"),
			lesson.If(strings.Contains(got, "\""), "the value is in quotes; it stands there as it is"),
			lesson.If(strings.EqualFold(strings.ReplaceAll(got, " ", ""), strings.ReplaceAll(want, " ", "")),
				"another way to write the same; clients accept it, and this test wants the usual one"),
		)
	}
	before := "Upgrade: websocket\r\n"
	key := accepts[0].key
	got, alone := string(AppendAccept([]byte(before), key)), string(AppendAccept(nil, key))
	taskAppend.Equal(t, fmt.Sprintf("AppendAccept([]byte(%q), %q)", before, key), got, before+alone,
		lesson.If(got == alone, "dst was thrown away; the field goes behind what dst holds"))
}

func TestIsKey(t *testing.T) {
	defer taskIs.Catch(t)
	std := base64.StdEncoding.EncodeToString
	for _, c := range []struct {
		key   string
		want  bool
		looks string
	}{
		{"dGhlIHNhbXBsZSBub25jZQ==", true, "this is a key, the example of the RFC"},
		{"AAAAAAAAAAAAAAAAAAAAAA==", true, "this is a key; what its bytes are does not matter"},
		{"+/+/+/+/+/+/+/+/+/+/+w==", true, "this is a key; + and / belong to its base64, and - and _ to another one"},
		{"", false, "an empty value was taken for a key"},
		{"dGhlIHNhbXBsZSBub25jZ!==", false, "24 characters were taken for a key whatever they are; ! is no character of base64"},
		{std(make([]byte, 18)), false, "24 characters of base64 were taken for a key; without padding these are 18 bytes, and a key has 16"},
		{std(make([]byte, 15)), false, "15 bytes were taken for a key; it has 16"},
		{std(make([]byte, 17)), false, "base64 of any length was taken for a key; it has 16 bytes"},
		{"dGhlIHNhbXBsZSBub25jZQ==\n", false, "a line break was let through; the decoder of Go skips \\r and \\n, so look at the length too"},
		{"dGhlIHNhbXBsZSBub25jZQ\n\n", false, "a line break was let through; the decoder of Go skips \\r and \\n, so look at the length too"},
		{"dGhlIHNhbXBsZSBub25jZQ", false, "a key without its padding was let through; the == at the end belongs to it"},
		{"-_-_-_-_-_-_-_-_-_-_-w==", false, "the base64 for URLs was let through; a key has + and /, not - and _"},
		{"7468652073616d706c65206e6f6e6365", false, "hex was taken for base64"},
		{" dGhlIHNhbXBsZSBub25jZQ==", false, "a blank was cut off; whoever reads the header does that, and here it is no key"},
	} {
		taskIs.Equal(t, fmt.Sprintf("IsKey(%s)", strconv.Quote(c.key)), IsKey(c.key), c.want, lesson.If(true, c.looks))
	}
}

func TestNewKey(t *testing.T) {
	defer taskNew.Catch(t)
	const nonce = "the sample nonce"
	want := newKey{Key: accepts[0].key}
	got := makeKey(strings.NewReader(nonce + "more"))
	call := fmt.Sprintf("NewKey(%q as random bytes)", nonce+"more")
	taskNew.Equal(t, call, got, want,
		lesson.If(got.Key == nonce, "these are the bytes themselves; in a header field they are written in base64"),
		lesson.If(got.Key == hex.EncodeToString([]byte(nonce)), "the key is in hex; it is written in base64"),
		lesson.If(got.Key+"==" == want.Key, "the == at the end is missing; this base64 has padding"),
		lesson.If(random(), otherSource),
		lesson.If(len(got.Key) != 24, "the key has another length; it is 16 bytes, which are 24 characters of base64"),
	)
	again := makeKey(strings.NewReader("another 16 bytes"))
	taskNew.Equal(t, "NewKey(\"another 16 bytes\")", again, newKey{Key: "YW5vdGhlciAxNiBieXRlcw=="},
		lesson.If(again == got, "it is the same key again; it has to be new for every connection"))
	call = "NewKey(a reader that gives one byte at a time)"
	taskNew.Equal(t, call, makeKey(iotest.OneByteReader(strings.NewReader(nonce))), want, shortRead())
}

func TestNewKeyFails(t *testing.T) {
	defer taskNew.Catch(t)
	broken := errors.New("no random bytes today")
	for _, c := range []struct {
		call   string
		random io.Reader
		want   error
	}{
		{"NewKey(a reader that fails)", iotest.ErrReader(broken), broken},
		{"NewKey(a reader that ends after 15 bytes)", bytes.NewReader(make([]byte, 15)), io.ErrUnexpectedEOF},
	} {
		key, err := NewKey(c.random)
		if errors.Is(err, c.want) || c.want == io.ErrUnexpectedEOF && errors.Is(err, io.EOF) {
			err = c.want
		}
		got, want := struct{ Err error }{err}, struct{ Err error }{c.want}
		taskNew.Equal(t, c.call, got, want,
			lesson.If(random(), otherSource), shortRead(),
			lesson.If(err == nil && key != "", "a key was made though the random bytes failed; everybody can guess it"))
	}
}

// newKey is what NewKey returns.
type newKey struct {
	Key string
	Err error
}

func makeKey(random io.Reader) newKey {
	key, err := NewKey(random)
	return newKey{key, err}
}

const otherSource = "the random bytes came from somewhere else; take them from the reader"

// shortRead diagnoses a NewKey that reads only once.
func shortRead() lesson.Diagnosis {
	got := makeKey(iotest.OneByteReader(strings.NewReader("the sample nonce")))
	return lesson.If(got == newKey{Key: "dAAAAAAAAAAAAAAAAAAAAA=="},
		"one Read was taken for all 16 bytes; a Read may give fewer, and io.ReadFull asks again")
}

// random reports whether NewKey returns something else each time, though its
// reader gives the same.
func random() bool {
	zero := func() newKey { return makeKey(bytes.NewReader(make([]byte, 64))) }
	return zero() != zero()
}

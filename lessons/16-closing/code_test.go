package closing

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"example.com/ws101/lessons/internal/lesson"
)

var (
	taskSendable = lesson.Task{Chapter: 16, Name: "IsSendable", Section: "RFC 6455 section 7.4"}
	taskParse    = lesson.Task{Chapter: 16, Name: "ParseClose", Section: "RFC 6455 section 5.5.1"}
	taskAppend   = lesson.Task{Chapter: 16, Name: "AppendClose", Section: "RFC 6455 section 5.5.1"}
)

// codes are ranges of close codes, and what it looks like if IsSendable is wrong there.
// Together they are all 65536.
var codes = []struct {
	from, to int
	sendable bool
	looks    string
}{
	{1005, 1006, false, "a code was let through that never travels; 1005, 1006 and 1015 are what one side notes for itself"},
	{1015, 1015, false, "1015 was let through; like 1005 and 1006, it is what one side notes for itself"},
	{1004, 1004, false, "1004 was let through; it is reserved, and has no meaning"},
	{1000, 1003, true, "a code of the RFC was refused"},
	{1007, 1011, true, "a code of the RFC was refused"},
	{1012, 1014, true, "a code was refused that was registered after the RFC had been written; 1012 to 1014 are in use"},
	{3000, 4999, true, "a code was refused that programs may use; 3000 to 3999 can be registered, and 4000 to 4999 are free"},
	{0, 999, false, "a code below 1000 was let through; these are not used"},
	{1016, 2999, false, "a code was let through that has no meaning yet; 1000 to 2999 are for the protocol, and 1014 is the last one in use"},
	{5000, 65535, false, "a code above 4999 was let through; these are not used"},
}

func TestIsSendable(t *testing.T) {
	defer taskSendable.Catch(t)
	for _, r := range codes {
		for code := r.from; code <= r.to; code++ {
			if got := CloseCode(code).IsSendable(); got != r.sendable {
				taskSendable.Equal(t, fmt.Sprintf("CloseCode(%d).IsSendable()", code), got, r.sendable, lesson.If(true, r.looks))
			}
		}
	}
}

// codesWork reports whether IsSendable does what it should.
func codesWork() bool {
	for _, r := range codes {
		for code := r.from; code <= r.to; code++ {
			if CloseCode(code).IsSendable() != r.sendable {
				return false
			}
		}
	}
	return true
}

const sendableFirst = "IsSendable is not right yet; make TestIsSendable pass first"

// parsed is what ParseClose returns.
type parsed struct {
	Code   CloseCode
	Reason string
	Err    error
}

// payloads are those of Close frames, and what ParseClose makes of them.
var payloads = []struct {
	bytes string
	want  parsed
}{
	{"03 e8", parsed{Code: 1000}},
	{"03 e9 62 79 65", parsed{Code: 1001, Reason: "bye"}},
	{"0f a0 e5 86 8d e8 a7 81", parsed{Code: 4000, Reason: "再见"}},
	{"", parsed{Code: CloseNoStatus}},
	{"03", parsed{Err: errOneByte}},
	{"03 ed", parsed{Err: errCode}},
	{"03 ee 62 79 65", parsed{Err: errCode}},
	{"00 00", parsed{Err: errCode}},
	{"03 e8 ff", parsed{Err: errReason}},
	{"03 e8 e5 86", parsed{Err: errReason}},
}

// parse calls ParseClose. What stands beside an error does not matter.
func parse(t *testing.T, b []byte) parsed {
	defer taskParse.CatchIn(t, lesson.Call("ParseClose", b),
		lesson.If(len(b) == 1, "one byte was taken for a code; a code has two"),
		lesson.If(len(b) == 0, "an empty payload was taken apart; it is legal, and has no code"))
	code, reason, err := ParseClose(b)
	if err != nil {
		return parsed{Err: err}
	}
	return parsed{Code: code, Reason: reason}
}

func TestParseClose(t *testing.T) {
	defer taskParse.Catch(t)
	at := map[string]int{"Code": 0, "Reason": 2}
	for _, c := range payloads {
		b := lesson.Hex(c.bytes)
		got := parse(t, b)
		swapped := len(b) > 1 && got.Code == CloseCode(b[0])|CloseCode(b[1])<<8
		taskParse.Parsed(t, "ParseClose", b, got, c.want, at,
			lesson.If(!codesWork(), sendableFirst),
			lesson.If(len(b) == 0 && got.Err != nil, "an empty payload was refused; it is legal, and has no code"),
			lesson.If(len(b) == 0 && got.Code != CloseNoStatus, "a code was made up for a Close frame that has none; 1005 says so"),
			lesson.If(swapped && got.Code != c.want.Code || c.want.Err == nil && got.Err == errCode, "the code was read with its lower byte first; numbers on the wire have the highest byte first"),
			lesson.If(strings.HasSuffix(got.Reason, c.want.Reason) && len(got.Reason) == len(c.want.Reason)+2, "the code was left in the reason, which begins behind it"),
			lesson.If(c.want.Err == nil && got.Err != nil, "a payload was refused that is as it should be"),
			lesson.If(c.want.Err == errCode, "a code that never travels was taken from a Close frame"),
			lesson.If(c.want.Err == errReason, "a reason was taken that is not UTF-8 (RFC 6455 section 8.1)"),
			lesson.If(c.want.Err == errOneByte, "one byte was taken for a code; a code has two"))
	}
}

// longest is a reason that just fits.
var longest = strings.Repeat("x", 123)

// appends are what AppendClose is asked for, and what it answers.
var appends = []struct {
	dst    string
	code   CloseCode
	reason string
	want   string
	err    error
}{
	{"", 1000, "", "03 e8", nil},
	{"", 1001, "bye", "03 e9 62 79 65", nil},
	{"88 05", 4000, "bye", "88 05 0f a0 62 79 65", nil},
	{"", CloseNoStatus, "", "", nil},
	{"88 00", CloseNoStatus, "", "88 00", nil},
	{"", 1000, longest, "03 e8 " + strings.Repeat("78 ", 123), nil},
	{"88 05", 1006, "", "88 05", errCode},
	{"", CloseNoStatus, "bye", "", errCode},
	{"", 999, "", "", errCode},
	{"88 05", 1000, longest + "x", "88 05", errLongReason},
	{"", 1000, strings.Repeat("é", 62), "", errLongReason},
	{"", 1000, "\xff", "", errReason},
}

// codecWorks reports whether IsSendable, ParseClose and AppendClose do what they should.
func codecWorks() (works bool) {
	defer func() { works = recover() == nil && works }()
	for _, c := range payloads {
		code, reason, err := ParseClose(lesson.Hex(c.bytes))
		if err != c.want.Err || err == nil && (code != c.want.Code || reason != c.want.Reason) {
			return false
		}
	}
	for _, c := range appends {
		b, err := AppendClose(lesson.Hex(c.dst), c.code, c.reason)
		if err != c.err || string(b) != string(lesson.Hex(c.want)) {
			return false
		}
	}
	return codesWork()
}

const codecFirst = "IsSendable, ParseClose or AppendClose is not right yet; make their tests pass first"

func TestAppendClose(t *testing.T) {
	defer taskAppend.Catch(t)
	for _, c := range appends {
		dst, want := lesson.Hex(c.dst), lesson.Hex(c.want)
		call := fmt.Sprintf("AppendClose(dst, %d, %q)", uint16(c.code), c.reason)
		if len(c.reason) > 100 {
			call = fmt.Sprintf("AppendClose(dst, %d, a reason of %d bytes)", uint16(c.code), len(c.reason))
		}
		got, err := AppendClose(dst, c.code, c.reason)
		if err != c.err {
			taskAppend.Equal(t, call, struct{ Err error }{err}, struct{ Err error }{c.err},
				lesson.If(!codesWork(), sendableFirst),
				lesson.If(c.err == errLongReason && utf8.RuneCountInString(c.reason) < len(c.reason), "the characters of the reason were counted; the limit is in bytes"),
				lesson.If(c.err == errLongReason, "a reason of 124 bytes was let through; with the code, 125 bytes are the most that a control frame carries"),
				lesson.If(err == errLongReason, "a reason of 123 bytes was refused; with the code, 125 bytes are allowed"),
				lesson.If(c.code == CloseNoStatus && c.err == nil, "1005 was refused; here it asks for a Close frame without a code"),
				lesson.If(c.code == CloseNoStatus, "a reason was sent without a code; there is no room for one without the other"),
				lesson.If(c.err == errCode, "a code was sent that never travels; ask IsSendable"),
				lesson.If(c.err == errReason, "a reason was sent that is not UTF-8 (RFC 6455 section 8.1)"))
		}
		taskAppend.Bytes(t, call, got, want,
			lesson.If(c.code == CloseNoStatus && len(got) > len(dst), "1005 was written; it asks for a Close frame without a code"),
			lesson.If(len(dst) > 0 && (len(got) < len(dst) || string(got[:len(dst)]) != string(dst)), "dst was thrown away; what is new goes behind what dst holds"),
			lesson.If(err != nil, "an error came back, and dst did not come back as it was"),
			lesson.If(len(got) == len(want) && len(want) >= len(dst)+2 && got[len(dst)] == byte(c.code), "the code was written with its lower byte first; numbers on the wire have the highest byte first"),
			lesson.If(len(got) == len(want)-len(c.reason) && c.reason != "", "the reason is missing"))
	}
}

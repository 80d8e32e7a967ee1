// Package closing speaks the end of a WebSocket connection (RFC 6455 sections 5.5.1 and
// 7): what a Close frame carries, what may be sent when, and how the end is reported.
package closing

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"
)

// CloseCode says why a connection ends (RFC 6455 section 7.4).
type CloseCode uint16

// Some close codes.
const (
	CloseNormal        CloseCode = 1000 // the purpose was fulfilled
	CloseGoingAway     CloseCode = 1001 // a server shuts down, a page is left
	CloseProtocolError CloseCode = 1002 // a rule of the protocol was broken
	CloseNoStatus      CloseCode = 1005 // never sent: a Close frame without a code came
	CloseAbnormal      CloseCode = 1006 // never sent: no Close frame came at all
)

// String returns the number and, for some codes, a name: "1000 normal closure".
func (c CloseCode) String() string {
	names := map[CloseCode]string{
		CloseNormal: " normal closure", CloseGoingAway: " going away", CloseProtocolError: " protocol error",
		CloseNoStatus: " no status received", CloseAbnormal: " abnormal closure",
	}
	return fmt.Sprintf("%d%s", uint16(c), names[c])
}

// IsSendable reports whether c may travel in a Close frame: 1000 to 1003, 1007 to 1014,
// and 3000 to 4999.
func (c CloseCode) IsSendable() bool {
	// lesson:begin IsSendable
	return c >= 1000 && c <= 1003 || c >= 1007 && c <= 1014 || c >= 3000 && c <= 4999
	// lesson:end
}

// What can be wrong with the payload of a Close frame.
var (
	errOneByte    = errors.New("a Close frame carries one byte; it must carry none, or a code of two bytes and a reason")
	errCode       = errors.New("the close code must not be in a Close frame")
	errReason     = errors.New("the reason is not valid UTF-8")
	errLongReason = errors.New("the reason is longer than 123 bytes")
)

// ParseClose takes the payload of a Close frame apart, without its mask. An empty one is
// legal, and its code is CloseNoStatus. The error is errOneByte, errCode if the code is
// not sendable, errReason, or nil. Beside an error, the other results mean nothing.
func ParseClose(payload []byte) (CloseCode, string, error) {
	// lesson:begin ParseClose
	if len(payload) == 0 {
		return CloseNoStatus, "", nil
	}
	if len(payload) == 1 {
		return 0, "", errOneByte
	}
	code := CloseCode(binary.BigEndian.Uint16(payload))
	if !code.IsSendable() {
		return 0, "", errCode
	}
	if !utf8.Valid(payload[2:]) {
		return 0, "", errReason
	}
	return code, string(payload[2:]), nil
	// lesson:end
}

// AppendClose appends the payload of a Close frame to dst and returns the longer slice.
// CloseNoStatus with an empty reason appends nothing. The error is errCode if the code is
// not sendable, errLongReason if the payload would be longer than 125 bytes, or
// errReason, and of several that apply, any; dst comes back as it was then.
func AppendClose(dst []byte, code CloseCode, reason string) ([]byte, error) {
	// lesson:begin AppendClose
	if code == CloseNoStatus && reason == "" {
		return dst, nil
	}
	if !code.IsSendable() {
		return dst, errCode
	}
	if len(reason) > 123 {
		return dst, errLongReason
	}
	if !utf8.ValidString(reason) {
		return dst, errReason
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(code))
	return append(dst, reason...), nil
	// lesson:end
}

package frames

import (
	"encoding/binary"
	"strconv"
	"unicode/utf8"
)

// CloseCode says why a connection ends (RFC 6455 section 7.4).
type CloseCode uint16

// The close codes of RFC 6455 section 7.4.1, and 1012 to 1014, which were
// registered later.
const (
	CloseNormal             CloseCode = 1000 // the purpose was fulfilled
	CloseGoingAway          CloseCode = 1001 // a server shuts down, a page is left
	CloseProtocolError      CloseCode = 1002 // a rule of the protocol was broken
	CloseUnsupportedData    CloseCode = 1003 // a type of message that is not accepted
	CloseNoStatus           CloseCode = 1005 // never sent: a Close frame without a code came
	CloseAbnormal           CloseCode = 1006 // never sent: no Close frame came at all
	CloseInvalidPayload     CloseCode = 1007 // text that is not UTF-8
	ClosePolicyViolation    CloseCode = 1008 // a rule of the application, or no fitting code
	CloseTooBig             CloseCode = 1009 // a message too large to process
	CloseMandatoryExtension CloseCode = 1010 // the server did not agree to an extension
	CloseInternalError      CloseCode = 1011 // something unexpected happened at the server
	CloseServiceRestart     CloseCode = 1012 // the service restarts: come back later
	CloseTryAgainLater      CloseCode = 1013 // the service is overloaded
	CloseBadGateway         CloseCode = 1014 // a gateway got a bad answer from behind it
	CloseTLSHandshake       CloseCode = 1015 // never sent: the TLS handshake failed
	closeFirstPrivate       CloseCode = 3000
	closeLastPrivate        CloseCode = 4999
	maxCloseReason                    = MaxControlPayload - 2
)

// IsSendable reports whether c may travel in a Close frame: 1000 to 1003, 1007
// to 1014, and 3000 to 4999. 1005, 1006 and 1015 only describe what happened;
// the others are not assigned (RFC 6455 sections 7.4.1 and 7.4.2).
func (c CloseCode) IsSendable() bool {
	return c >= CloseNormal && c <= CloseUnsupportedData ||
		c >= CloseInvalidPayload && c <= CloseBadGateway ||
		c >= closeFirstPrivate && c <= closeLastPrivate
}

// String returns the number and, for a code the RFC or its registry names, the
// name: "1001 going away".
func (c CloseCode) String() string {
	s := strconv.Itoa(int(c))
	if name := c.name(); name != "" {
		s += " " + name
	}
	return s
}

func (c CloseCode) name() string {
	switch c {
	case CloseNormal:
		return "normal closure"
	case CloseGoingAway:
		return "going away"
	case CloseProtocolError:
		return "protocol error"
	case CloseUnsupportedData:
		return "unsupported data"
	case CloseNoStatus:
		return "no status received"
	case CloseAbnormal:
		return "abnormal closure"
	case CloseInvalidPayload:
		return "invalid payload data"
	case ClosePolicyViolation:
		return "policy violation"
	case CloseTooBig:
		return "message too big"
	case CloseMandatoryExtension:
		return "mandatory extension"
	case CloseInternalError:
		return "internal error"
	case CloseServiceRestart:
		return "service restart"
	case CloseTryAgainLater:
		return "try again later"
	case CloseBadGateway:
		return "bad gateway"
	case CloseTLSHandshake:
		return "TLS handshake"
	}
	return ""
}

// ParseClose decodes the unmasked payload of a Close frame. An empty payload
// is legal and gives [CloseNoStatus]. One byte alone (6455-5.5.1-1), a code
// that may not travel (6455-7.4.1-1 to -3, 6455-7.4.2-1) and a reason that is
// not UTF-8 (6455-8.1-1) are an [*Error]. That a control frame carries 125
// bytes at most is for [State.Check] to see, before the payload is there.
func ParseClose(payload []byte) (CloseCode, string, error) {
	switch len(payload) {
	case 0:
		return CloseNoStatus, "", nil
	case 1:
		return 0, "", broken("6455-5.5.1-1", CloseProtocolError,
			"a Close frame carries 1 byte; it must carry none, or a code of 2 bytes and a reason")
	}
	code := CloseCode(binary.BigEndian.Uint16(payload))
	if !code.IsSendable() {
		return code, "", errCloseCode(code, CloseProtocolError)
	}
	reason := payload[2:]
	if !utf8.Valid(reason) {
		return code, "", broken("6455-8.1-1", CloseInvalidPayload,
			"the reason in a Close frame is not valid UTF-8")
	}
	return code, string(reason), nil
}

// AppendClose appends the payload of a Close frame to dst: the code and the
// reason. [CloseNoStatus] with an empty reason appends nothing, which makes an
// empty Close frame. A code that may not travel, a reason of more than 123
// bytes or one that is not UTF-8 is an [*Error], and dst comes back as it was.
func AppendClose(dst []byte, code CloseCode, reason string) ([]byte, error) {
	switch {
	case code == CloseNoStatus && reason == "":
		return dst, nil
	case !code.IsSendable():
		return dst, errCloseCode(code, 0)
	case len(reason) > maxCloseReason:
		return dst, broken("6455-5.5-1", 0,
			"a close reason of %d bytes does not fit; %d is the most", len(reason), maxCloseReason)
	case !utf8.ValidString(reason):
		return dst, broken("6455-8.1-1", 0, "a close reason must be valid UTF-8")
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(code))
	return append(dst, reason...), nil
}

func errCloseCode(code, answer CloseCode) error {
	rule := "6455-7.4.2-1"
	switch code {
	case CloseNoStatus:
		rule = "6455-7.4.1-1"
	case CloseAbnormal:
		rule = "6455-7.4.1-2"
	case CloseTLSHandshake:
		rule = "6455-7.4.1-3"
	}
	return broken(rule, answer, "close code %v must not be in a Close frame", code)
}

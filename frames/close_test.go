package frames

import (
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mayTravel is section 7.4 of RFC 6455 and the registry as a list.
func mayTravel(code int) bool {
	switch code {
	case 1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014:
		return true
	}
	return 3000 <= code && code <= 4999
}

// codeRule is the rule that a code which must not travel breaks.
func codeRule(code int) string {
	switch code {
	case 1005:
		return "6455-7.4.1-1"
	case 1006:
		return "6455-7.4.1-2"
	case 1015:
		return "6455-7.4.1-3"
	}
	return "6455-7.4.2-1"
}

func TestCloseEveryCode(t *testing.T) {
	// Each rule proves its own codes: 1005, 1006, 1015, and all the rest.
	for _, rule := range []string{"6455-7.4.1-1", "6455-7.4.1-2", "6455-7.4.1-3", "6455-7.4.2-1"} {
		t.Run(rule+" codes that may travel and codes that must not", func(t *testing.T) {
			for c := range 1 << 16 {
				if codeRule(c) != rule {
					continue
				}
				code := CloseCode(c)
				payload := binary.BigEndian.AppendUint16(nil, uint16(c))
				got, reason, err := ParseClose(payload)
				sent, sendErr := AppendClose(nil, code, "")
				require.Equal(t, mayTravel(c), code.IsSendable(), "%d", c)
				require.Equal(t, code, got, "the code is told in any case")
				require.Empty(t, reason)
				switch {
				case mayTravel(c):
					require.NoError(t, err, "%d", c)
					require.NoError(t, sendErr, "%d", c)
					require.Equal(t, payload, sent)
				case code == CloseNoStatus:
					requireRule(t, err, rule, CloseProtocolError)
					require.NoError(t, sendErr, "1005 without a reason means an empty Close frame")
					require.Empty(t, sent)
				default:
					requireRule(t, err, rule, CloseProtocolError)
					requireRule(t, sendErr, rule, 0)
					require.Empty(t, sent)
				}
			}
		})
	}
}

func TestParseClose(t *testing.T) {
	t.Run("6455-7.1.5-1 empty means no status", func(t *testing.T) {
		code, reason, err := ParseClose(nil)
		require.NoError(t, err)
		assert.Equal(t, CloseNoStatus, code)
		assert.Empty(t, reason)
	})
	t.Run("6455-5.5.1-1 one byte is half a code", func(t *testing.T) {
		_, _, err := ParseClose(wire(t, "03"))
		requireRule(t, err, "6455-5.5.1-1", CloseProtocolError)
	})
	t.Run("6455-7.1.6-1 a reason, in any script", func(t *testing.T) {
		code, reason, err := ParseClose(append(wire(t, "03 e9"), "再见, bye"...))
		require.NoError(t, err)
		assert.Equal(t, CloseGoingAway, code)
		assert.Equal(t, "再见, bye", reason)
	})
	t.Run("6455-8.1-1 a reason that is not UTF-8", func(t *testing.T) {
		for _, bad := range []string{"\xff", "ok\xc3", "\xed\xa0\x80"} {
			code, reason, err := ParseClose(append(wire(t, "03 e8"), bad...))
			requireRule(t, err, "6455-8.1-1", CloseInvalidPayload)
			assert.Equal(t, CloseNormal, code)
			assert.Empty(t, reason)
		}
	})
	t.Run("6455-7.4.2-1 a bad code is told before a bad reason", func(t *testing.T) {
		_, _, err := ParseClose(wire(t, "00 00 ff"))
		requireRule(t, err, "6455-7.4.2-1", CloseProtocolError)
	})
}

func TestCloseReasonLengths(t *testing.T) {
	t.Run("6455-5.5-1 123 bytes of reason fit, 124 do not", func(t *testing.T) {
		for n := range 125 {
			reason := strings.Repeat("r", n)
			payload, err := AppendClose([]byte{0xaa}, CloseNormal, reason)
			if n > 123 {
				requireRule(t, err, "6455-5.5-1", 0)
				assert.Equal(t, wire(t, "aa"), payload, "dst comes back as it was")
				continue
			}
			require.NoError(t, err)
			require.Equal(t, "\xaa\x03\xe8"+reason, string(payload))
			require.LessOrEqual(t, len(payload)-1, MaxControlPayload)
			code, got, err := ParseClose(payload[1:])
			require.NoError(t, err)
			require.Equal(t, CloseNormal, code)
			require.Equal(t, reason, got)
		}
	})
	t.Run("6455-8.1-1 a reason to send must be UTF-8", func(t *testing.T) {
		dst, err := AppendClose(nil, CloseNormal, "\xff")
		requireRule(t, err, "6455-8.1-1", 0)
		assert.Empty(t, dst)
	})
	t.Run("6455-7.4.1-1 no status cannot have a reason", func(t *testing.T) {
		_, err := AppendClose(nil, CloseNoStatus, "why")
		requireRule(t, err, "6455-7.4.1-1", 0)
	})
}

func TestCloseCodeString(t *testing.T) {
	for code, want := range map[CloseCode]string{
		0:                       "0",
		CloseNormal:             "1000 normal closure",
		CloseGoingAway:          "1001 going away",
		CloseProtocolError:      "1002 protocol error",
		CloseUnsupportedData:    "1003 unsupported data",
		1004:                    "1004",
		CloseNoStatus:           "1005 no status received",
		CloseAbnormal:           "1006 abnormal closure",
		CloseInvalidPayload:     "1007 invalid payload data",
		ClosePolicyViolation:    "1008 policy violation",
		CloseTooBig:             "1009 message too big",
		CloseMandatoryExtension: "1010 mandatory extension",
		CloseInternalError:      "1011 internal error",
		CloseServiceRestart:     "1012 service restart",
		CloseTryAgainLater:      "1013 try again later",
		CloseBadGateway:         "1014 bad gateway",
		CloseTLSHandshake:       "1015 TLS handshake",
		3000:                    "3000",
		4999:                    "4999",
	} {
		assert.Equal(t, want, code.String())
	}
}

func FuzzClose(f *testing.F) {
	for _, s := range []string{"", "03", "03 e8", "03 e8 62 79 65", "03 ed", "0f a0 ff", "03 e8 c3"} {
		f.Add(wire(f, s))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		code, reason, err := ParseClose(payload)
		if err != nil {
			require.True(t, len(payload) == 1 || !code.IsSendable() || !utf8.Valid(payload[2:]))
			return
		}
		if len(payload) > MaxControlPayload {
			return // for State.Check to refuse
		}
		again, err := AppendClose(nil, code, reason)
		require.NoError(t, err)
		require.Equal(t, string(payload), string(again))
	})
}

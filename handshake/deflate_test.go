package handshake_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/handshake"
)

// parseExtensions reads a list that has to be well formed; "" is none.
func parseExtensions(t testing.TB, value string) []handshake.Extension {
	t.Helper()
	if value == "" {
		return nil
	}
	list, err := handshake.ParseExtensions([]string{value})
	require.NoError(t, err)
	return list
}

func TestDeflateOffer(t *testing.T) {
	for _, tt := range []struct {
		deflate handshake.Deflate
		want    string
	}{
		{handshake.Deflate{}, "permessage-deflate; client_max_window_bits"},
		{handshake.Deflate{ClientMaxWindowBits: 10}, "permessage-deflate; client_max_window_bits=10"},
		{handshake.Deflate{ServerNoContextTakeover: true, ClientNoContextTakeover: true, ServerMaxWindowBits: 8, ClientMaxWindowBits: 15},
			"permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=8; client_max_window_bits=15"},
	} {
		assert.Equal(t, tt.want, tt.deflate.Offer().String(), "7692-5-1")
	}
}

func TestDeflateAnswer(t *testing.T) {
	const name = "permessage-deflate"
	strict := handshake.Deflate{ServerNoContextTakeover: true, ClientNoContextTakeover: true}
	for _, tt := range []struct {
		name  string
		ours  handshake.Deflate
		offer string
		want  string // "" if it is declined
	}{
		{"nothing offered", handshake.Deflate{}, "", ""},
		{"something else offered", handshake.Deflate{}, "x-webkit-deflate-frame", ""},
		{"7692-5-2 a plain offer", handshake.Deflate{}, name, name},
		{"6455-4.1-41 names keep their case", handshake.Deflate{}, "Permessage-Deflate", ""},
		{"7692-7.1.1.1-1 server_no_context_takeover is repeated", handshake.Deflate{}, name + "; server_no_context_takeover", name + "; server_no_context_takeover"},
		{"7692-7.1.1.1-1 and may be added unasked", strict, name, name + "; server_no_context_takeover; client_no_context_takeover"},
		{"client_no_context_takeover", handshake.Deflate{}, name + "; client_no_context_takeover", name + "; client_no_context_takeover"},
		{"7692-7.1.2.1-1 the same window", handshake.Deflate{}, name + "; server_max_window_bits=10", name + "; server_max_window_bits=10"},
		{"7692-7.1.2.1-1 the largest window too", handshake.Deflate{}, name + "; server_max_window_bits=15", name + "; server_max_window_bits=15"},
		{"7692-7.1.2.1-1 a smaller window", handshake.Deflate{ServerMaxWindowBits: 9}, name + "; server_max_window_bits=10", name + "; server_max_window_bits=9"},
		{"7692-7.1.2.1-1 not a larger one", handshake.Deflate{ServerMaxWindowBits: 12}, name + "; server_max_window_bits=10", name + "; server_max_window_bits=10"},
		{"7692-7.1.2.1-1 a window unasked", handshake.Deflate{ServerMaxWindowBits: 9}, name, name + "; server_max_window_bits=9"},
		{"7692-7.1.2.2-2 client_max_window_bits without a value", handshake.Deflate{}, name + "; client_max_window_bits", name},
		{"7692-7.1.2.2-2 and a limit for the client", handshake.Deflate{ClientMaxWindowBits: 9}, name + "; client_max_window_bits", name + "; client_max_window_bits=9"},
		{"client_max_window_bits with a value", handshake.Deflate{}, name + "; client_max_window_bits=10", name + "; client_max_window_bits=10"},
		{"7692-7.1.2.2-1 a client that cannot be limited, and need not be", handshake.Deflate{}, name, name},
		{"7692-7.1.2.2-1 a client that cannot be limited, and should be", handshake.Deflate{ClientMaxWindowBits: 9}, name, ""},
		{"a quoted value", handshake.Deflate{}, name + `; server_max_window_bits="10"`, name + "; server_max_window_bits=10"},
		{"every parameter", strict, name + "; client_max_window_bits=11; server_max_window_bits=12; client_no_context_takeover; server_no_context_takeover",
			name + "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12; client_max_window_bits=11"},
		{"7692-7-1 an unknown parameter", handshake.Deflate{}, name + "; x", ""},
		{"7692-7-1 a parameter with the wrong case", handshake.Deflate{}, name + "; Server_No_Context_Takeover", ""},
		{"7692-7-2 a window too small", handshake.Deflate{}, name + "; server_max_window_bits=7", ""},
		{"7692-7-2 a window too large", handshake.Deflate{}, name + "; client_max_window_bits=16", ""},
		{"7692-7-2 a leading zero", handshake.Deflate{}, name + "; server_max_window_bits=08", ""},
		{"7692-7-2 a sign", handshake.Deflate{}, name + "; client_max_window_bits=+9", ""},
		{"7692-7-2 no number", handshake.Deflate{}, name + "; server_max_window_bits=ten", ""},
		{"7692-7-2 a huge number", handshake.Deflate{}, name + "; server_max_window_bits=18446744073709551626", ""},
		{"7692-7-2 no value", handshake.Deflate{}, name + "; server_max_window_bits", ""},
		{"7692-7-2 a value where none belongs", handshake.Deflate{}, name + "; server_no_context_takeover=1", ""},
		{"7692-7-2 a value where none belongs", handshake.Deflate{}, name + "; client_no_context_takeover=true", ""},
		{"7692-7-3 a parameter twice", handshake.Deflate{}, name + "; client_max_window_bits; client_max_window_bits=9", ""},
		{"7692-7-3 a parameter without a value twice", handshake.Deflate{}, name + "; server_no_context_takeover; server_no_context_takeover", ""},
		{"7692-5-1 the first of several", handshake.Deflate{}, name + "; server_max_window_bits=10, " + name, name + "; server_max_window_bits=10"},
		{"7692-5-1 the first that can be accepted", handshake.Deflate{}, "x, " + name + "; y, " + name + "; server_max_window_bits=10, " + name, name + "; server_max_window_bits=10"},
		{"7692-7-4 the first that suits the server", handshake.Deflate{ClientMaxWindowBits: 9}, name + ", " + name + "; client_max_window_bits", name + "; client_max_window_bits=9"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			agreed, answer, ok := tt.ours.Answer(parseExtensions(t, tt.offer))
			require.Equal(t, tt.want != "", ok)
			if !ok {
				assert.Zero(t, agreed)
				return
			}
			assert.Equal(t, tt.want, answer.String())
			client, ok, err := handshake.Deflate{}.Agreed([]handshake.Extension{answer})
			require.NoError(t, err)
			require.True(t, ok)
			assert.Equal(t, agreed, client, "both sides know the same")
		})
	}
}

func TestDeflateAgreed(t *testing.T) {
	const name = "permessage-deflate"
	type deflate = handshake.Deflate
	for _, tt := range []struct {
		name   string
		offer  deflate
		answer string
		want   deflate
		ok     bool
		rule   string
	}{
		{"no answer", deflate{}, "", deflate{}, false, ""},
		{"another extension", deflate{}, "x", deflate{}, false, ""},
		{"a plain answer", deflate{}, name, deflate{}, true, ""},
		{"7692-7.1.1.2-1 unasked promises and limits", deflate{}, name + "; client_no_context_takeover; server_no_context_takeover; client_max_window_bits=9; server_max_window_bits=8",
			deflate{true, true, 8, 9}, true, ""},
		{"a smaller window of the server", deflate{ServerMaxWindowBits: 12}, name + "; server_max_window_bits=10", deflate{ServerMaxWindowBits: 10}, true, ""},
		{"what the client promised by itself holds", deflate{ClientNoContextTakeover: true, ClientMaxWindowBits: 10}, name,
			deflate{ClientNoContextTakeover: true, ClientMaxWindowBits: 10}, true, ""},
		{"a limit of the server above the client's own", deflate{ClientMaxWindowBits: 10}, name + "; client_max_window_bits=12", deflate{ClientMaxWindowBits: 10}, true, ""},
		{"a limit of the server below the client's own", deflate{ClientMaxWindowBits: 10}, name + "; client_max_window_bits=9", deflate{ClientMaxWindowBits: 9}, true, ""},
		{"7692-7-5 an unknown parameter", deflate{}, name + "; x", deflate{}, false, "7692-7-5"},
		{"7692-7-6 a window too large", deflate{}, name + "; server_max_window_bits=16", deflate{}, false, "7692-7-6"},
		{"7692-7-6 a leading zero", deflate{}, name + "; client_max_window_bits=09", deflate{}, false, "7692-7-6"},
		{"7692-7-6 client_max_window_bits without a value", deflate{}, name + "; client_max_window_bits", deflate{}, false, "7692-7-6"},
		{"7692-7-6 server_max_window_bits without a value", deflate{}, name + "; server_max_window_bits", deflate{}, false, "7692-7-6"},
		{"7692-7-6 a value where none belongs", deflate{}, name + "; server_no_context_takeover=1", deflate{}, false, "7692-7-6"},
		{"7692-7-7 a parameter twice", deflate{}, name + "; server_no_context_takeover; server_no_context_takeover", deflate{}, false, "7692-7-7"},
		{"7692-7.1.2.1-2 a larger window than offered", deflate{ServerMaxWindowBits: 10}, name + "; server_max_window_bits=11", deflate{}, false, "7692-7.1.2.1-2"},
		{"7692-7-8 no window, where one was offered", deflate{ServerMaxWindowBits: 10}, name, deflate{}, false, "7692-7-8"},
		{"7692-7-8 no promise, where one was asked for", deflate{ServerNoContextTakeover: true}, name, deflate{}, false, "7692-7-8"},
		{"7692-5.1-2 twice", deflate{}, name + ", " + name, deflate{}, false, "7692-5.1-2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, ok, err := tt.offer.Agreed(parseExtensions(t, tt.answer))
			if tt.rule != "" {
				requireRule(t, err, tt.rule, 0)
			} else {
				require.NoError(t, err)
			}
			assert.Equal(t, tt.ok, ok)
			assert.Equal(t, tt.want, got)
		})
	}
}

// Whatever a client offers, the answer is one that this client can accept, and
// both then know the same.
func FuzzDeflate(f *testing.F) {
	f.Add("permessage-deflate; client_max_window_bits; server_max_window_bits=10", true, false, uint8(9), uint8(0))
	f.Add("permessage-deflate; server_no_context_takeover, permessage-deflate", false, true, uint8(0), uint8(12))
	f.Add(`permessage-deflate; client_max_window_bits="15"; client_no_context_takeover`, false, false, uint8(15), uint8(8))
	f.Fuzz(func(t *testing.T, offers string, server, client bool, serverBits, clientBits uint8) {
		offered, err := handshake.ParseExtensions([]string{offers})
		if err != nil {
			return
		}
		ours := handshake.Deflate{ServerNoContextTakeover: server, ClientNoContextTakeover: client}
		if serverBits > 0 {
			ours.ServerMaxWindowBits = 8 + int(serverBits%8)
		}
		if clientBits > 0 {
			ours.ClientMaxWindowBits = 8 + int(clientBits%8)
		}
		agreed, answer, ok := ours.Answer(offered)
		if !ok {
			return
		}
		read, ok, err := handshake.Deflate{}.Agreed(parseExtensions(t, answer.String()))
		require.NoError(t, err)
		require.True(t, ok)
		assert.Equal(t, agreed, read)
		assert.True(t, agreed.ServerNoContextTakeover || !server)
		assert.True(t, agreed.ClientNoContextTakeover || !client)
		if most := ours.ServerMaxWindowBits; most != 0 {
			assert.LessOrEqual(t, agreed.ServerMaxWindowBits, most)
			assert.NotZero(t, agreed.ServerMaxWindowBits)
		}
		if most := ours.ClientMaxWindowBits; most != 0 && most != handshake.MaxWindowBits {
			assert.LessOrEqual(t, agreed.ClientMaxWindowBits, most)
			assert.NotZero(t, agreed.ClientMaxWindowBits)
		}
	})
}

package handshake_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/handshake"
)

func TestParseExtensions(t *testing.T) {
	type exts = []handshake.Extension
	type params = []handshake.Param
	deflate := exts{{Name: "permessage-deflate"}}
	for _, tt := range []struct {
		name   string
		values []string
		want   exts
	}{
		{"no field", nil, nil},
		{"a name", []string{"permessage-deflate"}, deflate},
		{"a name in white space", []string{" \tpermessage-deflate\t "}, deflate},
		{"parameters with and without a value", []string{"permessage-deflate; client_max_window_bits; server_max_window_bits=10"},
			exts{{"permessage-deflate", params{{"client_max_window_bits", ""}, {"server_max_window_bits", "10"}}}}},
		{"6455-4.3-1 a quoted value loses its quotes", []string{`a; b="10"`}, exts{{"a", params{{"b", "10"}}}}},
		{"6455-4.3-1 a quoted value loses its backslashes", []string{`a; b="\1\0"`}, exts{{"a", params{{"b", "10"}}}}},
		{"white space around every sign", []string{"a ;\tb = c , d ; e = \"f\" "}, exts{{"a", params{{"b", "c"}}}, {"d", params{{"e", "f"}}}}},
		{"6455-9.1-6 order is kept", []string{"c, a, b"}, exts{{Name: "c"}, {Name: "a"}, {Name: "b"}}},
		{"several fields are one list", []string{"a", "b; c"}, exts{{Name: "a"}, {"b", params{{"c", ""}}}}},
		{"one name twice, as two offers", []string{"a; x=1, a"}, exts{{"a", params{{"x", "1"}}}, {Name: "a"}}},
		{"every sign of a token", []string{"!#$%&'*+-.^_`|~09azAZ"}, exts{{Name: "!#$%&'*+-.^_`|~09azAZ"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := handshake.ParseExtensions(tt.values)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestParseExtensionsRefuses(t *testing.T) {
	for _, tt := range []struct{ name, value, rule, sentence string }{
		{"6455-9.1-1 an empty field", "", "6455-9.1-1", "ends where the name of an extension"},
		{"6455-9.1-1 an empty element", "a,,b", "6455-9.1-1", `has ",b" where the name of an extension`},
		{"6455-9.1-1 a comma at the end", "a,", "6455-9.1-1", "ends where the name of an extension"},
		{"6455-9.1-1 a comma at the start", ",a", "6455-9.1-1", "the name of an extension"},
		{"6455-9.1-1 a name that is no token", "a/b", "6455-9.1-1", `has "/b" where a comma, a semicolon or the end`},
		{"6455-9.1-1 two names without a comma", "a b", "6455-9.1-1", `has "b" where a comma`},
		{"6455-9.1-1 a quoted name", `"a"`, "6455-9.1-1", "the name of an extension"},
		{"6455-9.1-1 bytes outside ASCII", "\xff", "6455-9.1-1", "the name of an extension"},
		{"6455-9.1-1 an empty parameter", "a;", "6455-9.1-1", "ends where the name of a parameter"},
		{"6455-9.1-1 an empty parameter in the middle", "a;;b", "6455-9.1-1", "the name of a parameter"},
		{"6455-9.1-1 a value without a name", "a; =b", "6455-9.1-1", "the name of a parameter"},
		{"6455-9.1-1 an equals sign without a value", "a; b=", "6455-9.1-1", "ends where a value"},
		{"6455-9.1-1 two equals signs", "a; b==c", "6455-9.1-1", "where a value"},
		{"6455-9.1-1 two values", "a; b=c d", "6455-9.1-1", `has "d" where a comma`},
		{"6455-9.1-1 an open quote", `a; b="c`, "6455-9.1-1", "ends where a closing quote"},
		{"6455-9.1-1 an open quote with a backslash", `a; b="c\`, "6455-9.1-1", "ends where a closing quote"},
		{"6455-9.1-1 an escaped closing quote", `a; b="c\"`, "6455-9.1-1", "ends where a closing quote"},
		{"6455-9.1-1 something behind the quote", `a; b="c"d`, "6455-9.1-1", `has "d" where a comma`},
		{"6455-9.1-2 an empty quoted value", `a; b=""`, "6455-4.3-1", "it must be a token"},
		{"6455-9.1-2 a quoted space", `a; b="c d"`, "6455-4.3-1", "it must be a token"},
		{"6455-4.3-1 a quoted comma", `a; b="c,d"`, "6455-4.3-1", "it must be a token"},
		{"6455-4.3-1 a quoted quote", `a; b="\""`, "6455-4.3-1", "it must be a token"},
		{"6455-9.1-1 32 extensions behind another", strings.Repeat("a,", 31) + "a", "6455-9.1-1", "more than 32 extensions"},
		{"6455-9.1-1 33 parameters", "a" + strings.Repeat(";b", 33), "6455-9.1-1", `gives "a" more than 32 parameters`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := handshake.ParseExtensions([]string{"ok", tt.value})
			assert.Nil(t, got)
			known := requireRule(t, err, tt.rule, 400)
			assert.Contains(t, known.Text, tt.sentence)
		})
	}
}

func TestParseExtensionsTakesAsManyAsItSays(t *testing.T) {
	got, err := handshake.ParseExtensions([]string{strings.Repeat("a,", 31) + "a"})
	require.NoError(t, err)
	assert.Len(t, got, 32)
	got, err = handshake.ParseExtensions([]string{"a" + strings.Repeat(";b", 32)})
	require.NoError(t, err)
	assert.Len(t, got[0].Params, 32)
}

func TestFormatExtensions(t *testing.T) {
	list := []handshake.Extension{
		{Name: "permessage-deflate", Params: []handshake.Param{{"client_max_window_bits", ""}, {"server_max_window_bits", "10"}}},
		{Name: "x-other"},
	}
	want := "permessage-deflate; client_max_window_bits; server_max_window_bits=10, x-other"
	assert.Equal(t, want, handshake.FormatExtensions(list))
	assert.Equal(t, "x-other", fmt.Sprint(list[1]))
	assert.Empty(t, handshake.FormatExtensions(nil))

	back, err := handshake.ParseExtensions([]string{want})
	require.NoError(t, err)
	assert.Equal(t, list, back)
}

package vote

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/site"
)

func TestBallotTakesANumberOrANumericString(t *testing.T) {
	for body, want := range map[string]int64{
		`{"uid": 1}`:                        1,
		`{"uid":"1"}`:                       1,
		"\n\t{ \"uid\" : 2 }\r\n":           2,
		`{"uid":"\u0031"}`:                  1,
		`{"uid":9007199254740991}`:          MaxUID,
		`{"name":{"uid":3},"uid":1,"x":[]}`: 1,
		`{"UID":3,"uid":1}`:                 1,
	} {
		got, err := ParseBallot([]byte(body))
		require.NoError(t, err, body)
		assert.Equal(t, want, got, body)
	}
}

func TestBallotThatIsAnythingElseIsRefused(t *testing.T) {
	for _, body := range []string{
		``, ` `, `1`, `"1"`, `null`, `true`, `[]`, `[{"uid":1}]`, `{}`, `{"UID":1}`, `{"uid"}`, `{"uid":}`, `{"uid":1`,
		`{"uid":1}}`, `{"uid":1} x`, `{"uid":1}{"uid":1}`, `{"uid":1,}`, `{"uid":1,"uid":2}`, `{"uid":1,"uid":1}`, `uid=1`,
		`{"uid":null}`, `{"uid":true}`, `{"uid":[1]}`, `{"uid":{"uid":1}}`,
		`{"uid":1.5}`, `{"uid":1.0}`, `{"uid":1e0}`, `{"uid":1E0}`, `{"uid":-1}`, `{"uid":0}`, `{"uid":01}`, `{"uid":+1}`,
		`{"uid":""}`, `{"uid":" 1"}`, `{"uid":"1 "}`, `{"uid":"01"}`, `{"uid":"1.0"}`, `{"uid":"1e0"}`, `{"uid":"-1"}`, `{"uid":"+1"}`,
		`{"uid":"0x1"}`, `{"uid":"1_0"}`, `{"uid":"１"}`, `{"uid":"one"}`, `{'uid':1}`, `{"uid":NaN}`,
		`{"uid":9007199254740992}`, `{"uid":"9223372036854775808"}`, `{"uid":1` + strings.Repeat("0", 900) + `}`,
		strings.Repeat("[", 1000), `{"uid":` + strings.Repeat("[", 1000),
	} {
		_, err := ParseBallot([]byte(body))
		var refusal *site.Refusal
		require.ErrorAs(t, err, &refusal, "%q", body)
		assert.Equal(t, 400, refusal.Status, "%q", body)
		assert.Regexp(t, `^[A-Z][^\n]*\.$`, refusal.Error(), "one sentence")
	}
}

func FuzzParseBallot(f *testing.F) {
	f.Add([]byte(`{"uid": 1}`))
	f.Add([]byte(`{"uid":"1"} `))
	f.Fuzz(func(t *testing.T, body []byte) {
		uid, err := ParseBallot(body)
		if err == nil {
			assert.True(t, uid >= 1 && uid <= MaxUID)
		} else {
			assert.Zero(t, uid)
		}
	})
}

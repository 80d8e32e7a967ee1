package negotiation

import (
	"fmt"
	"strings"
	"testing"

	"example.com/ws101/lessons/internal/lesson"
)

var (
	taskSubprotocols = lesson.Task{Chapter: 22, Name: "Subprotocols", Section: "RFC 6455 section 11.3.4"}
	taskChoose       = lesson.Task{Chapter: 22, Name: "ChooseSubprotocol", Section: "RFC 6455 section 4.2.2"}
	taskChosen       = lesson.Task{Chapter: 22, Name: "Chosen", Section: "RFC 6455 section 4.1"}
)

// names is a list as a failure shows it.
type names []string

func (n names) String() string {
	if len(n) > 8 {
		return fmt.Sprintf("%d names", len(n))
	}
	return fmt.Sprintf("%q", []string(n))
}

// many returns a list of n different names.
func many(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprint("p", i)
	}
	return strings.Join(list, ",")
}

func TestSubprotocols(t *testing.T) {
	defer taskSubprotocols.Catch(t)
	const (
		token = "a name was taken that is no token; it may be empty, or have something in it that a token has not"
		split = "the names stand between commas, and white space around them is no part of them"
	)
	for _, c := range []struct {
		values names
		want   names
		err    error
		looks  string
	}{
		{nil, nil, nil, "no field is no offer, and no error"},
		{names{"chat"}, names{"chat"}, nil, ""},
		{names{"chat.v2, chat.v1"}, names{"chat.v2", "chat.v1"}, nil, split},
		{names{"a,b \t,\tc"}, names{"a", "b", "c"}, nil, split},
		{names{"a, b", "c"}, names{"a", "b", "c"}, nil, "several fields are one list"},
		{names{"chat, Chat"}, names{"chat", "Chat"}, nil, "names are compared with their case; these are two"},
		{names{"b, a"}, names{"b", "a"}, nil, "the order is the client's, and says what it likes best"},
		{names{""}, nil, errName, token},
		{names{"a,,b"}, nil, errName, token},
		{names{"a,"}, nil, errName, token},
		{names{"a b"}, nil, errName, token},
		{names{"a/b"}, nil, errName, token},
		{names{`"a"`}, nil, errName, token},
		{names{"é"}, nil, errName, token},
		{names{"a, b, a"}, nil, errTwice, "a name stands there twice"},
		{names{"a", "a"}, nil, errTwice, "a name stands there twice, in two fields"},
		{names{many(64)}, strings.Split(many(64), ","), nil, "64 are allowed"},
		{names{many(65)}, nil, errTooMany, "more than 64 were taken; each new name is compared with all before it, so there has to be an end"},
	} {
		got, err := Subprotocols(c.values)
		type list struct {
			Names names
			Err   error
		}
		if len(got) == 0 && err == nil {
			got = c.want[:0]
		}
		taskSubprotocols.Equal(t, fmt.Sprintf("Subprotocols(%v)", c.values), list{got, err}, list{c.want, c.err},
			lesson.If(err == c.err && err != nil, "beside an error the list is nil"),
			lesson.If(c.looks != "", c.looks))
	}
}

func TestChooseSubprotocol(t *testing.T) {
	defer taskChoose.Catch(t)
	for _, c := range []struct {
		offered, supported names
		want               string
		looks              string
	}{
		{names{"chat"}, names{"chat"}, "chat", ""},
		{names{"chat.v2", "chat.v1"}, names{"chat.v1"}, "chat.v1", "the server does not speak what was chosen"},
		{names{"a", "b"}, names{"b", "a"}, "b", "the client's order was followed; it is the server that has to run what is chosen, so its own counts"},
		{names{"a", "b"}, names{"x", "b"}, "b", "a name was chosen that was not offered; the client has to end the connection then"},
		{names{"superchat"}, names{"chat"}, "", "a part of a name was taken for it"},
		{names{"chat"}, names{"superchat"}, "", "a part of a name was taken for it"},
		{names{"Chat"}, names{"chat"}, "", "names are compared with their case"},
		{names{"a"}, names{"x"}, "", "there is nothing in common; then none is chosen"},
		{nil, names{"x"}, "", "a name was chosen that was not offered; the client has to end the connection then"},
		{names{"a"}, nil, "", "the server does not speak what was chosen"},
	} {
		got := func() string {
			defer taskChoose.CatchIn(t, fmt.Sprintf("ChooseSubprotocol(%v, %v)", c.offered, c.supported))
			return ChooseSubprotocol(c.offered, c.supported)
		}()
		taskChoose.Equal(t, fmt.Sprintf("ChooseSubprotocol(%v, %v)", c.offered, c.supported), got, c.want,
			lesson.If(c.looks != "", c.looks))
	}
}

func TestChosen(t *testing.T) {
	defer taskChosen.Catch(t)
	const foreign = "the server has chosen something else, and the client believes it; from then on, the two would speak different languages"
	for _, c := range []struct {
		offered, values names
		want            string
		err             error
		looks           string
	}{
		{names{"a", "b"}, names{"b"}, "b", nil, "this was offered"},
		{names{"a", "b"}, nil, "", nil, "no field means that none was chosen; whether that is enough is for the program to say"},
		{nil, nil, "", nil, "nothing was offered, and nothing chosen"},
		{names{"a", "b"}, names{"c"}, "", errNotOffered, foreign},
		{names{"a"}, names{"A"}, "", errNotOffered, foreign},
		{nil, names{"a"}, "", errNotOffered, "the server has chosen something though nothing was offered"},
		{names{"a", "b"}, names{"a, b"}, "", errNotOffered, "the answer has a list in it; a server chooses one"},
		{names{"a", "b"}, names{"a", "b"}, "", errNotOffered, "the answer has two fields; a server chooses one"},
		{names{"a", "b"}, names{""}, "", errNotOffered, "an empty field is no choice, and no valid field either"},
	} {
		got, err := func() (string, error) {
			defer taskChosen.CatchIn(t, fmt.Sprintf("Chosen(%v, %v)", c.offered, c.values), lesson.If(len(c.values) == 0, "no field means that none was chosen; whether that is enough is for the program to say"))
			return Chosen(c.offered, c.values)
		}()
		type choice struct {
			Name string
			Err  error
		}
		taskChosen.Equal(t, fmt.Sprintf("Chosen(%v, %v)", c.offered, c.values), choice{got, err}, choice{c.want, c.err},
			lesson.If(err == c.err && err != nil, "beside an error there is no name"),
			lesson.If(true, c.looks))
	}
}

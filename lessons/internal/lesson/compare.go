package lesson

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"example.com/ws101/frames"
)

// Equal fails the test unless got and want are equal. Of two structs, only the
// fields that differ are printed.
func (k Task) Equal(t testing.TB, call string, got, want any, looks ...Diagnosis) {
	if d := differences(got, want); len(d) > 0 {
		k.Fail(t, call, d.String(), looks...)
	}
}

// Parsed is [Task.Equal] for a function that takes bytes apart. at tells which
// byte of the input a field comes from; that of the first wrong field gets the
// caret. Fields that are not in at get none.
func (k Task) Parsed(t testing.TB, name string, input []byte, got, want any, at map[string]int, looks ...Diagnosis) {
	traceInput(t, input)
	d := differences(got, want)
	if len(d) == 0 {
		return
	}
	call := Call(name, input)
	if i, ok := at[d[0].name]; ok && i < min(len(input), rowBytes) {
		call += fmt.Sprintf("\n%*s^^ byte %d", len(name)+1+3*i, "", i)
	}
	k.Fail(t, call, d.String(), looks...)
}

// Call writes a call with bytes as they are read on the wire:
// "ParseHeader(81 05)".
func Call(name string, input []byte) string {
	switch {
	case len(input) == 0:
		return name + "(no bytes)"
	case len(input) > rowBytes:
		return fmt.Sprintf("%s(%s … %d bytes)", name, Spaced(input[:rowBytes]), len(input))
	}
	return name + "(" + Spaced(input) + ")"
}

// Bytes fails the test unless got and want are the same bytes.
func (k Task) Bytes(t testing.TB, call string, got, want []byte, looks ...Diagnosis) {
	if string(got) != string(want) {
		k.Fail(t, call, diffBytes(got, want, nil), looks...)
	}
}

// Frame is [Task.Bytes] for bytes that begin with a frame, sent by the side that
// from says: under the caret stands what the byte means.
func (k Task) Frame(t testing.TB, call string, from frames.State, got, want []byte, looks ...Diagnosis) {
	traceLine(t, "out", from, got)
	if string(got) == string(want) {
		return
	}
	x := frames.Explain(got, from)
	k.Fail(t, call, diffBytes(got, want, func(i int) string { return meaning(x, i) }), looks...)
}

// meaning names the fields of a header in one byte: "MASK 0, length 126".
// Reserved bits are named when they are set.
func meaning(x frames.Explanation, i int) string {
	var words []string
	for _, f := range x.Fields {
		if f.Bit/8 > uint64(i) || (f.Bit+f.Width-1)/8 < uint64(i) {
			continue
		}
		switch f.Kind {
		case frames.FieldRsv1, frames.FieldRsv2, frames.FieldRsv3:
			if f.Value == "0" {
				continue
			}
		case frames.FieldLength:
			switch f.Value {
			case "126":
				words = append(words, `126 means "a 16-bit length follows"`)
				continue
			case "127":
				words = append(words, `127 means "a 64-bit length follows"`)
				continue
			}
		case frames.FieldPayload, frames.FieldMaskKey:
			words = append(words, f.Name)
			continue
		}
		words = append(words, f.Name+" "+f.Value)
	}
	return strings.Join(words, ", ")
}

// difference is one field that is not as it should be. The name is empty for a
// value that is not a struct.
type difference struct {
	name, got, want string
	isError         bool
}

type differenceList []difference

func (l differenceList) String() string {
	var got, want []string
	for _, d := range l {
		got = append(got, strings.TrimSpace(d.name+" "+d.got))
		want = append(want, strings.TrimSpace(d.name+" "+d.want))
	}
	return "got  " + strings.Join(got, ", ") + "\nwant " + strings.Join(want, ", ")
}

func differences(got, want any) differenceList {
	if reflect.DeepEqual(got, want) {
		return nil
	}
	g, w := reflect.ValueOf(got), reflect.ValueOf(want)
	if g.IsValid() && w.IsValid() && g.Type() == w.Type() && g.Kind() == reflect.Struct {
		list := fields(g, w)
		// An error that differs explains the rest.
		for _, d := range list {
			if d.isError {
				return differenceList{d}
			}
		}
		if len(list) > 0 {
			return list
		}
	}
	return differenceList{{got: show(got), want: show(want)}}
}

var errorType = reflect.TypeFor[error]()

// fields compares the exported fields of two structs of one type.
func fields(got, want reflect.Value) (list differenceList) {
	for i := range got.NumField() {
		f := got.Type().Field(i)
		if !f.IsExported() {
			continue
		}
		g, w := got.Field(i), want.Field(i)
		if f.Anonymous && g.Kind() == reflect.Struct {
			list = append(list, fields(g, w)...)
			continue
		}
		if !reflect.DeepEqual(g.Interface(), w.Interface()) {
			list = append(list, difference{f.Name, show(g.Interface()), show(w.Interface()), f.Type == errorType})
		}
	}
	return list
}

// show writes a value as the lessons do: bytes in hex, text in quotes.
func show(v any) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case error:
		return fmt.Sprintf("%q", v.Error())
	case fmt.Stringer:
		return v.String()
	case string:
		return fmt.Sprintf("%q", v)
	}
	r := reflect.ValueOf(v)
	if k := r.Kind(); (k == reflect.Slice || k == reflect.Array) && r.Type().Elem().Kind() == reflect.Uint8 {
		if r.Len() == 0 {
			return "no bytes"
		}
		return fmt.Sprintf("% x", v)
	}
	return fmt.Sprintf("%v", v)
}

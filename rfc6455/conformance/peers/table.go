// This file holds the exchanges that every peer is put through.

package peers

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"example.com/ws101/frames"
)

// Exchanges returns all exchanges without compression.
func Exchanges() []Exchange {
	return numbered(slices.Concat(messages(), fragments(), pings(), closes()))
}

// numbered gives each exchange the number by which it is found.
func numbered(xs []Exchange) []Exchange {
	for i := range xs {
		x := &xs[i]
		x.number = i
		sep := "?"
		if strings.Contains(x.Task, "?") {
			sep = "&"
		}
		x.Task += fmt.Sprintf("%sn=%d", sep, i)
		if x.Code == 0 {
			x.Code = frames.CloseNormal
		}
	}
	return xs
}

// sizes are payload lengths on both sides of where the length form changes.
var sizes = []int{0, 1, 125, 126, 65535, 65536, 1 << 20, MaxMessage}

// texts are texts that a peer could get wrong.
var texts = []struct{ name, text string }{
	{"Chinese", "投票成功：明凯 301 票"},
	{"emoji joined of several characters", "👩‍👩‍👧‍👦 🙂 🏳️‍🌈"},
	{"the first and last character of each length", "\x00\x7f\u0080\u07ff\u0800\uffff\U00010000\U0010ffff"},
	{"a byte order mark", "\ufeffHello"},
	{"line ends and quotes", "a\r\nb\nc\"'\\</script>\u2028"},
}

func messages() []Exchange {
	var xs []Exchange
	for i, size := range sizes {
		text, binary := Text, Binary
		if size >= 1<<20 {
			text, binary = Large, Large
		}
		as := []string{"blob", "arraybuffer"}[i%2]
		xs = append(xs,
			Exchange{Name: fmt.Sprintf("text of %d bytes", size), Kind: text, Task: "/echo",
				play: echoSize(frames.Text, size)},
			Exchange{Name: fmt.Sprintf("binary of %d bytes", size), Kind: binary, Task: "/echo?binaryType=" + as,
				play: echoSize(frames.Binary, size)})
	}
	for _, tt := range texts {
		xs = append(xs, Exchange{Name: tt.name, Kind: Text, Task: "/echo", play: echo(frames.Text, []byte(tt.text))})
	}
	return xs
}

func fragments() []Exchange {
	ours := func(name string, typ frames.Opcode, parts ...string) Exchange {
		return Exchange{Name: "our fragments: " + name, Kind: OurFragments, Task: "/echo", play: inFragments(typ, parts)}
	}
	theirs := func(name string, size int, typ frames.Opcode, p []byte) Exchange {
		return Exchange{Name: "their fragments: " + name, Kind: TheirFragments, Task: fmt.Sprintf("/fragments?size=%d", size),
			play: fragmented(typ, p)}
	}
	return []Exchange{
		ours("two", frames.Text, "frag", "ments"),
		ours("every byte of a text alone", frames.Text, strings.Split("Hello, WebSocket", "")...),
		ours("cut inside of characters", frames.Text, "\xe6\x8a", "\x95\xe7", "\xa5", "\xa8 \xf0\x9f", "\x99", "\x82"),
		ours("empty ones, first, last and between", frames.Text, "", "frag", "", "", "ments", ""),
		ours("nothing but empty ones", frames.Binary, "", "", ""),
		ours("1,000 of 1,000 bytes", frames.Binary, pieces(string(binaryOf(1_000_000)), 1000)...),
		{Name: "our fragments: Pings between them", Kind: OurFragments, Task: "/echo", play: pingsBetween},
		{Name: "our fragments: by a Writer", Kind: OurFragments, Task: "/echo", play: byWriter(textOf(100_000))},
		theirs("text in threes", 3, frames.Text, []byte("Hello, WebSocket")),
		theirs("Chinese, one character each or less", 1, frames.Text, []byte("投票成功")),
		theirs("binary", 1000, frames.Binary, binaryOf(10_001)),
		theirs("1 MiB by 64 KiB", 1<<16, frames.Binary, binaryOf(1<<20)),
	}
}

func pings() []Exchange {
	xs := []Exchange{{Name: "our Pings", Kind: OurPing, Task: "/echo", play: ping}}
	for _, payload := range []string{"", "Hello", "在吗？", strings.Repeat("p", 125)} {
		xs = append(xs, Exchange{
			Name: fmt.Sprintf("their Ping of %d bytes", len(payload)), Kind: TheirPing,
			Task: "/ping?payload=" + url.QueryEscape(payload), play: pinged(payload),
		})
	}
	return xs
}

func closes() []Exchange {
	ends := []struct {
		code   frames.CloseCode
		reason string
	}{
		{frames.CloseNoStatus, ""},
		{frames.CloseNormal, ""},
		{frames.CloseNormal, "done"},
		{frames.CloseGoingAway, "going away"},
		{3000, "registered"},
		{4999, "再见 👋"},
		{4000, strings.Repeat("r", 123)},
	}
	var xs []Exchange
	for _, e := range ends {
		name := fmt.Sprintf("Close with %v and a reason of %d bytes", e.code, len(e.reason))
		query := url.Values{}
		if e.code != frames.CloseNoStatus {
			query.Set("code", fmt.Sprint(uint16(e.code)))
		}
		if e.reason != "" {
			query.Set("reason", e.reason)
		}
		task := "/close"
		if len(query) > 0 {
			task += "?" + query.Encode()
		}
		xs = append(xs,
			Exchange{Name: "our " + name, Kind: OurClose, Task: "/echo", Code: e.code, Reason: e.reason},
			Exchange{Name: "their " + name, Kind: TheirClose, Task: task, Code: e.code, Reason: e.reason})
	}
	return xs
}

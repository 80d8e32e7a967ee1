package main

import (
	"context"
	"io/fs"
	"net/http"

	"example.com/ws101/demos/chat"
	"example.com/ws101/demos/echo"
	"example.com/ws101/demos/inspect"
	"example.com/ws101/demos/inspect/proxy"
	"example.com/ws101/demos/longpolling"
	"example.com/ws101/demos/polling"
	"example.com/ws101/demos/room"
	"example.com/ws101/demos/site"
	"example.com/ws101/demos/sse"
	"example.com/ws101/demos/streaming"
	"example.com/ws101/demos/websocket"
	"example.com/ws101/demos/wire"
	"example.com/ws101/rfc6455"
)

// A demo is one row of the start page, and one NAME of the command line.
type demo struct {
	name  string // also its address: /name/
	title string
	about string // two sentences for the start page
	// chapter is the chapter of the course that builds it.
	chapter int
	// open returns the demo as it is served at the root.
	open func(shared) http.Handler
}

// shared is what all demos of one server have in common.
type shared struct {
	room    *room.Room
	origins *site.Origins
	page    string          // a file in place of our page, or ""
	closing context.Context // ends when the server begins to shut down
	lessons fs.FS           // the course, or nil
	sockets *rfc6455.Group  // all WebSockets, which the server closes when it shuts down
	tap     *wire.Tap       // on every connection; nil if the inspector is off
	proxy   *proxy.Proxy    // whose connections are on the tap instead, or nil
	inspect bool            // those who come from other machines may look too
}

// demos are all demos, in the order of the lessons. A new one needs a row here and nothing else.
var demos = []demo{
	{
		name:    "polling",
		chapter: 2,
		title:   "Polling",
		about: "The page asks on a timer, and every answer comes at once and is whole. " +
			"It is the simplest way, and it works everywhere: news waits half an interval on average.",
		open: func(s shared) http.Handler {
			return polling.New(polling.Options{Room: s.room, Origins: s.origins, PageFile: s.page})
		},
	},
	{
		name:    "longpolling",
		chapter: 3,
		title:   "Long polling",
		about: "The server holds the request until there is news or 30 seconds have passed, and then the page asks again. " +
			"News comes at once over plain HTTP, and costs a whole request each time.",
		open: func(s shared) http.Handler {
			return longpolling.New(longpolling.Options{Room: s.room, Origins: s.origins, PageFile: s.page, Closing: s.closing})
		},
	},
	{
		name:    "streaming",
		chapter: 4,
		title:   "Hidden iframe",
		about: "An invisible iframe loads a page that never ends, and the server adds a script whenever there is news. " +
			"It works in the oldest browsers, and shows what goes wrong where data is sent as code.",
		open: func(s shared) http.Handler {
			return streaming.New(streaming.Options{Room: s.room, Origins: s.origins, PageFile: s.page, Closing: s.closing})
		},
	},
	{
		name:    "sse",
		chapter: 5,
		title:   "Server-sent events",
		about: "One answer never ends, and the browser itself takes it apart into events and connects again when it breaks. " +
			"It is the stream with a memory: the browser tells the server the last event that it has seen.",
		open: func(s shared) http.Handler {
			return sse.New(sse.Options{Room: s.room, Origins: s.origins, PageFile: s.page, Closing: s.closing})
		},
	},
	{
		name:    "websocket",
		chapter: 7,
		title:   "WebSocket",
		about: "After one Upgrade a single connection stays open, and both sides send whenever they have something to say. " +
			"A vote and the news of it cost a few bytes more than the message itself.",
		open: func(s shared) http.Handler {
			return websocket.New(websocket.Options{Room: s.room, Origins: s.origins, PageFile: s.page, Group: s.sockets})
		},
	},
	{
		name:    "chat",
		chapter: 6,
		title:   "Chat",
		about: "One room for all techniques: you choose yours, and may change it while you talk. " +
			"Pages for the classic chat servers work here too.",
		open: func(s shared) http.Handler {
			return chat.New(chat.Options{Room: s.room, Origins: s.origins, PageFile: s.page, Closing: s.closing, Group: s.sockets})
		},
	},
	{
		name:    "echo",
		chapter: 10,
		title:   "Echo",
		about: "Everything you send over a WebSocket comes back as it was. " +
			"The page shows each event of the browser's own WebSocket, and how a connection is closed.",
		open: func(s shared) http.Handler {
			return echo.New(echo.Options{Origins: s.origins, PageFile: s.page, Group: s.sockets})
		},
	},
	{
		name:    "inspect",
		chapter: 10,
		title:   "Inspector",
		about: "Every byte that crosses the wire, live: each head, chunk, event and frame is a row, taken apart to the last bit and judged. " +
			"It shows what browsers hide, such as pings, fragments, masks and how a connection was closed.",
		open: func(s shared) http.Handler {
			return inspect.New(inspect.Options{
				Tap: s.tap, Proxy: s.proxy, Everywhere: s.inspect, Origins: s.origins, PageFile: s.page, Group: s.sockets, Closing: s.closing,
			})
		},
	},
}

// find returns the demo of this name, or nil.
func find(name string) *demo {
	for i := range demos {
		if demos[i].name == name {
			return &demos[i]
		}
	}
	return nil
}

func names() []string {
	var s []string
	for _, d := range demos {
		s = append(s, d.name)
	}
	return s
}

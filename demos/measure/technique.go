package measure

import "context"

// A technique is one way to bring news to a page.
type technique struct {
	name  string // also its address: /name/
	title string
	// follow is the page: it follows the vote until ctx ends or something fails.
	follow func(c *client, ctx context.Context) error
}

// techniques are all techniques, in the order of the lessons.
var techniques = []technique{
	{"polling", "polling", (*client).polling},
	{"longpolling", "long polling", (*client).longPolling},
	{"streaming", "hidden iframe", (*client).streaming},
	{"sse", "SSE", (*client).sse},
	{"websocket", "WebSocket", (*client).webSocket},
}

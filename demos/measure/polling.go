package measure

import "context"

// polling asks on a timer. As a browser does, it keeps the tag of the last answer for the same
// address, and gets 304 while that is still true.
func (c *client) polling(ctx context.Context) error {
	x, err := c.open(ctx)
	if err != nil {
		return err
	}
	fields := ""
	for first := true; ; first = false {
		asked := c.cursor
		response, err := x.fetch("polling", fields)
		if err != nil {
			return err
		}
		fields = ""
		if c.cursor == asked {
			fields = "If-None-Match: " + response.Header.Get("ETag") + "\r\n"
		}
		wait := c.load.poll
		if first {
			wait = c.wait // pages are not opened all at once
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}

// longPolling asks again as soon as there is an answer.
func (c *client) longPolling(ctx context.Context) error {
	x, err := c.open(ctx)
	for err == nil {
		_, err = x.fetch("longpolling", "")
	}
	return err
}

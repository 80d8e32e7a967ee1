package measure

import (
	"context"
	"net"
	"net/url"

	"example.com/ws101/handshake"
	"example.com/ws101/rfc6455"
)

// upgrade is what a browser sends with an Upgrade, besides the handshake itself.
var upgrade = handshake.Header{
	{Name: "Pragma", Value: "no-cache"},
	{Name: "Cache-Control", Value: "no-cache"},
	{Name: "User-Agent", Value: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"},
	{Name: "Accept-Encoding", Value: "gzip, deflate, br, zstd"},
	{Name: "Accept-Language", Value: "en-US,en;q=0.9"},
}

// webSocket reads one message for each batch.
func (c *client) webSocket(ctx context.Context) error {
	c.requests.Add(1)
	address := "ws://" + c.load.addr + "/websocket/news?cursor=" + url.QueryEscape(c.cursor) + "&me=" + c.me
	conn, _, err := rfc6455.Dial(ctx, address, &rfc6455.DialOptions{
		Options: rfc6455.Options{KeepAlive: -1}, // as a browser, it answers Pings and sends none
		Origin:  "http://" + c.load.addr,
		Header:  upgrade,
		Dial:    func(context.Context, string, string) (net.Conn, error) { return c.dial(ctx) },
	})
	if err != nil {
		return err
	}
	defer conn.CloseNow()
	context.AfterFunc(ctx, conn.CloseNow)
	for {
		_, message, err := conn.Read(context.Background())
		if err != nil {
			return err
		}
		if err := c.message(message); err != nil {
			return err
		}
	}
}

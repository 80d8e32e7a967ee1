package measure

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
)

// browser is what a browser sends with each request of a page, besides what the request is about.
// It is a good part of the bytes, so it must not be missing here.
const browser = "Connection: keep-alive\r\n" +
	"sec-ch-ua-platform: \"Linux\"\r\n" +
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n" +
	"sec-ch-ua: \"Chromium\";v=\"140\", \"Not=A?Brand\";v=\"24\"\r\n" +
	"sec-ch-ua-mobile: ?0\r\n" +
	"Sec-Fetch-Site: same-origin\r\n" +
	"Accept-Encoding: gzip, deflate, br, zstd\r\n" +
	"Accept-Language: en-US,en;q=0.9\r\n"

// What a browser adds for a fetch, for an EventSource and for an iframe.
const (
	fetch       = "Accept: */*\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n"
	eventSource = "Accept: text/event-stream\r\nCache-Control: no-cache\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n"
	iframe      = "Upgrade-Insecure-Requests: 1\r\nAccept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n" +
		"Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n"
)

// An exchange is one connection with requests and answers on it.
type exchange struct {
	client *client
	conn   net.Conn
	in     *bufio.Reader
	out    []byte
}

// open opens a connection for requests.
func (c *client) open(ctx context.Context) (*exchange, error) {
	conn, err := c.dial(ctx)
	if err != nil {
		return nil, err
	}
	return &exchange{client: c, conn: conn, in: bufio.NewReaderSize(conn, 2048)}, nil
}

// ask sends a request for news of a technique, and reads the head of the answer. The status must be
// 200, or 304.
func (x *exchange) ask(technique, fields string) (*http.Response, error) {
	c := x.client
	c.requests.Add(1)
	x.out = fmt.Appendf(x.out[:0], "GET /%s/news?cursor=%s&me=%s HTTP/1.1\r\nHost: %s\r\nReferer: http://%s/%s/\r\n%s%s\r\n",
		technique, c.cursor, c.me, c.load.addr, c.load.addr, technique, browser, fields)
	if _, err := x.conn.Write(x.out); err != nil {
		return nil, err
	}
	response, err := http.ReadResponse(x.in, nil) // nil means a GET
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusNotModified {
		why, _ := io.ReadAll(io.LimitReader(response.Body, 1024))
		return nil, fmt.Errorf("the server answered %s: %s", response.Status, why)
	}
	return response, nil
}

// fetch asks for news and takes in the whole answer.
func (x *exchange) fetch(technique, fields string) (*http.Response, error) {
	response, err := x.ask(technique, fetch+fields)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusNotModified {
		x.client.came(0, true)
		return response, nil
	}
	return response, x.client.message(body)
}

package handshake_test

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"example.com/ws101/handshake"
)

func Example() {
	// A client asks.
	u, err := handshake.ParseURL("ws://example.com/chat")
	if err != nil {
		fmt.Println(err)
		return
	}
	key := "dGhlIHNhbXBsZSBub25jZQ==" // a real client calls NewKey(rand.Reader)
	asked, err := handshake.NewRequest(u, key, handshake.Offer{Subprotocols: []string{"chat"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	wire := asked.Append(nil)

	// A server reads, checks and answers.
	req, err := handshake.ReadRequest(bufio.NewReader(strings.NewReader(string(wire))), handshake.Limits{})
	if err == nil {
		err = req.Check(handshake.SameOrigin)
	}
	if err != nil {
		os.Stdout.Write(handshake.Refuse(err).Append(nil))
		return
	}
	offered, _ := req.Subprotocols() // cannot fail after Check
	resp, err := handshake.Accepted(req, handshake.Choice{Subprotocol: handshake.ChooseSubprotocol(offered, []string{"chat"})})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(strings.ReplaceAll(string(resp.Append(nil)), "\r\n", "\n"))

	// The client looks at the answer.
	fmt.Println("client:", resp.Check(asked))
	// Output:
	// HTTP/1.1 101 Switching Protocols
	// Upgrade: websocket
	// Connection: Upgrade
	// Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
	// Sec-WebSocket-Protocol: chat
	//
	// client: <nil>
}

func ExampleAcceptKey() {
	fmt.Println(handshake.AcceptKey("dGhlIHNhbXBsZSBub25jZQ=="))
	// Output: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
}

func ExampleRefuse() {
	// Somebody opens the address in a browser.
	page := "GET /chat HTTP/1.1\r\nHost: example.com\r\n\r\n"
	req, err := handshake.ReadRequest(bufio.NewReader(strings.NewReader(page)), handshake.Limits{})
	if err == nil {
		err = req.Check(nil)
	}
	resp := handshake.Refuse(err)
	fmt.Println(resp.Status, resp.Reason)
	fmt.Print(string(resp.Body))
	// Output:
	// 426 Upgrade Required
	// this is a WebSocket address, and the request does not ask for one; connect with a WebSocket client, which sends Upgrade: websocket (RFC 6455 section 4.2.1)
}

func ExampleHeader_HasToken() {
	h := handshake.Header{{Name: "Connection", Value: "keep-alive, Upgrade"}}
	fmt.Println(h.HasToken("connection", "upgrade"), h.HasToken("connection", "close"))
	// Output: true false
}

func ExampleAllowOrigins() {
	origin := handshake.AllowOrigins("https://partner.example")
	req := &handshake.Request{Header: handshake.Header{
		{Name: "Host", Value: "chat.example"},
		{Name: "Origin", Value: "https://evil.example"},
	}}
	fmt.Println(origin(req))
	// Output: the page is from "https://evil.example", which may not connect to "chat.example" (RFC 6455 section 4.2.2)
}

func ExampleParseExtensions() {
	list, err := handshake.ParseExtensions([]string{`permessage-deflate; client_max_window_bits; server_max_window_bits="10"`})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range list[0].Params {
		fmt.Printf("%s %q\n", p.Name, p.Value)
	}
	fmt.Println(handshake.FormatExtensions(list))
	// Output:
	// client_max_window_bits ""
	// server_max_window_bits "10"
	// permessage-deflate; client_max_window_bits; server_max_window_bits=10
}

func ExampleChooseSubprotocol() {
	offered := []string{"v1.chat", "v2.chat"}   // by the client
	supported := []string{"v2.chat", "v1.chat"} // by the server, the best one first
	fmt.Println(handshake.ChooseSubprotocol(offered, supported))
	// Output: v2.chat
}

func ExampleFromHTTP() {
	handler := func(w http.ResponseWriter, r *http.Request) {
		req := handshake.FromHTTP(r)
		if err := req.Check(handshake.SameOrigin); err != nil {
			fmt.Println(err)
		}
	}
	handler(httptest.NewRecorder(), httptest.NewRequest("POST", "http://example.com/chat", nil))
	// Output: the method is "POST"; a handshake is a GET request (RFC 6455 section 4.2.1)
}

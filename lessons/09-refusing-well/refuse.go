package refusing

import (
	"errors"
	"strconv"
)

// Refuse returns the answer to a request that failed with err, as it travels. The
// body says in one line what was wrong. After it the server closes the connection.
// An error that is not an [*Error] is answered 500, and the client learns no more.
func Refuse(err error) []byte {
	known := &Error{Status: 500, Text: "the server failed to answer this request"}
	errors.As(err, &known)
	connection := "close"
	if known.Header.Get("Upgrade") != "" {
		connection = "Upgrade, close" // a sender of Upgrade has to list it here
	}
	body := known.Text + "\n"
	b := []byte("HTTP/1.1 " + strconv.Itoa(known.Status) + " " + reasons[known.Status] + "\r\n")
	for _, f := range known.Header {
		b = append(b, f.Name+": "+f.Value+"\r\n"...)
	}
	b = append(b, "Connection: "+connection+"\r\n"...)
	b = append(b, "Content-Type: text/plain; charset=utf-8\r\n"...)
	b = append(b, "Content-Length: "+strconv.Itoa(len(body))+"\r\n\r\n"...)
	return append(b, body...)
}

// reasons are the words that go with a status.
var reasons = map[int]string{
	400: "Bad Request",
	403: "Forbidden",
	405: "Method Not Allowed",
	426: "Upgrade Required",
	500: "Internal Server Error",
	505: "HTTP Version Not Supported",
}

package httptext

import "strconv"

// Response is what is answered to a request.
type Response struct {
	Status int    // 200
	Type   string // of the body: "text/plain; charset=utf-8"
	Body   string
}

// reason returns the words that stand behind a status. They are for people.
func reason(status int) string {
	return map[int]string{200: "OK", 400: "Bad Request", 404: "Not Found"}[status]
}

// AppendResponse appends a response as it travels to dst, and returns the longer slice:
// the status line, the fields Content-Type and Content-Length, a blank line, and the body.
func AppendResponse(dst []byte, r Response) []byte {
	// lesson:begin AppendResponse
	dst = append(dst, "HTTP/1.1 "+strconv.Itoa(r.Status)+" "+reason(r.Status)+"\r\n"...)
	dst = append(dst, "Content-Type: "+r.Type+"\r\n"...)
	dst = append(dst, "Content-Length: "+strconv.Itoa(len(r.Body))+"\r\n"...)
	dst = append(dst, "\r\n"...)
	return append(dst, r.Body...)
	// lesson:end
}

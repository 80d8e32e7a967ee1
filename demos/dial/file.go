package dial

import (
	"context"
	"fmt"
	"io"
	"os"

	"example.com/ws101/rfc6455"
)

// openFile opens a file that is to be sent.
func openFile(name string) (*os.File, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err == nil && info.IsDir() {
		file.Close()
		return nil, fmt.Errorf("%s is a directory; name a file", name)
	}
	return file, nil
}

// sendFile sends a file as one binary message, of any size. It returns false
// once the connection is being closed.
func (s *session) sendFile(ctx context.Context, file *os.File) bool {
	w, err := s.conn.Writer(ctx, rfc6455.Binary)
	if err != nil {
		return s.sent(err)
	}
	from := &remember{r: file}
	_, err = io.Copy(w, from)
	if from.err != nil {
		// Part of the message may have left. To end it would make it look
		// whole.
		s.conn.CloseNow()
		return s.mistake("%v", from.err)
	}
	if err == nil {
		err = w.Close()
	}
	return s.sent(err)
}

// remember keeps the error of what is read, to tell it from that of what is
// written.
type remember struct {
	r   io.Reader
	err error
}

func (r *remember) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

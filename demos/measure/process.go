package measure

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// A server is the server that is measured, as the measuring side sees it.
type server struct {
	addr string
	ask  func(line string) (answer, error)
	// end ends the server, and waits until it has ended.
	end func()
}

// startProcess starts this program once more, as the server.
func startProcess(path string) (*server, error) {
	c := exec.Command(path, "measure", serverCommand)
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, fmt.Errorf("the server cannot be started: %w", err)
	}
	return connect(in, out, func() { _ = c.Wait() })
}

// connect returns the server that reads from in and writes to out. ended waits for it when in has
// been closed.
func connect(in io.WriteCloser, out io.Reader, ended func()) (*server, error) {
	answers := json.NewDecoder(out)
	read := func() (answer, error) {
		var a answer
		if err := answers.Decode(&a); err != nil {
			return a, fmt.Errorf("the server does not answer: %w", err)
		}
		if a.Error != "" {
			return a, errors.New(a.Error)
		}
		return a, nil
	}
	end := func() { in.Close(); ended() }
	first, err := read()
	if err != nil {
		end()
		return nil, err
	}
	return &server{
		addr: first.Addr,
		ask: func(line string) (answer, error) {
			if _, err := io.WriteString(in, line+"\n"); err != nil {
				return answer{}, fmt.Errorf("the server has ended: %w", err)
			}
			return read()
		},
		end: end,
	}, nil
}

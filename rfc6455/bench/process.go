package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// A process is one of the servers, as seen from the load.
type process struct {
	addr    string
	cmd     *exec.Cmd
	ask     io.WriteCloser
	answers *bufio.Reader
}

// start begins a server in a process of its own, on a core of its own.
func start(o order, cores cores) (*process, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.Command(self)}
	p.cmd.Env = append(os.Environ(), servingVariable+"="+string(text))
	p.cmd.Stderr = os.Stderr
	if p.ask, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.answers = bufio.NewReader(out)
	if err := cores.startPinned(p.cmd); err != nil {
		return nil, err
	}
	if o.Alone != nil {
		return p, nil
	}
	if p.addr, err = p.line(); err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

// question asks the process, and reads the numbers that it answers.
func (p *process) question(q string, numbers ...any) error {
	if _, err := fmt.Fprintln(p.ask, q); err != nil {
		return err
	}
	line, err := p.line()
	if err != nil {
		return fmt.Errorf("no answer to %q: %w", q, err)
	}
	if why, refused := strings.CutPrefix(line, refusal); refused {
		return errors.New(why)
	}
	if _, err := fmt.Sscan(line, numbers...); err != nil {
		return fmt.Errorf("%q was answered with %q: %w", q, line, err)
	}
	return nil
}

func (p *process) line() (string, error) {
	line, err := p.answers.ReadString('\n')
	return strings.TrimSpace(line), noEOF(err)
}

func noEOF(err error) error {
	if err == io.EOF {
		return fmt.Errorf("the server has ended: %w", io.ErrUnexpectedEOF)
	}
	return err
}

// cpu is the CPU time that the process has used, in nanoseconds.
func (p *process) cpu() (int64, error) {
	var used int64
	err := p.question("cpu", &used)
	return used, err
}

// memory is how much of it the process holds, in bytes: as it is, and once the
// garbage has been collected and returned.
func (p *process) memory() (asIs, collected int64, err error) {
	err = p.question("memory", &asIs, &collected)
	return asIs, collected, err
}

// joined waits until the process has n connections open, from its side.
func (p *process) joined(n int) error {
	for have := 0; ; time.Sleep(time.Millisecond) {
		if err := p.question("joined", &have); err != nil || have >= n {
			return err
		}
	}
}

// stop ends the process.
func (p *process) stop() {
	p.ask.Close()
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

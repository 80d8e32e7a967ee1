package measure

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
	"time"
)

// An answer is a line of JSON that the server writes: one when it is ready, and one for each line
// that it reads. What cannot be measured on this system is -1.
type answer struct {
	Addr     string        `json:"addr,omitempty"`     // when it is ready
	CPU      time.Duration `json:"cpu,omitempty"`      // processor time of the process so far, for cpu and write
	Resident int64         `json:"resident,omitempty"` // bytes of memory that the process has, for memory
	Heap     int64         `json:"heap,omitempty"`     // bytes of heap in use, for memory
	Stacks   int64         `json:"stacks,omitempty"`   // and of the stacks of goroutines
	Error    string        `json:"error,omitempty"`
}

// The lines that the server reads.
const (
	askCPU     = "cpu"     // what CPU is now
	askMemory  = "memory"  // what Resident, Heap and Stacks are, after a garbage collection
	askWrite   = "write"   // write N: listen at Addr, and measure writes to N connections; see writes
	askWritten = "written" // wait for the end of that: CPU of one write
	askBare    = "bare"    // answer requests at Addr with nothing; see bare
	askProfile = "profile" // profile PATH: write PATH.cpu until done, and then PATH.heap
	askDone    = "done"
)

// serve is the server process. It serves until in ends, and says on out what it costs.
func serve(in io.Reader, out io.Writer, open func(net.Addr) *http.Server) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := open(listener.Addr())
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	answers := json.NewEncoder(out)
	if err := answers.Encode(answer{Addr: listener.Addr().String()}); err != nil {
		return err
	}
	var s self
	defer s.close()
	for lines := bufio.NewScanner(in); lines.Scan(); {
		a, err := s.do(lines.Text())
		if err != nil {
			a.Error = err.Error()
		}
		if err := answers.Encode(a); err != nil {
			return err
		}
	}
	return nil
}

// self is what the server process knows about itself.
type self struct {
	profile *os.File
	heap    string
	written chan answer

	bareServer *http.Server // see bare
}

func (s *self) do(line string) (answer, error) {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case askCPU:
		return answer{CPU: cpuTime()}, nil
	case askMemory:
		return memory(), nil
	case askWrite:
		return s.write(rest)
	case askWritten:
		return <-s.written, nil
	case askBare:
		return s.bare()
	case askProfile:
		return answer{}, s.startProfile(rest)
	case askDone:
		return answer{}, s.stopProfile()
	}
	return answer{}, fmt.Errorf("there is no command %q", word)
}

// memory collects what is garbage, twice, since a sync.Pool keeps what it has over one collection.
func memory() answer {
	runtime.GC()
	runtime.GC()
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return answer{Resident: resident(), Heap: int64(m.HeapInuse), Stacks: int64(m.StackInuse)}
}

func (s *self) write(count string) (answer, error) {
	n, err := strconv.Atoi(count)
	if err != nil {
		return answer{}, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return answer{}, err
	}
	s.written = make(chan answer, 1)
	go func() {
		defer listener.Close()
		cpu, err := writes(listener, n)
		a := answer{CPU: cpu}
		if err != nil {
			a.Error = err.Error()
		}
		s.written <- a
	}()
	return answer{Addr: listener.Addr().String()}, nil
}

func (s *self) startProfile(path string) (err error) {
	if s.profile, err = os.Create(path + ".cpu"); err != nil {
		return err
	}
	s.heap = path + ".heap"
	return pprof.StartCPUProfile(s.profile)
}

func (s *self) stopProfile() error {
	pprof.StopCPUProfile()
	if err := s.profile.Close(); err != nil {
		return err
	}
	f, err := os.Create(s.heap)
	if err != nil {
		return err
	}
	runtime.GC()
	if err := pprof.Lookup("heap").WriteTo(f, 0); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

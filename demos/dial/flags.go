package dial

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"example.com/ws101/frames"
	"example.com/ws101/handshake"
	"example.com/ws101/rfc6455"
)

const help = `Usage: go run ./demos dial URL [flags]

Opens a WebSocket. Every line of the input is sent as a text message, and every message
that comes is printed, text as one line, with \n and the like for control characters.

  go run ./demos dial ws://127.0.0.1:8101/echo/ws
  printf 'hello\n' | go run ./demos dial -n 1 ws://127.0.0.1:9001
  go run ./demos dial -trace wss://example.com/chat -H "Authorization: Bearer 123"

Flags, before or after URL:
  -trace               show the handshake and every frame, bit by bit, on standard error
  -H "NAME: VALUE"     a further field for the request; repeatable
  -origin ORIGIN       the Origin to send, as a page of it would: https://example.com
  -subprotocol NAME    offer a subprotocol; repeatable, or several with commas
  -insecure            wss without a check of the certificate: for a test server of your own
  -max-message BYTES   the largest message to take (1048576)

  -file FILE           send the bytes of FILE as one binary message, first of all
  -ping                ping the server, before the input is read, and show how long it took
  -close CODE[:REASON] what to close with in the end (1000)

  -wait DURATION       after the end of the input, close when no message has come for this
                       long (1s; 30s with -n); 0 closes at once
  -n COUNT             close when COUNT messages have come

Lines that begin with a slash are commands:
  /ping                ping the server
  /close [CODE [REASON]]
  /binary FILE         send the bytes of FILE as one binary message
  /help                show these commands
  //text               send "/text"

The input ends with Ctrl-D (Ctrl-Z and Return on Windows); Ctrl-C closes at once.

Exit codes (of the built command; go run turns each failure into 1):
  0  closed cleanly, by us, or by the server with 1000, 1001 or without a code
  1  no connection: the host was not reached, or the handshake failed
  2  the command line was wrong, or a line of an input that nobody types
  3  closed by the server with another code, or not closed at all: it hung up, or broke a rule
  4  closed cleanly before -n messages had come
`

const commands = `/ping                   ping the server
/close [CODE [REASON]]  close the connection
/binary FILE            send the bytes of FILE as one binary message
/help                   show these commands
//text                  send "/text"`

// flags is the command line, checked.
type flags struct {
	url          *url.URL
	trace        bool
	header       handshake.Header
	origin       string
	subprotocols []string
	insecure     bool
	maxMessage   int64
	file         string
	ping         bool
	closing      closing
	wait         time.Duration
	count        int
}

// closing is what to close with.
type closing struct {
	code   frames.CloseCode
	reason string
}

const (
	waitAlone = time.Second      // -wait, if it is not given
	waitCount = 30 * time.Second // and if -n is
)

// parse reads the command line. The error is flag.ErrHelp if help was asked
// for, and otherwise one line.
func parse(args []string) (flags, error) {
	f := flags{closing: closing{code: frames.CloseNormal}}
	set := flag.NewFlagSet("dial", flag.ContinueOnError)
	set.SetOutput(io.Discard) // run prints the error, as one line
	set.BoolVar(&f.trace, "trace", false, "")
	set.Func("H", "", f.addField)
	set.StringVar(&f.origin, "origin", "", "")
	set.Func("subprotocol", "", f.addSubprotocols)
	set.BoolVar(&f.insecure, "insecure", false, "")
	set.Int64Var(&f.maxMessage, "max-message", rfc6455.DefaultMaxMessage, "")
	set.StringVar(&f.file, "file", "", "")
	set.BoolVar(&f.ping, "ping", false, "")
	set.Func("close", "", func(s string) (err error) {
		code, reason, _ := strings.Cut(s, ":")
		f.closing, err = parseClosing(code, reason)
		return err
	})
	set.DurationVar(&f.wait, "wait", -1, "")
	set.IntVar(&f.count, "n", 0, "")

	var urls []string
	for rest := args; ; {
		// The flag package stops at the first argument that is no flag.
		if err := set.Parse(rest); err != nil {
			return f, err
		}
		if set.NArg() == 0 {
			break
		}
		urls = append(urls, set.Arg(0))
		rest = set.Args()[1:]
	}
	given := map[string]bool{}
	set.Visit(func(fl *flag.Flag) { given[fl.Name] = true })
	switch {
	case len(urls) == 0:
		return f, errors.New("name the URL to open, such as ws://127.0.0.1:8101/echo/ws")
	case len(urls) > 1:
		return f, fmt.Errorf("one URL can be opened, and there is also %q", urls[1])
	case f.maxMessage < 1:
		return f, errors.New("-max-message takes a number of bytes from 1 up")
	case given["file"] && f.file == "":
		return f, errors.New("-file takes the name of a file")
	case given["n"] && f.count < 1:
		return f, errors.New("-n takes a number from 1 up")
	case given["wait"] && f.wait < 0:
		return f, errors.New("-wait takes a time such as 500ms or 2s")
	case !given["wait"] && f.count > 0:
		f.wait = waitCount
	case !given["wait"]:
		f.wait = waitAlone
	}
	var err error
	if f.url, err = handshake.ParseURL(urls[0]); err != nil {
		return f, err
	}
	return f, f.check()
}

func (f *flags) addField(s string) error {
	name, value, ok := strings.Cut(s, ":")
	if !ok {
		return errors.New(`write it like -H "Name: value"`)
	}
	f.header = append(f.header, handshake.Field{Name: name, Value: strings.TrimSpace(value)})
	return nil
}

func (f *flags) addSubprotocols(s string) error {
	for name := range strings.SplitSeq(s, ",") {
		f.subprotocols = append(f.subprotocols, strings.TrimSpace(name))
	}
	return nil
}

// parseClosing reads a close code and checks that both may be sent.
func parseClosing(code, reason string) (closing, error) {
	n, err := strconv.ParseUint(code, 10, 16)
	if err != nil {
		return closing{}, fmt.Errorf("%q is not a close code; write it like 1000 or 4001", code)
	}
	c := closing{frames.CloseCode(n), reason}
	if _, err := frames.AppendClose(nil, c.code, c.reason); err != nil {
		return closing{}, err
	}
	return c, nil
}

// check makes sure, before anything is dialled, that the request can be sent.
func (f *flags) check() error {
	const anyKey = "dGhlIHNhbXBsZSBub25jZQ=="
	_, err := handshake.NewRequest(f.url, anyKey, handshake.Offer{
		Origin:       f.origin,
		Subprotocols: f.subprotocols,
		Header:       f.header,
	})
	return err
}

package main

import (
	"bufio"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"time"

	"example.com/ws101/frames"
	"example.com/ws101/rfc6455/bench/libraries"
	"example.com/ws101/rfc6455/bench/load"
)

// servingVariable is set in the environment of a process that is to be one of
// the servers: the program starts itself again for each.
const servingVariable = "WS101_BENCH_SERVE"

// An order says what a server process is to be.
type order struct {
	Library string
	HTTP    bool // behind net/http
	TLS     bool
	Job     libraries.Job
	Alone   *aloneOrder // no server at all, but the library over memory
}

// aloneOrder is a measurement without a socket.
type aloneOrder struct {
	Opcode  frames.Opcode
	Size    int
	PerRead int
}

// serveIfOrdered makes this process a server, if it was started as one, and
// then does not return.
func serveIfOrdered() {
	text, ok := os.LookupEnv(servingVariable)
	if !ok {
		return
	}
	// Ctrl-C is for the load, which ends its servers.
	signal.Ignore(os.Interrupt)
	if err := serve(text, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench: a server:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// serve listens, tells where, and then answers questions about the process, a
// line each, until there are no more.
func serve(text string, questions io.Reader, answers io.Writer) error {
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	library, ok := libraries.Named(o.Library)
	if !ok {
		return fmt.Errorf("there is no library %q", o.Library)
	}
	if o.Alone == nil {
		addr, err := listen(library.Start(o.Job), o)
		if err != nil {
			return err
		}
		fmt.Fprintln(answers, addr)
	}
	lines := bufio.NewScanner(questions)
	for lines.Scan() {
		if err := answer(answers, library, o, lines.Text()); err != nil {
			fmt.Fprintln(answers, refusal+err.Error())
		}
	}
	return lines.Err()
}

// refusal begins an answer that is no number.
const refusal = "error: "

func answer(w io.Writer, library libraries.Library, o order, question string) error {
	var rounds int
	switch {
	case question == "cpu":
		spent, err := cpuTime()
		if err != nil {
			return err
		}
		fmt.Fprintln(w, spent.Nanoseconds())
	case question == "joined":
		fmt.Fprintln(w, libraries.Joined.Load())
	case question == "memory":
		asIs, err := residentBytes()
		if err != nil {
			return err
		}
		runtime.GC() // what pools hold is freed by the second
		debug.FreeOSMemory()
		collected, err := residentBytes()
		if err != nil {
			return err
		}
		fmt.Fprintln(w, asIs, collected)
	default:
		if _, err := fmt.Sscanf(question, "alone %d", &rounds); err != nil || o.Alone == nil {
			return fmt.Errorf("what is %q?", question)
		}
		c, err := measureAlone(library, o, rounds)
		if err != nil {
			return err
		}
		fmt.Fprintln(w, c.messages, c.cpu, c.allocs)
	}
	return nil
}

// listen serves on a free port of its own and returns the address.
func listen(server libraries.Server, o order) (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	addr := ln.Addr().String()
	if o.TLS {
		certificate, err := selfSigned()
		if err != nil {
			return "", err
		}
		ln = tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{certificate}})
	}
	if o.HTTP || server.Accept == nil {
		go http.Serve(ln, server.HTTP)
		return addr, nil
	}
	go func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			go server.Accept(nc)
		}
	}()
	return addr, nil
}

// selfSigned is a certificate that only a client believes which believes all.
func selfSigned() (tls.Certificate, error) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}, err
}

// aloneCost is what the messages of a library in memory cost together.
type aloneCost struct{ messages, cpu, allocs int64 }

func measureAlone(library libraries.Library, o order, rounds int) (aloneCost, error) {
	script := load.Echo(o.Alone.Opcode, o.Alone.Size, o.Alone.PerRead, library.Verbatim)
	var before, after runtime.MemStats
	var start, end int64
	var failed error
	clock := func(to *int64) {
		used, err := cpuTime()
		if err != nil {
			failed = err
		}
		*to = used.Nanoseconds()
	}
	err := libraries.Alone(library, o.Job, libraries.Conversation{
		Request: load.Request("127.0.0.1", ""),
		Read:    script.Send,
		Want:    script.Want,
		Rounds:  rounds,
		Started: func() { runtime.ReadMemStats(&before); clock(&start) },
		Ended:   func() { clock(&end); runtime.ReadMemStats(&after) },
	})
	if err == nil {
		err = failed
	}
	counted := int64(rounds-rounds/10) * int64(script.Messages)
	return aloneCost{counted, end - start, int64(after.Mallocs - before.Mallocs)}, err
}

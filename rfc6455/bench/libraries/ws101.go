package libraries

import (
	"context"
	"io"
	"net"
	"net/http"

	"github.com/klauspost/compress/flate"

	"example.com/ws101/rfc6455"
)

// ws101Serve is ours in its fastest way: the handler loop, with every limit,
// check and deadline at its default.
func ws101Serve(job Job) Server {
	return ws101(job, &rfc6455.Deflate{}, handlerLoop)
}

func handlerLoop(ctx context.Context, c *rfc6455.Conn, reply reply) {
	c.Serve(ctx, rfc6455.Handler{Message: func(c *rfc6455.Conn, t rfc6455.MessageType, p []byte) {
		reply(ctx, c, t, p)
	}})
}

// ws101Read is ours in a straight line.
func ws101Read(job Job) Server {
	return ws101(job, &rfc6455.Deflate{}, func(ctx context.Context, c *rfc6455.Conn, reply reply) {
		for {
			t, p, err := c.Read(ctx)
			if err != nil {
				return
			}
			reply(ctx, c, t, p)
		}
	})
}

// ws101Klauspost is ours with another compressor and decompressor plugged in.
func ws101Klauspost(job Job) Server {
	return ws101(job, &rfc6455.Deflate{
		NewCompressor: func(w io.Writer) rfc6455.Compressor {
			z, err := flate.NewWriter(w, flate.BestSpeed)
			if err != nil {
				panic(err) // there is such a level
			}
			return z
		},
		NewDecompressor: func(r io.Reader) rfc6455.Decompressor { return flate.NewReader(r).(rfc6455.Decompressor) },
	}, handlerLoop)
}

type reply func(context.Context, *rfc6455.Conn, rfc6455.MessageType, []byte)

func ws101(job Job, deflate *rfc6455.Deflate, serve func(context.Context, *rfc6455.Conn, reply)) Server {
	opts := &rfc6455.AcceptOptions{Options: rfc6455.Options{MaxMessage: job.MaxMessage}}
	if job.Deflate != "" {
		deflate.SendTakeover = job.Deflate == Takeover
		opts.Deflate = deflate
	}
	ctx := context.Background()
	if job.Deadline {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		_ = cancel // it ends with the process
	}
	members := &room[*rfc6455.Conn]{}
	reply := func(ctx context.Context, c *rfc6455.Conn, t rfc6455.MessageType, p []byte) {
		c.Write(ctx, t, p)
	}
	if job.Broadcast {
		reply = func(ctx context.Context, _ *rfc6455.Conn, t rfc6455.MessageType, p []byte) {
			m, err := rfc6455.Prepare(t, p)
			if err != nil {
				return
			}
			members.each(func(c *rfc6455.Conn) { c.WritePrepared(ctx, m) })
		}
	}
	begin := func(c *rfc6455.Conn) {
		members.join(c)
		go serve(ctx, c, reply)
	}
	return Server{
		Accept: func(nc net.Conn) {
			if c, _, err := rfc6455.Accept(ctx, nc, opts); err == nil {
				begin(c)
			}
		},
		HTTP: func(w http.ResponseWriter, r *http.Request) {
			if c, err := rfc6455.Upgrade(w, r, opts); err == nil {
				begin(c)
			}
		},
	}
}

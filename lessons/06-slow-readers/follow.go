package feed

import (
	"context"
	"net"
	"time"
)

// Stuck is how long a client may take for one batch. One who needs longer has gone, or as good as that.
const Stuck = 10 * time.Second

// Follow sends to a client what comes behind its cursor, batch after batch, each with one Write of what
// AppendJSON makes of it. While the client is busy with one, nothing is kept for it: the next batch has all that
// came meanwhile.
//
// Each Write has Stuck to end. If it fails, Follow returns that error. When ctx ends, it returns ctx's error.
// The connection stays the caller's: Follow does not close it, and sets no time for reads.
func Follow(ctx context.Context, conn net.Conn, f *Feed, c Cursor) error {
	// lesson:begin Follow
	for {
		b := f.Wait(ctx, c)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		// Where this fails, so does the Write.
		conn.SetWriteDeadline(time.Now().Add(Stuck))
		if _, err := conn.Write(b.AppendJSON(nil)); err != nil {
			return err
		}
		c = b.Next
	}
	// lesson:end
}

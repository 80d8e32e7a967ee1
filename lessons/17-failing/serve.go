package failing

// Serve gives each message of a client to handle, until the connection ends. If the client
// closes, it is answered, the socket is hung up, and Serve returns nil.
//
// An error of the client, of the socket or of handle fails the connection, and Serve
// returns it. After that handle is not called any more, whatever has come.
func Serve(nc Socket, handle func(op Opcode, message []byte) error) error {
	// lesson:begin Serve
	r := NewReader(nc)
	for {
		op, message, err := r.Next()
		if err == nil && op == Close {
			nc.Write(frame(Close, message))
			HangUp(nc)
			return nil
		}
		if err == nil {
			err = handle(op, message)
		}
		if err != nil {
			Fail(nc, err)
			return err
		}
	}
	// lesson:end
}

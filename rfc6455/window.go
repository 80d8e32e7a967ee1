package rfc6455

// window is the last bytes that were decompressed, up to a size: what the next
// compressed bytes may refer back to. It takes room as it fills.
type window struct {
	size int
	ring []byte
	next int // where the oldest byte is, once the ring is full
}

// add appends p and forgets what is then too old.
func (w *window) add(p []byte) {
	if len(p) > w.size {
		p = p[len(p)-w.size:]
	}
	if room := w.size - len(w.ring); room > 0 {
		n := min(room, len(p))
		w.grow(n)
		w.ring = append(w.ring, p[:n]...)
		p = p[n:]
	}
	n := copy(w.ring[w.next:], p)
	if n < len(p) {
		w.next = copy(w.ring, p[n:])
	} else if w.next += n; w.next == w.size {
		w.next = 0
	}
}

// grow makes room for n more bytes, at least twice as much as there was, but not
// beyond the window's size.
func (w *window) grow(n int) {
	if need := len(w.ring) + n; need > cap(w.ring) {
		bigger := make([]byte, len(w.ring), min(w.size, max(need, 2*cap(w.ring))))
		copy(bigger, w.ring)
		w.ring = bigger
	}
}

// appendTo appends the bytes to dst, oldest first.
func (w *window) appendTo(dst []byte) []byte {
	dst = append(dst, w.ring[w.next:]...)
	return append(dst, w.ring[:w.next]...)
}

// reset empties the window and gives it a size. It keeps its room.
func (w *window) reset(size int) {
	w.size, w.ring, w.next = size, w.ring[:0], 0
}

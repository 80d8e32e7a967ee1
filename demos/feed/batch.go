package feed

// A Batch is what a reader gets: either the events after its cursor, in order, or a
// snapshot of the whole state, never both.
type Batch struct {
	// Cursor is the place right after this batch, the one to ask with next.
	Cursor Cursor
	// Events are those after the reader's cursor, if the feed still has them all.
	Events []Event
	// Snapshot is the whole state as JSON. It is nil unless the events cannot be told.
	Snapshot []byte
}

// Empty reports whether there is nothing new in b.
func (b Batch) Empty() bool { return b.Snapshot == nil && len(b.Events) == 0 }

// AppendJSON appends b to dst in the form in which pages get it:
//
//	{"cursor": "k3f9a2-17", "snapshot": false, "events": [{"vote": ...}, {"chat": ...}]}
//	{"cursor": "k3f9a2-17", "snapshot": true, "state": ...}
//
// Each event stands behind its kind. What it says, and the state, are copied as they are: they
// have been encoded once for all readers.
func (b Batch) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"cursor": "`...)
	dst = b.Cursor.append(dst)
	if b.Snapshot != nil {
		dst = append(dst, `", "snapshot": true, "state": `...)
		dst = append(dst, b.Snapshot...)
		return append(dst, '}')
	}
	dst = append(dst, `", "snapshot": false, "events": [`...)
	for i, e := range b.Events {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(dst, `{"`...)
		dst = append(dst, e.Kind...)
		dst = append(dst, `": `...)
		dst = append(dst, e.JSON...)
		dst = append(dst, '}')
	}
	return append(dst, "]}"...)
}

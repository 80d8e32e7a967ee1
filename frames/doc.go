// Package frames turns the bytes of one WebSocket frame into values and back.
//
// A frame is the unit in which WebSocket travels: a header of 2 to 14 bytes,
// then a payload. The whole layout is in RFC 6455 section 5.2:
//
//	byte 0   FIN  RSV1  RSV2  RSV3  opcode (4 bits)
//	byte 1   MASK  length (7 bits: 0-125, or 126, or 127)
//	         126: the real length is in the next 2 bytes
//	         127: the real length is in the next 8 bytes
//	         MASK set: 4 bytes of masking key
//	         the payload
//
// Nothing here reads from a connection and nothing here waits. [ParseHeader]
// and [AppendHeader] are the codec, [Mask] hides and shows a payload,
// [ParseClose] and [AppendClose] handle what a Close frame carries, [UTF8]
// checks text that arrives in pieces, and [State] judges whether a frame may
// come now. [Explain] puts all of that together and names every bit.
//
// A rule that is broken is reported as an [*Error], which names the rule.
package frames

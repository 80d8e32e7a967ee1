// Package handshake reads, writes and judges the opening handshake of a
// WebSocket connection: one HTTP/1.1 request that asks for an upgrade, and one
// response that grants or refuses it (RFC 6455 section 4).
//
// Requests and responses are plain values. [ReadRequest] and [ReadResponse] take
// one from a stream, by hand and within [Limits], and leave every byte behind the
// blank line in the reader: those bytes are frames. [Request.Check] and
// [Response.Check] say whether the other side kept the rules, and if not, which
// rule it broke. Nothing in this package opens, closes or writes to a connection.
//
// A server reads, checks, and sends one of two answers:
//
//	req, err := handshake.ReadRequest(r, handshake.Limits{})
//	if err == nil {
//		err = req.Check(handshake.SameOrigin)
//	}
//	if err != nil {
//		conn.Write(handshake.Refuse(err).Append(nil))
//		return
//	}
//	resp, err := handshake.Accepted(req, handshake.Choice{})
//	...
//	conn.Write(resp.Append(nil))
//
// A client does the mirror image with [ParseURL], [NewKey], [NewRequest],
// [ReadResponse] and [Response.Check].
//
// [Deflate] negotiates the one extension in use, permessage-deflate (RFC 7692):
// its Offer goes into the request, its Answer picks from what was offered, and
// its Agreed reads the answer.
//
// What the other side did wrong comes back as an [*Error]: the rule, the HTTP
// status a server answers with, and one sentence for the person who reads it.
package handshake

package handshake_test

import (
	"bufio"
	"strings"
	"testing"

	"example.com/ws101/handshake"
)

func BenchmarkReadRequest(b *testing.B) {
	source := strings.NewReader(rfcRequest)
	r := bufio.NewReader(source)
	b.SetBytes(int64(len(rfcRequest)))
	b.ReportAllocs()
	for b.Loop() {
		source.Reset(rfcRequest)
		r.Reset(source)
		if _, err := handshake.ReadRequest(r, handshake.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	req := readRequest(b, rfcRequest)
	b.ReportAllocs()
	for b.Loop() {
		if err := req.Check(handshake.AnyOrigin); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAcceptKey(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		handshake.AcceptKey(rfcKey)
	}
}

package frames

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestCount(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "0 bytes", 1: "1 byte", 2: "2 bytes", 999: "999 bytes", 1000: "1,000 bytes",
		123456: "123,456 bytes", 1234567: "1,234,567 bytes", math.MaxUint64: "18,446,744,073,709,551,615 bytes",
	} {
		assert.Equal(t, want, count(n, "byte"))
	}
}

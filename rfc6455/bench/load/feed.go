package load

import (
	"fmt"
	"math/rand/v2"
)

// Feed is message i of a feed of prices, as JSON, cut or filled up to size: it
// compresses as such messages do, and better together with those before.
func Feed(random *rand.Rand, size, i int) []byte {
	p := fmt.Appendf(nil, `{"seq":%d,"prices":[`, i)
	for len(p) < size {
		p = fmt.Appendf(p, `{"symbol":"%s","bid":%.2f,"ask":%.2f,"volume":%d},`,
			symbols[random.IntN(len(symbols))], 90+20*random.Float64(), 90+20*random.Float64(), random.IntN(10_000))
	}
	return p[:size]
}

var symbols = []string{"ACME", "GLOBEX", "INITECH", "UMBRELLA", "HOOLI", "STARK", "WAYNE", "CYBERDYNE"}

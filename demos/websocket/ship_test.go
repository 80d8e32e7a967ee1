package websocket

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func someMembers(n int) []*member {
	all := make([]*member, n)
	for i := range all {
		all[i] = &member{}
	}
	return all
}

func TestShipCallsForEachMemberOnce(t *testing.T) {
	for _, n := range []int{0, 1, 2, 1000} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			want := someMembers(n)
			var got []*member // by one goroutine after the other, as the race detector sees
			ship(want, func(m *member) { got = append(got, m) })
			assert.Len(t, got, n)
			for i := range got {
				assert.Same(t, want[i], got[i])
			}
			assert.Zero(t, time.Since(start))
		})
	}
}

func TestShipGoesOnWithoutThoseWhoAreStuck(t *testing.T) {
	for _, test := range []struct {
		stuck int
		delay time.Duration
	}{{1, 1}, {10, 4}, {200, 8}, {1000, 10}} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			var calls, quick, ended atomic.Int64
			all := someMembers(test.stuck + 50)
			stuck := map[*member]bool{}
			for _, m := range all[:test.stuck] {
				stuck[m] = true // they come first, which is the worst
			}
			ship(all, func(m *member) {
				calls.Add(1)
				if stuck[m] {
					time.Sleep(10 * time.Second)
				} else {
					quick.Add(1)
				}
				ended.Add(1)
			})
			assert.LessOrEqual(t, time.Since(start), test.delay*time.Millisecond, "%d are stuck", test.stuck)
			synctest.Wait() // the last of them may be on its way
			assert.EqualValues(t, 50, quick.Load())
			assert.EqualValues(t, 50, ended.Load())
			time.Sleep(time.Minute)
			assert.EqualValues(t, len(all), calls.Load(), "each of them once")
			assert.EqualValues(t, len(all), ended.Load())
			// The bubble ends only when all goroutines have.
		})
	}
}

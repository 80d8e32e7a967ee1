package rfc6455

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLock(t *testing.T) {
	t.Run("one at a time", func(t *testing.T) {
		var l lock
		assert.True(t, l.tryLock())
		assert.False(t, l.tryLock())
		l.unlock()
		require.NoError(t, l.lock(forever, noEnd))
		assert.False(t, l.tryLock())
		l.unlock()
		assert.True(t, l.tryLock())
	})
	t.Run("it is free: nobody asks the context", func(t *testing.T) {
		over, cancel := context.WithCancel(forever)
		cancel()
		var l lock
		assert.NoError(t, l.lock(over, noEnd))
	})
	t.Run("waiters can give up", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var l lock
			require.True(t, l.tryLock())
			ctx, cancel := context.WithTimeout(forever, time.Second)
			defer cancel()
			giveUp := make(chan struct{})
			over := func() <-chan struct{} { return giveUp }
			one := later(func() error { return l.lock(ctx, over) })
			two := later(func() error { return l.lock(forever, over) })
			three := later(func() error { return l.lock(forever, noEnd) })
			assert.Equal(t, context.DeadlineExceeded, <-one)
			close(giveUp)
			assert.Equal(t, errGaveUp, <-two)
			l.unlock()
			assert.NoError(t, <-three)
			synctest.Wait()
			assert.Zero(t, l.waiters.Load())
			assert.False(t, l.tryLock())
		})
	})
	t.Run("each of many waiters has its turn", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var l lock
			require.True(t, l.tryLock())
			n := 0
			for range 100 {
				go func() {
					l.lock(forever, noEnd)
					n++ // the race detector watches
					l.unlock()
				}()
			}
			synctest.Wait()
			assert.Zero(t, n)
			l.unlock()
			synctest.Wait()
			assert.Equal(t, 100, n)
			assert.True(t, l.tryLock())
		})
	})
	t.Run("a wake-up that nobody took is not too much", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var l lock
			require.True(t, l.tryLock())
			waiting := later(func() error { return l.lock(forever, noEnd) })
			synctest.Wait()
			*l.wake.Load() <- struct{}{} // as if the last one had given up
			synctest.Wait()
			assert.Empty(t, waiting, "the lock is still held")
			l.unlock()
			assert.NoError(t, <-waiting)
		})
	})
}

// Waiters that come, give up, and barge in, all at once. A lost wake-up would
// leave some of them asleep with the lock free: the test would hang.
func TestLockNeverLosesAWakeUp(t *testing.T) {
	for round := range 20 {
		var l lock
		var wg sync.WaitGroup
		n, want := 0, 0
		var count sync.Mutex
		for i := range 8 {
			wg.Go(func() {
				for k := range 200 {
					var err error
					switch (i + k + round) % 4 {
					case 0:
						ctx, cancel := context.WithCancel(forever)
						go cancel()
						err = l.lock(ctx, noEnd)
					case 1:
						if !l.tryLock() {
							continue
						}
					default:
						err = l.lock(forever, noEnd)
					}
					if err != nil {
						continue
					}
					n++
					if k%3 == 0 {
						runtime.Gosched()
					}
					l.unlock()
					count.Lock()
					want++
					count.Unlock()
				}
			})
		}
		wg.Wait()
		require.Equal(t, want, n)
		require.True(t, l.tryLock())
		require.Zero(t, l.waiters.Load())
	}
}

// noEnd is for those who never give up.
func noEnd() <-chan struct{} { return nil }

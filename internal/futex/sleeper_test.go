package futex

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// TestSleeperBeginsATimeSlice: with one P, a goroutine that was ready before
// runs before Prepare returns, unless the time slice is new. The runtime may
// decide otherwise now and then.
func TestSleeperBeginsATimeSlice(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const times = 200
	for name, c := range map[string]struct {
		age   time.Duration
		begun bool
	}{"old": {sliceLasts, true}, "new": {-time.Minute, false}} {
		begun := 0
		for range times {
			s := Sleeper{slice: time.Since(start) - c.age}
			var ran atomic.Bool
			done := make(chan struct{})
			go func() {
				ran.Store(true)
				close(done)
			}()
			s.Prepare()
			if ran.Load() {
				begun++
			}
			<-done
		}
		if begun > times/2 != c.begun {
			t.Errorf("%s time slice: another was begun %d times of %d", name, begun, times)
		}
	}
}

package futex

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// TestSleeperBeginsATimeSlice: with one P, a goroutine that was ready before
// runs before Prepare returns, if we sleep often and the time slice is old. The
// runtime may decide otherwise now and then.
func TestSleeperBeginsATimeSlice(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const times = 200
	for _, c := range []struct {
		slice, slept time.Duration // how long ago
		begun        bool
	}{
		{sliceLasts, -time.Minute, true},
		{-time.Minute, 0, false},
		{sliceLasts, leftAlone, false},
	} {
		begun := 0
		for range times {
			now := time.Since(start)
			s := Sleeper{slice: now - c.slice, slept: now - c.slept}
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
			t.Errorf("the last slice %v ago, the last sleep %v: another was begun %d times of %d", c.slice, c.slept, begun, times)
		}
	}
}

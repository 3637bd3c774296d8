package clock_test

import (
	"math"
	"testing"
	"time"

	"llmp/internal/clock"
)

func TestMoments(t *testing.T) {
	var none clock.Moment
	first := clock.Now()
	if !none.IsZero() || first.IsZero() || !none.Before(first) {
		t.Errorf("none is %d, now is %d", none, first)
	}
	for clock.Since(first) == 0 {
	}
	if second := clock.Now(); !first.Before(second) || second.Before(first) || second.Sub(first) <= 0 {
		t.Errorf("%d, and then %d", first, second)
	}
	later := first.Add(time.Hour)
	if got := later.Sub(first); got != time.Hour {
		t.Errorf("an hour later is %v later", got)
	}
	if left := clock.Until(later); left <= 0 || left > time.Hour {
		t.Errorf("%v until then", left)
	}
	// What is never over lies after all moments.
	if never := first.Add(math.MaxInt64); !later.Before(never) {
		t.Errorf("%d comes before %d", never, later)
	}
	if past := clock.Since(none); past < 50*365*24*time.Hour {
		t.Errorf("none is only %v past", past)
	}
}

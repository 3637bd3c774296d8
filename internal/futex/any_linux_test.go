package futex

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"
)

// TestAnyWordWakes lets each of several words in turn wake who sleeps on all.
func TestAnyWordWakes(t *testing.T) {
	var words [MaxAny]uint32
	all := make([]Word, len(words))
	for i := range words {
		all[i] = Word{Addr: &words[i]}
	}
	if err := WaitAny(all, 0); errors.Is(err, ErrUnsupported) {
		// Before Linux 5.16: what must hold there is that it says so at once.
		if err := WaitAny(all, forever); !errors.Is(err, ErrUnsupported) {
			t.Errorf("got %v after %v", err, ErrUnsupported)
		}
		return
	} else if !errors.Is(err, ErrTimeout) {
		t.Fatalf("without time: %v", err)
	}
	for _, i := range []int{0, 1, 77, len(words) - 1} {
		woken := make(chan error, 1)
		go func() { woken <- WaitAny(all, patient) }()
		for asleep := false; !asleep; asleep = Wake(&words[i], 1) == 1 {
			time.Sleep(time.Millisecond)
		}
		if err := <-woken; err != nil {
			t.Errorf("word %d: %v", i, err)
		}
		atomic.StoreUint32(&words[i], 1)
		if err := WaitAny(all, patient); !errors.Is(err, ErrChanged) {
			t.Errorf("word %d has changed: %v", i, err)
		}
		atomic.StoreUint32(&words[i], 0)
	}
	if err := WaitAny(append(all, Word{Addr: &words[0]}), patient); !errors.Is(err, ErrUnsupported) {
		t.Errorf("one word too many: %v", err)
	}
	if err := WaitAny(nil, patient); !errors.Is(err, ErrUnsupported) {
		t.Errorf("no word at all: %v", err)
	}
}

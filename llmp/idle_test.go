package llmp

import (
	"context"
	"testing"
	"time"

	"llmp/internal/futex"
	"llmp/shmem"
)

// settle goes through rounds until one says to sleep for as long as it may get.
func settle(t *testing.T, l *Loop) (sleep time.Duration) {
	t.Helper()
	for range 1000 {
		r, err := l.Round(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if r.Handled == 0 && r.Sleep != 0 && r.Sleep == sleep {
			return sleep
		}
		sleep = r.Sleep
	}
	t.Fatal("the broker finds no rest")
	return 0
}

// idle is a broker, driven by hand, with so many clients that say nothing.
func idle(t *testing.T, clients int, o Options) (*Broker, *Loop, []*Client) {
	t.Helper()
	b, err := NewBroker(BrokerOptions{Provider: o.Provider})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	if o.Port, err = b.Listen(0); err != nil {
		t.Fatal(err)
	}
	all := make([]*Client, clients)
	for i := range all {
		if all[i], err = Connect(within(t, time.Minute), o); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = all[i].Close() })
	}
	return b, b.NewLoop(), all
}

// TestIdleClientsCostNothing: none of them is looked at in a round, the broker
// sleeps until somebody rings, and then looks at who rang alone. On a system
// that has no membarrier everybody is polled.
func TestIdleClientsCostNothing(t *testing.T) {
	if !futex.Barrier() {
		wantAllPolled(t, Options{Provider: provider(t, shmem.SysV)})
		return
	}
	b, l, clients := idle(t, 64, Options{Provider: provider(t, shmem.SysV)})
	if sleep := settle(t, l); sleep < backstop {
		t.Errorf("it wants to look again after %v", sleep)
	}
	if n := len(b.hot); n != 0 {
		t.Errorf("%d idle clients are polled", n)
	}
	if err := clients[17].Send(1, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	r, err := l.Round(context.Background())
	if err != nil || r.Handled != 1 {
		t.Errorf("the message was not heard of: %+v, %v", r, err)
	}
	if n := len(b.hot); n != 1 {
		t.Errorf("%d clients are polled after one sent", n)
	}
}

// TestIdleClientsCostNothingOnce: nor are they when the host calls Once and never
// sleeps; and nobody who sends is overlooked.
func TestIdleClientsCostNothingOnce(t *testing.T) {
	if !futex.Barrier() {
		t.Skip("without membarrier everybody is polled, which TestIdleClientsCostNothing checks")
	}
	b, _, clients := idle(t, 64, Options{Provider: provider(t, shmem.SysV)})
	for range 200 {
		sent := 0
		for i, c := range clients {
			if i < 2 || i == 17 && b.round > 150 {
				if err := c.Send(1, []byte("hello")); err != nil {
					t.Fatal(err)
				}
				sent++
			}
		}
		if n, err := b.Once(); err != nil || n != sent {
			t.Fatalf("%d of %d messages were handled, %v", n, sent, err)
		}
	}
	if n := len(b.hot); n != 3 {
		t.Errorf("%d clients are polled, want the three that send", n)
	}
}

// TestPeersThatDoNotRing: LibAFL's clients have pages without an annex, so they
// are looked at, but no later than after a millisecond.
func TestPeersThatDoNotRing(t *testing.T) {
	wantAllPolled(t, Options{Provider: provider(t, shmem.SysV), plainPages: true})
}

func wantAllPolled(t *testing.T, o Options) {
	t.Helper()
	b, l, clients := idle(t, 3, o)
	if sleep := settle(t, l); sleep > time.Millisecond {
		t.Errorf("it sleeps for %v", sleep)
	}
	if n := len(b.hot); n != len(clients) {
		t.Errorf("%d of %d clients are polled", n, len(clients))
	}
}

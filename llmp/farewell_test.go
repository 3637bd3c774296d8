package llmp

import (
	"context"
	"errors"
	"testing"
	"time"

	"llmp/shmem"
)

// TestWhoBeginsToReadAtTheEndGetsAll: a client that has joined, and begins to
// read only once the broker is being closed, gets what was sent before, from
// pages in use and from the archive.
func TestWhoBeginsToReadAtTheEndGetsAll(t *testing.T) {
	for name, n := range map[string]uint64{"pages in use": 20, "archive": 3000} {
		t.Run(name, func(t *testing.T) {
			p := provider(t, shmem.SysV)
			b, err := NewBroker(BrokerOptions{Provider: p, PageSize: 1 << 16, Budget: 1 << 20})
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			port, err := b.Listen(0)
			if err != nil {
				t.Fatal(err)
			}
			ran := make(chan error, 1)
			go func() { ran <- b.Run(context.Background()) }()
			for i := range n {
				err := b.Send(1, 0, numbered(i, 1000))
				for ; errors.Is(err, ErrFull); err = b.Send(1, 0, numbered(i, 1000)) {
					time.Sleep(time.Millisecond) // the archive has to keep up
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			c := connect(t, port, p)
			b.Stop()
			if err := <-ran; err != nil {
				t.Fatal(err)
			}
			closed := make(chan error, 1)
			go func() { closed <- b.Close() }()
			for closing := false; !closing; {
				b.mu.Lock()
				closing = b.closing
				b.mu.Unlock()
			}
			ctx := within(t, 60*time.Second)
			for i := range n {
				m, err := c.RecvContext(ctx)
				if err == nil {
					err = checkNumbered(m.Data, i)
				}
				if err != nil {
					t.Fatalf("message %d of %d: %v", i, n, err)
				}
			}
			if m, err := c.RecvContext(ctx); !errors.Is(err, ErrClosed) {
				t.Errorf("after all messages came %+v, %v, want the end", m, err)
			}
			if err := <-closed; err != nil {
				t.Error(err)
			}
		})
	}
}

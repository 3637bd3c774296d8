package llmp

import (
	"context"
	"testing"
	"time"

	"llmp/shmem"
)

// providers are what tests of whole buses run on. On heap the race detector
// sees every access.
func providers(t *testing.T) map[string]shmem.Provider {
	t.Helper()
	all := map[string]shmem.Provider{}
	for _, name := range []string{shmem.Heap, shmem.SysV, shmem.Posix} {
		all[name] = provider(t, name)
	}
	return all
}

func provider(t testing.TB, name string) shmem.Provider {
	t.Helper()
	p, err := shmem.ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// runBroker runs a broker on a free port until the test ends.
func runBroker(t testing.TB, o BrokerOptions) (*Broker, uint16) {
	t.Helper()
	b, err := NewBroker(o)
	if err != nil {
		t.Fatal(err)
	}
	return b, serveBroker(t, b)
}

// serveBroker is runBroker for a broker that is there already.
func serveBroker(t testing.TB, b *Broker) uint16 {
	t.Helper()
	port, err := b.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- b.Run(context.Background()) }()
	t.Cleanup(func() {
		b.Stop()
		if err := <-ran; err != nil {
			t.Errorf("the broker ended with %v", err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return port
}

// connect joins a bus for the time of a test.
func connect(t testing.TB, port uint16, p shmem.Provider) *Client {
	t.Helper()
	c, err := Connect(context.Background(), Options{Port: port, Provider: p})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// eventually waits for what a goroutine is about to do.
func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	ctx := within(t, 60*time.Second)
	for !done() {
		if ctx.Err() != nil {
			t.Fatalf("%s: not within a minute", what)
		}
		time.Sleep(time.Millisecond)
	}
}

// within is a context that ends a test that hangs.
func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

package llmp

import (
	"errors"
	"strings"
	"testing"
	"time"

	"llmp/shmem"
)

// readNumbered receives messages first to first+n-1, which must be all there is.
func readNumbered(t *testing.T, c *Client, first, n uint64) {
	t.Helper()
	ctx := within(t, 120*time.Second)
	for i := range n {
		m, err := c.RecvContext(ctx)
		if err != nil {
			t.Fatalf("message %d of %d: %v", first+i, first+n, err)
		}
		if err := checkNumbered(m.Data, first+i); err != nil {
			t.Fatal(err)
		}
	}
	if m, ok, err := c.Recv(); ok || err != nil {
		t.Fatalf("after all messages came %+v, %v", m, err)
	}
}

// sendNumbered sends messages first to first+n-1 and has them read by reader.
func sendNumbered(t *testing.T, c, reader *Client, first, n uint64, size int) {
	t.Helper()
	ctx := within(t, 120*time.Second)
	for i := first; i < first+n; i++ {
		if err := c.Send(1, numbered(i, size)); err != nil {
			t.Fatal(err)
		}
		for i%50 == 49 {
			m, err := reader.RecvContext(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if string(m.Data) == string(numbered(i, size)) {
				break
			}
		}
	}
}

func underBudget(t *testing.T, b *Broker, budget uint64) {
	t.Helper()
	if s := b.Stats(); s.SharedBytes > budget {
		t.Errorf("%d bytes of shared memory, the budget is %d: %+v", s.SharedBytes, budget, s)
	}
}

// TestLateJoinersGetAllWithinTheBudget sends many times what the budget holds.
func TestLateJoinersGetAllWithinTheBudget(t *testing.T) {
	const budget, n, size = 1 << 20, 20_000, 1000
	for name, p := range providers(t) {
		t.Run(name, func(t *testing.T) {
			b, port := runBroker(t, BrokerOptions{Provider: p, PageSize: 64 << 10, Budget: budget, ArchiveDir: t.TempDir()})
			a, live := connect(t, port, p), connect(t, port, p)
			for done := uint64(0); done < n; done += 1000 {
				sendNumbered(t, a, live, done, 1000, size)
				underBudget(t, b, budget)
			}
			eventually(t, "something goes to disk", func() bool { return b.Stats().ArchivedBytes != 0 })
			if s := b.Stats(); s.Lost != 0 || s.CutOff != 0 {
				t.Errorf("%+v: want an archive, and nobody cut off", s)
			}
			for range 3 {
				readNumbered(t, connect(t, port, p), 0, n)
				underBudget(t, b, budget)
			}
			// Who sent all that has not received anything yet.
			readNumbered(t, a, 0, n)
			underBudget(t, b, budget)
		})
	}
}

// TestJoinersComeWhileOthersSend: nothing is lost or repeated where the history
// ends and the live pages begin.
func TestJoinersComeWhileOthersSend(t *testing.T) {
	const n, size = 6000, 300
	p := provider(t, shmem.Heap)
	_, port := runBroker(t, BrokerOptions{Provider: p, PageSize: 16 << 10, Budget: 1 << 20, ArchiveDir: t.TempDir()})
	a, live := connect(t, port, p), connect(t, port, p)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		sendNumbered(t, a, live, 0, n, size)
	}()
	for done := false; !done; {
		late := connect(t, port, p)
		ctx := within(t, 60*time.Second)
		for i := range uint64(500) {
			m, err := late.RecvContext(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if err := checkNumbered(m.Data, i); err != nil {
				t.Fatal(err)
			}
		}
		if err := late.Close(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-sent:
			done = true
		default:
		}
	}
	readNumbered(t, connect(t, port, p), 0, n)
}

func TestNoHistory(t *testing.T) {
	p := provider(t, shmem.Heap)
	b, port := runBroker(t, BrokerOptions{Provider: p, PageSize: 4096, Budget: 1 << 20, History: HistoryNone})
	a, live := connect(t, port, p), connect(t, port, p)
	sendNumbered(t, a, live, 0, 1000, 200)
	late := connect(t, port, p)
	ctx := within(t, 30*time.Second)
	sendNumbered(t, a, live, 1000, 50, 200)
	first, err := late.RecvContext(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if i := numberOf(first); i > 1000 || i < 1000-4096/200 {
		t.Errorf("the first message is number %d: want one on the page in use when 1000 was due", i)
	}
	if s := b.Stats(); s.ArchivedBytes != 0 {
		t.Errorf("%d bytes on disk without a history", s.ArchivedBytes)
	}
}

// TestMissedWithoutHistory: a client that has connected holds the pages since
// then, but not a full bus before it has begun to receive. Then it is told.
func TestMissedWithoutHistory(t *testing.T) {
	p := provider(t, shmem.Heap)
	b, port := runBroker(t, BrokerOptions{Provider: p, PageSize: 4096, Budget: 1 << 20, History: HistoryNone})
	a, live, idle := connect(t, port, p), connect(t, port, p), connect(t, port, p)
	const fits = 1000
	sendNumbered(t, a, live, 0, fits, 200)
	sendNumbered(t, a, live, fits, 5000, 200)
	if s := b.Stats(); s.CutOff != 0 {
		t.Errorf("%d were cut off, though nobody held up the bus", s.CutOff)
	}
	if m, err := idle.RecvContext(within(t, 30*time.Second)); !errors.Is(err, ErrNotFound) {
		t.Fatalf("got %+v, %v; want ErrNotFound", m, err)
	} else if !strings.Contains(err.Error(), "not begun to receive") || !strings.Contains(err.Error(), "connect anew") {
		t.Errorf("the error does not say what happened, and what to do: %v", err)
	}
	if s := b.Stats(); s.CutOff != 1 {
		t.Errorf("%d were cut off, want the one", s.CutOff)
	}
}

func TestSomeHistory(t *testing.T) {
	const keep, n, size = 200_000, 5000, 200
	p := provider(t, shmem.Heap)
	b, port := runBroker(t, BrokerOptions{Provider: p, PageSize: 4096, Budget: 1 << 20, History: HistoryBytes(keep), ArchiveDir: t.TempDir()})
	a, live := connect(t, port, p), connect(t, port, p)
	sendNumbered(t, a, live, 0, n, size)
	late := connect(t, port, p)
	m, err := late.RecvContext(within(t, 30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	got := n - numberOf(m)
	if got*256 < keep || got*256 > keep+5*4096 {
		t.Errorf("%d messages of 256 bytes, want %d bytes of history and little more", got, keep)
	}
	readNumbered(t, late, numberOf(m)+1, got-1)
	eventually(t, "what is too old is forgotten", func() bool { return b.Stats().ArchivedBytes <= keep+8*4096 })
}

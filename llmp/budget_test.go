package llmp

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"llmp/internal/testkit"
	"llmp/internal/wire"
	"llmp/shmem"
)

// watch looks all the time how much memory a broker's pages take, until the
// function it returns is called, which says the most that was seen.
func watch(b *Broker) func() uint64 {
	var most atomic.Uint64
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		for {
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Microsecond):
				most.Store(max(most.Load(), b.Stats().SharedBytes))
			}
		}
	}()
	return func() uint64 {
		close(stop)
		wg.Wait()
		return max(most.Load(), b.Stats().SharedBytes)
	}
}

// sendSized sends messages 0 to n-1 with sizes of its own choice, each of which
// reader reads before the next but lag are sent.
func sendSized(t *testing.T, c, reader *Client, n uint64, lag uint64, size func(i uint64) int) {
	t.Helper()
	ctx := within(t, 60*time.Second)
	read := uint64(0)
	for i := range n {
		if err := c.Send(1, numbered(i, size(i))); err != nil {
			t.Fatal(err)
		}
		for read+lag < i+1 {
			readOne(ctx, t, reader, read)
			read++
		}
	}
	for ; read < n; read++ {
		readOne(ctx, t, reader, read)
	}
}

func readOne(ctx context.Context, t *testing.T, c *Client, i uint64) {
	t.Helper()
	m, err := c.RecvContext(ctx)
	if err != nil {
		t.Fatalf("message %d: %v", i, err)
	}
	if err := checkNumbered(m.Data, i); err != nil {
		t.Fatal(err)
	}
}

// TestLargeHistoryWithinTheBudget: many joiners are given large messages at the
// same time, one has stopped to read, and the memory stays within its bound:
// the budget, and one page more while a message passes that is larger than that.
func TestLargeHistoryWithinTheBudget(t *testing.T) {
	const budget, page = 1 << 20, 64 << 10
	for name, c := range map[string]struct{ n, joiners, largest, limit int }{
		"larger than private pages": {200, 8, 60_000, budget},
		"larger than pages":         {60, 8, 300_000, budget},
		"larger than the budget":    {10, 4, 3_000_000, budget + int(leanSize(3_000_000+wire.MsgHeader+wire.MsgAlign, page)) + wire.AnnexSize},
	} {
		for pname, p := range providers(t) {
			t.Run(name+"/"+pname, func(t *testing.T) {
				rng := testkit.Rand(t)
				b, port := runBroker(t, BrokerOptions{
					Provider: p, PageSize: page, Budget: budget, SlowTimeout: 300 * time.Millisecond, ArchiveDir: t.TempDir(),
				})
				most := watch(b)
				a, live := connect(t, port, p), connect(t, port, p)
				// The first is small, so that whoever stops there holds pages.
				sendSized(t, a, live, uint64(c.n), 3, func(i uint64) int {
					if i == 0 {
						return 100
					}
					return c.largest/2 + rng.IntN(c.largest/2)
				})
				_ = live.Close() // rather than to stay and hold a page
				stopped := connect(t, port, p)
				readOne(within(t, 30*time.Second), t, stopped, 0)
				var wg sync.WaitGroup
				for range c.joiners {
					late := connect(t, port, p)
					wg.Add(1)
					go func() {
						defer wg.Done()
						defer late.Close() // for the same reason
						ctx := within(t, 60*time.Second)
						for i := range uint64(c.n) {
							m, err := late.RecvContext(ctx)
							if err == nil {
								err = checkNumbered(m.Data, i)
							}
							if err != nil {
								t.Errorf("message %d: %v", i, err)
								return
							}
						}
					}()
				}
				wg.Wait()
				err := error(nil)
				for ok := true; ok && err == nil; {
					_, ok, err = stopped.Recv()
				}
				if cut := b.Stats().CutOff; cut != 0 && (err == nil || !strings.Contains(err.Error(), "too slowly")) {
					t.Errorf("the one who has stopped got %v", err)
				}
				if got := most(); got > uint64(c.limit) {
					t.Errorf("%d bytes of shared memory, want %d at most", got, c.limit)
				}
				if s := b.Stats(); s.CutOff > 1 || s.Lost != 0 {
					t.Errorf("%+v: want nothing lost, and nobody cut off but the one who has stopped", s)
				}
			})
		}
	}
}

// TestLargeMessagesWithinTheBudget: a reader that is behind, and messages a
// third of the budget large.
func TestLargeMessagesWithinTheBudget(t *testing.T) {
	const size = 20 << 20
	p := provider(t, shmem.Default().Name())
	for name, h := range map[string]History{"all": HistoryAll, "none": HistoryNone} {
		t.Run(name, func(t *testing.T) {
			b, port := runBroker(t, BrokerOptions{Provider: p, History: h, ArchiveDir: t.TempDir()})
			most := watch(b)
			a, slow := connect(t, port, p), connect(t, port, p)
			sendSized(t, a, slow, 1, 0, func(uint64) int { return 100 }) // from now on it holds the bus up
			sendSized(t, a, slow, 12, 6, func(uint64) int { return size })
			if got := most(); got > defaultBudget {
				t.Errorf("%d bytes of shared memory, the budget is %d", got, defaultBudget)
			}
		})
	}
}

// TestLargePageIsGivenBack: a message that is larger than the budget is not
// what the broker keeps in memory when it has nothing to do.
func TestLargePageIsGivenBack(t *testing.T) {
	const budget = 1 << 20
	p := provider(t, shmem.Heap)
	b, port := runBroker(t, BrokerOptions{Provider: p, PageSize: 64 << 10, Budget: budget, ArchiveDir: t.TempDir()})
	a, live := connect(t, port, p), connect(t, port, p)
	sendSized(t, a, live, 3, 1, func(uint64) int { return 2 << 20 })
	eventually(t, "the large page is gone", func() bool {
		_, _, err := live.Recv() // it stands at its end until it looks
		return err == nil && b.Stats().SharedBytes <= budget
	})
}

// TestTooManyWhoDoNotReceive: those who have joined and never receive have a
// share of the budget. Beyond it they are refused, and told why.
func TestTooManyWhoDoNotReceive(t *testing.T) {
	const budget = 1 << 20
	p := provider(t, shmem.Heap)
	b, err := NewBroker(BrokerOptions{Provider: p, PageSize: 64 << 10, Budget: budget, ArchiveDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for n := 0; ; n++ {
		_, _, err := b.openEntry()
		if s := b.Stats(); s.SharedBytes > budget {
			t.Fatalf("%d bytes of shared memory with %d who wait, the budget is %d", s.SharedBytes, n, budget)
		}
		if errors.Is(err, ErrFull) && n > budget/8/entryCost {
			t.Log(err)
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

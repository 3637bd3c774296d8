package llmp

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"syscall"
	"testing"
	"time"

	"llmp/internal/clock"
	"llmp/internal/testkit"
	"llmp/shmem"
)

func init() { testkit.Role("reader", roleReader) }

// roleReader reads the bus on a port and checks all it gets: PORT, the number
// of messages to read, and "ours" or "counted". It says how many it has read
// after the first, and how it ended.
func roleReader(args []string) error {
	port, err := strconv.ParseUint(args[0], 10, 16)
	if err != nil {
		return err
	}
	n, err := strconv.ParseUint(args[1], 10, 64)
	if err != nil {
		return err
	}
	c, err := Connect(context.Background(), Options{Port: uint16(port), counted: args[2] == "counted"})
	if err != nil {
		return err
	}
	defer c.Close()
	for i := range n {
		m, err := c.RecvContext(context.Background())
		if errors.Is(err, ErrNotFound) {
			fmt.Println("cut off")
			return nil
		}
		if err != nil {
			return err
		}
		if err := checkNumbered(m.Data, i); err != nil {
			return err
		}
		if i == 0 {
			fmt.Println("reading")
		}
	}
	fmt.Println("all")
	return nil
}

func spawnReader(t *testing.T, port uint16, n uint64, kind string) *testkit.Process {
	return testkit.Spawn(t, "reader", strconv.Itoa(int(port)), strconv.FormatUint(n, 10), kind)
}

func signal(t *testing.T, p *testkit.Process, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(p.PID, s); err != nil {
		t.Fatal(err)
	}
}

// impatientBus is a bus with little room, on which who is slow for a while is cut
// off: its broker, a client that sends, and one that reads.
func impatientBus(t *testing.T, p shmem.Provider, budget int64, slow time.Duration) (b *Broker, port uint16, a, live *Client) {
	t.Helper()
	b, port = runBroker(t, BrokerOptions{Provider: p, PageSize: 64 << 10, Budget: budget, SlowTimeout: slow, ArchiveDir: t.TempDir()})
	return b, port, connect(t, port, p), connect(t, port, p)
}

// TestStoppedReaderIsCutOff: a reader that was stopped holds up the bus for the
// slow time-out and no longer; when it goes on it is told, and has read nothing
// but right bytes.
func TestStoppedReaderIsCutOff(t *testing.T) {
	const budget, n, size = 1 << 20, 5000, 1000
	for _, kind := range []string{"ours", "counted"} {
		t.Run(kind, func(t *testing.T) {
			p := provider(t, shmem.SysV)
			b, port, a, live := impatientBus(t, p, budget, 300*time.Millisecond)
			child := spawnReader(t, port, n, kind)
			sendNumbered(t, a, live, 0, 10, size) // so that it is not still reading the history
			if line := child.ReadLine(); line != "reading" {
				t.Fatalf("the reader said %q", line)
			}
			signal(t, child, syscall.SIGSTOP)
			sendNumbered(t, a, live, 10, n-10, size)
			underBudget(t, b, budget)
			if s := b.Stats(); s.CutOff != 1 {
				t.Errorf("%d were cut off, want the one that was stopped: %+v", s.CutOff, s)
			}
			signal(t, child, syscall.SIGCONT)
			if line := child.ReadLine(); line != "cut off" {
				t.Errorf("the reader that was stopped said %q", line)
			}
			if err := child.Wait(); err != nil {
				t.Error(err)
			}
			readNumbered(t, connect(t, port, p), 0, n)
		})
	}
}

// TestKilledReadersHoldUpNothing kills readers of both kinds while they read.
func TestKilledReadersHoldUpNothing(t *testing.T) {
	const budget, n, size = 1 << 20, 6000, 1000
	p := provider(t, shmem.SysV)
	b, port, a, live := impatientBus(t, p, budget, 500*time.Millisecond)
	sendNumbered(t, a, live, 0, 10, size)
	rng := testkit.Rand(t)
	sent := uint64(10)
	for i := range 6 {
		child := spawnReader(t, port, 1<<40, []string{"ours", "counted"}[i%2])
		if line := child.ReadLine(); line != "reading" {
			t.Fatalf("the reader said %q", line)
		}
		more := 100 + rng.Uint64N(600)
		sendNumbered(t, a, live, sent, more, size)
		sent += more
		child.Kill()
	}
	sendNumbered(t, a, live, sent, n-sent, size)
	underBudget(t, b, budget)
	readNumbered(t, connect(t, port, p), 0, n)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.readers.swept = 0
	b.readers.sweep(clock.Now())
	for i := range b.bell.slots() {
		if o := b.bell.owner(i); o.pid != 0 && o.pid != self().pid {
			t.Errorf("slot %d still belongs to process %d", i, o.pid)
		}
	}
}

// TestFullBusLosesNothing: while a receiver does not read, sends are refused in
// the end; what was sent arrives once it reads on.
func TestFullBusLosesNothing(t *testing.T) {
	for name, hooks := range map[string]int{"runs": 0, "hooks": 1} {
		t.Run(name, func(t *testing.T) {
			p := provider(t, shmem.Heap)
			b, err := NewBroker(BrokerOptions{
				Provider: p, PageSize: 8 << 10, Budget: 1 << 20, SlowTimeout: WaitForever, ArchiveDir: t.TempDir(),
			})
			if err != nil {
				t.Fatal(err)
			}
			for range hooks {
				b.AddHook(func(b *Broker, _ ClientID, m *Message) Verdict {
					return Forward
				})
			}
			port := serveBroker(t, b)
			a, err := Connect(context.Background(), Options{Port: port, Provider: p, PageSize: 8 << 10, SendTimeout: NoWait})
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			slow := connect(t, port, p)
			if err := a.Send(1, numbered(0, 100)); err != nil {
				t.Fatal(err)
			}
			ctx := within(t, 60*time.Second)
			if m, err := slow.RecvContext(ctx); err != nil || checkNumbered(m.Data, 0) != nil {
				t.Fatal(m, err)
			}
			sent, refused := uint64(1), 0
			for refused < 200 { // for good: the broker gets its turns in between
				switch err := a.Send(1, numbered(sent, 100)); {
				case err == nil:
					sent, refused = sent+1, 0
				case errors.Is(err, ErrFull):
					refused++
					time.Sleep(time.Millisecond)
				default:
					t.Fatal(err)
				}
				if sent > 100_000 {
					t.Fatal("the bus never fills up")
				}
			}
			underBudget(t, b, 1<<20)
			for i := uint64(1); i < sent; i++ {
				m, err := slow.RecvContext(ctx)
				if err != nil {
					t.Fatal(err)
				}
				if err := checkNumbered(m.Data, i); err != nil {
					t.Fatal(err)
				}
			}
			if err := a.Send(1, numbered(sent, 100)); err != nil {
				t.Fatal(err)
			}
			readNumbered(t, slow, sent, 1)
			readNumbered(t, connect(t, port, p), 0, sent+1)
			if s := b.Stats(); s.CutOff != 0 || s.Dropped != 0 {
				t.Errorf("%+v: nobody was to be cut off, nothing dropped", s)
			}
		})
	}
}

// TestMessagesLargerThanTheBudget pass all the same, and leave nothing behind.
func TestMessagesLargerThanTheBudget(t *testing.T) {
	const budget = 1 << 20
	p := provider(t, shmem.SysV)
	b, port := runBroker(t, BrokerOptions{Provider: p, PageSize: 64 << 10, Budget: budget, ArchiveDir: t.TempDir()})
	a, live := connect(t, port, p), connect(t, port, p)
	const n = 30
	size := func(i uint64) int {
		if i%7 == 3 {
			return 3 << 20
		}
		return 5000
	}
	ctx := within(t, 60*time.Second)
	for i := range uint64(n) {
		if err := a.Send(1, numbered(i, size(i))); err != nil {
			t.Fatal(err)
		}
		m, err := live.RecvContext(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := checkNumbered(m.Data, i); err != nil {
			t.Fatal(err)
		}
	}
	// Whoever stood on the last large page and did not read on would hold up the
	// joiner, and be cut off.
	eventually(t, "the last large page is left", func() bool {
		_, ok, err := live.Recv()
		return !ok && err == nil && b.Stats().SharedBytes <= budget
	})
	readNumbered(t, connect(t, port, p), 0, n)
	sendNumbered(t, a, live, n, 9000, 1000) // beyond the last large page
	underBudget(t, b, budget)
}

// TestCutOffClientConnectsAnew: the process of a receiver that was cut off
// connects anew, as it is told to, and gets the same slot. From then on its place
// counts as anybody's does.
func TestCutOffClientConnectsAnew(t *testing.T) {
	const budget, n, size = 1 << 20, 3000, 1000
	p := provider(t, shmem.SysV)
	b, port, a, live := impatientBus(t, p, budget, 300*time.Millisecond)
	sent := uint64(10)
	sendNumbered(t, a, live, 0, sent, size)
	for cut := uint64(1); cut <= 3; cut++ {
		late := connect(t, port, p)
		readNumbered(t, late, 0, sent)
		due := sent
		sendNumbered(t, a, live, sent, n, size)
		sent += n
		if s := b.Stats(); s.CutOff != cut {
			t.Errorf("%d were cut off, want %d: %+v", s.CutOff, cut, s)
		}
		for {
			m, ok, err := late.Recv()
			if errors.Is(err, ErrNotFound) {
				break
			}
			if err != nil || !ok {
				t.Fatalf("one that was cut off got %v, %v at message %d", ok, err, due)
			}
			if err := checkNumbered(m.Data, due); err != nil {
				t.Fatal(err)
			}
			due++
		}
		_ = late.Close()
	}
}

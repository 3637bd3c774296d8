package futex

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"llmp/internal/testkit"
	"llmp/shmem"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func init() { testkit.Role("pong", rolePong) }

const (
	forever = time.Duration(-1)
	patient = 30 * time.Second // for what happens at once unless something is broken
	tries   = 10000
)

// wake wakes exactly n sleepers, waiting until they sleep.
func wake(t *testing.T, addr *uint32, n, atOnce int) {
	t.Helper()
	for range tries {
		got := Wake(addr, min(n, atOnce))
		if got > min(n, atOnce) {
			t.Fatalf("woke %d, want at most %d", got, min(n, atOnce))
		}
		if n -= got; n == 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("%d sleepers are missing", n)
}

func TestWakeWakesThoseWhoWait(t *testing.T) {
	for _, atOnce := range []int{1, All} {
		for _, timeout := range []time.Duration{forever, patient} {
			var word uint32 = 7
			const sleepers = 3
			woken := make(chan error, sleepers)
			for range sleepers {
				go func() { woken <- Wait(&word, 7, timeout) }()
			}
			wake(t, &word, sleepers, atOnce)
			for range sleepers {
				if err := <-woken; err != nil {
					t.Errorf("%d at once, time-out %v: %v", atOnce, timeout, err)
				}
			}
		}
	}
}

func TestWakeWithoutSleepers(t *testing.T) {
	var word uint32
	if n := Wake(&word, All); n != 0 {
		t.Errorf("woke %d", n)
	}
}

func TestWaitLooksAtTheWordFirst(t *testing.T) {
	waits := map[string]func(*uint32, uint32, time.Duration) error{"futex": Wait, "poll": poll, "sleeper": new(Sleeper).Wait}
	for name, wait := range waits {
		word := uint32(1)
		for _, timeout := range []time.Duration{forever, 0, patient} {
			if err := wait(&word, 2, timeout); !errors.Is(err, ErrChanged) {
				t.Errorf("%s, another value, time-out %v: %v", name, timeout, err)
			}
		}
		for _, timeout := range []time.Duration{0, 1, 2 * time.Millisecond} {
			if err := wait(&word, 1, timeout); !errors.Is(err, ErrTimeout) {
				t.Errorf("%s, same value, time-out %v: %v", name, timeout, err)
			}
		}
	}
}

func TestPollSeesAChange(t *testing.T) {
	var word uint32
	done := make(chan error)
	go func() { done <- poll(&word, 0, forever) }()
	atomic.StoreUint32(&word, 1)
	if err := <-done; !errors.Is(err, ErrChanged) {
		t.Error(err)
	}
}

// A ball goes back and forth between two processes: the word counts the throws.
const throws = 1000

// play throws when the count is even (or odd) and sleeps until it is.
func play(word *uint32, parity uint32) error {
	for {
		n := atomic.LoadUint32(word)
		if n >= throws {
			return nil
		}
		if n%2 == parity {
			atomic.StoreUint32(word, n+1)
			Wake(word, All)
		} else if err := Wait(word, n, patient); errors.Is(err, ErrTimeout) {
			return fmt.Errorf("throw %d: %w", n, err)
		}
	}
}

func rolePong(args []string) error {
	id, err := shmem.ParseID(args[0])
	if err != nil {
		return err
	}
	m, err := shmem.Default().Attach(id, 4096)
	if err != nil {
		return err
	}
	defer m.Close()
	return play(firstWord(m), 1)
}

func firstWord(m shmem.Map) *uint32 { return (*uint32)(unsafe.Pointer(&m.Bytes()[0])) }

func TestTwoProcesses(t *testing.T) {
	m, err := shmem.Default().Create(4096, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	child := testkit.Spawn(t, "pong", m.ID().String())
	if err := play(firstWord(m), 0); err != nil {
		t.Error(err)
	}
	if err := child.Wait(); err != nil {
		t.Error(err)
	}
}

func TestBarrierSaysWhatTheSystemCan(t *testing.T) {
	mask, _, errno := unix.Syscall(unix.SYS_MEMBARRIER, 0, 0, 0) // MEMBARRIER_CMD_QUERY
	can := errno == 0 && mask&globalExpedited != 0
	for range 2 {
		if got := RegisterBarrier(); got != can {
			t.Errorf("register: %v, want %v", got, can)
		}
		if got := Barrier(); got != can {
			t.Errorf("barrier: %v, want %v", got, can)
		}
	}
}

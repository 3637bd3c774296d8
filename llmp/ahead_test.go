package llmp

import (
	"errors"
	"math/rand/v2"
	"testing"

	"llmp/internal/testkit"
	"llmp/internal/wire"
	"llmp/shmem"
)

// Recv reads more than it returns. Nobody may notice.

// aheadCase is a sender whose messages carry their number, and what a receiver
// that passes over some of them is to get.
type aheadCase struct {
	t    *testing.T
	rng  *rand.Rand
	s    *Sender
	r    *Receiver
	next uint64 // the number that r gets next
}

const (
	heardID   = 3
	skippedID = 4
)

func newAheadCase(t *testing.T, pageSize int) *aheadCase {
	t.Helper()
	o := Options{Provider: provider(t, shmem.Heap), PageSize: pageSize, MaxPendingPages: 1024}
	s, err := NewSender(heardID, o)
	if err != nil {
		t.Fatal(err)
	}
	d := s.Map()
	d.Offset = NoOffset
	r, err := AttachReceiver(d, o)
	if err != nil {
		t.Fatal(err)
	}
	r.skip(skippedID)
	t.Cleanup(func() { _, _ = s.Close(), r.Close() })
	return &aheadCase{t: t, rng: testkit.Rand(t), s: s, r: r}
}

// send sends messages first to first+n-1, and others in between.
func (a *aheadCase) send(first, n uint64) {
	a.t.Helper()
	for i := first; i < first+n; i++ {
		for a.rng.IntN(4) == 0 {
			if err := a.s.send(7, 0, skippedID, nil); err != nil {
				a.t.Fatal(err)
			}
		}
		tag := Tag(a.rng.Uint32())
		if wire.Reserved(uint32(tag)) {
			tag = 7
		}
		if err := a.s.Send(tag, numbered(i, 8+a.rng.IntN(100))); err != nil {
			a.t.Fatal(err)
		}
	}
}

// got checks the message that came next.
func (a *aheadCase) got(m *Message) {
	a.t.Helper()
	if err := checkNumbered(m.Data, a.next); err != nil || m.Sender != heardID {
		a.t.Fatalf("from %d instead of message %d: %v", m.Sender, a.next, err)
	}
	a.next++
}

// receive receives messages one by one or several at once; false: there is none.
func (a *aheadCase) receive() bool {
	a.t.Helper()
	if a.rng.IntN(4) > 0 {
		m, ok, err := a.r.Recv()
		if err != nil {
			a.t.Fatal(err)
		}
		if ok {
			a.got(&m)
		} else if m.ID != 0 || m.Data != nil {
			a.t.Fatalf("no message, but %+v", m)
		}
		return ok
	}
	into := make([]Message, 1+a.rng.IntN(5))
	n, err := a.r.RecvMany(into)
	if err != nil {
		a.t.Fatal(err)
	}
	for i := range into[:n] {
		a.got(&into[i])
	}
	return n != 0
}

func TestEachMessageOnceHoweverReceived(t *testing.T) {
	a := newAheadCase(t, 4096)
	const n = 5000
	for sent := uint64(0); sent < n; {
		more := a.rng.Uint64N(60)
		a.send(sent, more)
		sent += more
		for a.rng.IntN(50) != 0 && a.receive() {
		}
	}
	last := a.next
	for a.receive() {
		last++
	}
	if a.next < n {
		t.Errorf("%d messages came, at least %d were sent", a.next, n)
	}
}

// Whoever takes over gets all that its predecessor has not returned, and the
// predecessor itself goes on where it was.
func TestMapIsBehindTheLastReturned(t *testing.T) {
	a := newAheadCase(t, 1<<20)
	const n = 300
	a.send(0, n)
	for a.next < n {
		a.receive()
		if a.rng.IntN(3) > 0 {
			continue
		}
		r, err := AttachReceiver(a.r.Map(), a.r.opts)
		if err != nil {
			t.Fatal(err)
		}
		r.skip(skippedID)
		m, ok, err := r.Recv()
		if err != nil || ok != (a.next < n) {
			t.Fatalf("after %d of %d messages the successor finds one: %v, %v", a.next, n, ok, err)
		}
		if ok {
			if err := checkNumbered(m.Data, a.next); err != nil {
				t.Fatalf("the successor: %v", err)
			}
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// An end is told of behind the messages that came before it, and a receiver
// that is closed returns none of those it has read.
func TestEndsComeAfterTheMessages(t *testing.T) {
	a := newAheadCase(t, 1<<20)
	const n = 20
	a.send(0, n)
	if err := a.s.Close(); err != nil {
		t.Fatal(err)
	}
	for range n {
		m, ok, err := a.r.Recv()
		if !ok || err != nil {
			t.Fatalf("instead of message %d: %v", a.next, err)
		}
		a.got(&m)
	}
	if _, ok, err := a.r.Recv(); ok || !errors.Is(err, ErrClosed) {
		t.Errorf("behind the last message: %v, %v", ok, err)
	}

	a = newAheadCase(t, 1<<20)
	a.send(0, n)
	a.receive()
	if err := a.r.Close(); err != nil {
		t.Fatal(err)
	}
	if m, ok, err := a.r.Recv(); ok || !errors.Is(err, ErrClosed) || m.Data != nil {
		t.Errorf("after Close: %+v, %v, %v", m, ok, err)
	}
	if n, err := a.r.RecvMany(make([]Message, 4)); n != 0 || !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %d messages, %v", n, err)
	}
}

package llmp

import (
	"errors"
	"testing"
	"time"

	"llmp/shmem"
)

// TestOwnTime: on a page on which one reader has stopped, another that came a
// moment ago, or is on its way there, is not cut off together with it, but when
// it has had its own time, or the page has been waited for twice as long.
func TestOwnTime(t *testing.T) {
	for where, there := range map[string]bool{"there": true, "on its way": false} {
		for then, reads := range map[string]bool{"reads on": true, "stops": false} {
			for name, p := range providers(t) {
				t.Run(where+"/"+then+"/"+name, func(t *testing.T) { testOwnTime(t, p, there, reads) })
			}
		}
	}
}

func testOwnTime(t *testing.T, p shmem.Provider, there, reads bool) {
	const slow = time.Hour
	b, err := NewBroker(BrokerOptions{Provider: p, PageSize: 8 << 10, Budget: 1 << 20, SlowTimeout: slow, ArchiveDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	sent := uint64(0)
	send := func() error {
		err := b.Send(1, 0, numbered(sent, 2500))
		if err == nil {
			sent++
		}
		return err
	}
	for sent < 100 { // so that the first pages are history
		if err := send(); err != nil {
			t.Fatal(err)
		}
	}
	stopped := join(t, b, p)
	defer stopped.r.Close()
	stopped.readUntil(t, func() bool { return stopped.due == sent })
	held := stopped.r.seq
	eventually(t, "the bus is full, and the page is waited for", func() bool {
		return send() != nil && b.pages.held.seq == held && b.pages.pages[0].archived.Load()
	})
	passTime(b, slow-time.Minute)
	late := join(t, b, p)
	defer late.r.Close()
	late.readUntil(t, func() bool { return late.e.state == entryLinked })
	if late.e.link.seq != held {
		t.Fatalf("the joiner was led to page %d, want %d", late.e.link.seq, held)
	}
	if there {
		late.readUntil(t, func() bool { return late.r.seq == held })
	}
	press(b) // the broker sees it
	passTime(b, time.Minute)
	press(b) // who has stopped had its time
	press(b) // for those who are left
	if got := b.Stats().CutOff; got != 1 {
		t.Errorf("%d were cut off, want the one that has stopped", got)
	}
	if err := stopped.end(); !errors.Is(err, ErrNotFound) {
		t.Errorf("who has stopped got %v", err)
	}
	if reads {
		late.readUntil(t, func() bool { return late.due == sent })
		return
	}
	passTime(b, slow)
	press(b)
	press(b)
	if got := b.Stats().CutOff; got != 2 {
		t.Errorf("%d were cut off, want both", got)
	}
	if err := late.end(); !errors.Is(err, ErrNotFound) {
		t.Errorf("who has stopped later got %v", err)
	}
}

// A visitor is a reader of a broker that only does what it is told to.
type visitor struct {
	b   *Broker
	r   *Receiver
	e   *entry
	due uint64
}

func join(t *testing.T, b *Broker, p shmem.Provider) *visitor {
	t.Helper()
	e, door, err := b.openEntry()
	if err != nil {
		t.Fatal(err)
	}
	e.known = true
	r, err := AttachReceiver(door, Options{Provider: p})
	if err != nil {
		t.Fatal(err)
	}
	return &visitor{b: b, r: r, e: e}
}

// readUntil reads one message after the other, and has the broker go on, until
// something is so.
func (j *visitor) readUntil(t *testing.T, so func() bool) {
	t.Helper()
	eventually(t, "reading", func() bool {
		if _, err := j.b.Once(); err != nil {
			t.Fatal(err)
		}
		if so() {
			return true
		}
		m, ok, err := j.r.Recv()
		if err != nil {
			t.Fatalf("message %d: %v", j.due, err)
		}
		if ok {
			if err := checkNumbered(m.Data, j.due); err != nil {
				t.Fatal(err)
			}
			j.due++
		}
		return so()
	})
}

// end reads what is there, and returns the error behind it.
func (j *visitor) end() error {
	for {
		if _, ok, err := j.r.Recv(); err != nil || !ok {
			return err
		}
	}
}

// press does what a broker does that has to send on a full bus.
func press(b *Broker) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pages.press()
}

// passTime lets time pass for the page that a full bus waits for, and those who
// stand on it; for joiners on their way there it stands still.
func passTime(b *Broker, d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	held := &b.pages.held
	held.since = held.since.Add(-d)
	for i, s := range held.stays {
		s.since = s.since.Add(-d)
		held.stays[i] = s
	}
}

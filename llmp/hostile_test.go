package llmp

import (
	"testing"
	"time"

	"llmp/internal/wire"
	"llmp/shmem"
)

// FuzzReaderSlots: another process writes what it likes into the reader slots
// of the bell and into what pages say about their readers. The broker must go
// on: no panic, no end of memory, and who reads gets right bytes or an error.
func FuzzReaderSlots(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8})
	f.Add([]byte{255, 255, 255, 255, 255, 255, 255, 255, 8, 0, 0, 16, 255, 255})
	p, err := shmem.ByName(shmem.Heap)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 512 {
			return
		}
		b, err := NewBroker(BrokerOptions{Provider: p, PageSize: 4096, Budget: 512 << 10, SlowTimeout: time.Nanosecond, History: HistoryNone})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		r, err := AttachReceiver(b.Map(), Options{Provider: p})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		sent, due := uint64(0), uint64(0)
		for len(script) >= 4 {
			scribble(b, script)
			script = script[4:]
			for range 8 {
				if b.Send(1, 0, numbered(sent, 900)) == nil {
					sent++
				}
			}
			if _, err := b.Once(); err != nil {
				t.Fatal(err)
			}
			_, _ = b.rest(0)
			for {
				m, ok, err := r.Recv()
				if !ok || err != nil {
					break
				}
				if err := checkNumbered(m.Data, due); err != nil {
					t.Fatal(err)
				}
				due++
			}
			if n := len(b.pages.pages) + len(b.pages.ghosts) + len(b.pages.spare); n > 200 {
				t.Fatalf("%d pages", n)
			}
		}
	})
}

// scribble writes a word where it may hurt, as the first bytes of script say.
func scribble(b *Broker, script []byte) {
	value := uint64(script[1]) | uint64(script[2])<<8 | uint64(script[3])<<56
	if script[1] == 255 {
		value = ^uint64(0)
	}
	slot := uint64(script[2]) % wire.BellReaders
	pages := b.pages.mapped()
	pg := pages[int(script[3])%len(pages)]
	switch script[0] % 8 {
	case 0:
		*u64(b.bell.base, wire.BellOffReaders+slot*wire.ReaderSlot+wire.ReaderOffPid) = value
	case 1:
		*u64(b.bell.base, wire.BellOffReaders+slot*wire.ReaderSlot+wire.ReaderOffPlace) = value
	case 2:
		*u32(b.bell.base, wire.BellOffHigh) = uint32(value)
	case 3:
		*u64(pg.annex, wire.AnnexOffMapped+8*(slot%16)) = value
	case 4:
		*u32(pg.base, wire.PageOffJoined) = uint32(value)
	case 5:
		*u32(pg.annex, wire.AnnexOffClaim) = uint32(value)
	case 6:
		for _, e := range b.entries.all {
			*u32(e.door.base, wire.PageOffJoined) = uint32(value)
			*u32(e.s.page.annex, wire.AnnexOffArrived) = uint32(value)
		}
	case 7:
		*u64(b.bell.base, wire.BellOffRang+8*(slot%64)) = value
	}
}

// FuzzFollow: the pages that a receiver reads, and their annexes, hold what
// another process likes. It must end or find nothing; never panic, nor loop.
func FuzzFollow(f *testing.F) {
	f.Add([]byte{}, []byte{})
	f.Add(make([]byte, 200), make([]byte, 400))
	p, err := shmem.ByName(shmem.Heap)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, first, annexes []byte) {
		s, err := newSenderOn(entryPage, 0, mustDefaults(t, Options{Provider: p, MaxPendingPages: 1024}), ringOnPage)
		if err != nil {
			t.Fatal(err)
		}
		defer s.release()
		opened := s.page
		fill := func(pg *page, from []byte) {
			copy(bytesAt(pg.annex, wire.AnnexOffFlags, wire.AnnexSize-wire.AnnexOffFlags), from)
		}
		fill(s.page, annexes)
		for i := range 3 {
			if err := s.Send(Tag(i), make([]byte, 3000)); err != nil {
				t.Fatal(err)
			}
			fill(s.page, annexes[len(annexes)*i/4:])
		}
		copy(bytesAt(opened.base, wire.PageOffCurrentID, opened.size-wire.PageOffCurrentID), first)
		r, err := AttachReceiver(MapDescription{ID: opened.m.ID(), Size: opened.size, Offset: NoOffset}, Options{Provider: p})
		if err != nil {
			return
		}
		defer r.Close()
		for range 10_000 {
			if _, ok, err := r.Recv(); !ok || err != nil {
				break
			}
		}
		if len(r.kept) > maxKept {
			t.Fatalf("%d pages are kept", len(r.kept))
		}
	})
}

func mustDefaults(t *testing.T, o Options) Options {
	t.Helper()
	o, err := o.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestCountersThatWrapProveNothing: 65536 readers count as none in 16 bits.
func TestCountersThatWrapProveNothing(t *testing.T) {
	p := provider(t, shmem.Heap)
	pg, err := newPage(p, 4096, wire.AnnexSize, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer pg.close()
	for _, c := range []struct {
		came         uint64
		joined, left int
		over         bool
	}{
		{0, 0, 0, true},
		{1, 0, 0, false},
		{1, 1, 0, false},
		{1, 1, 1, true},
		{0, 0, 1, true}, // one that came by a description
		{65535, 65535, 65535, true},
		{65536, 0, 0, false},
		{65536, 65536, 65536, false},
		{65537, 1, 1, false},
		{3, 2, 3, false},
	} {
		*u32(pg.base, wire.PageOffJoined) = 0
		for range c.joined {
			addJoined(pg.base)
		}
		for range c.left {
			addLeft(pg.base)
		}
		lp := &livePage{pg: pg, came: c.came}
		if got := lp.counted(); got != c.over {
			t.Errorf("%d came, %d joined, %d left: %v", c.came, c.joined, c.left, got)
		}
	}
}

// TestForwardingAllocatesNothing counts what the broker allocates
// per message with a hook, and without.
func TestForwardingAllocatesNothing(t *testing.T) {
	for name, hooks := range map[string]int{"runs": 0, "hooks": 2} {
		t.Run(name, func(t *testing.T) {
			p := provider(t, shmem.SysV)
			b, err := NewBroker(BrokerOptions{Provider: p, History: HistoryNone})
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			for range hooks {
				b.AddHook(func(_ *Broker, _ ClientID, m *Message) Verdict {
					m.Tag++
					return Forward
				})
			}
			c, err := NewClient(b.Map().ID, int(b.Map().Size), 1, Options{Provider: p})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err := b.AddClient(c.Map().ID, int(c.Map().Size)); err != nil {
				t.Fatal(err)
			}
			payload := make([]byte, 64)
			got := 0
			round := func() {
				for range 100 {
					if err := c.Send(1, payload); err != nil {
						t.Fatal(err)
					}
				}
				if _, err := b.Once(); err != nil {
					t.Fatal(err)
				}
				for {
					_, ok, err := c.Recv()
					if err != nil {
						t.Fatal(err)
					}
					if !ok {
						break
					}
					got++
				}
			}
			round()
			if n := testing.AllocsPerRun(50, round); n > 0 { // within a page
				t.Errorf("%v allocations for 100 messages", n)
			}
			if got != 52*100 {
				t.Errorf("%d messages came back", got)
			}
		})
	}
}

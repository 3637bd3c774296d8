package llmp

import (
	"sync/atomic"
	"unsafe"

	"llmp/internal/cursor"
	"llmp/internal/futex"
	"llmp/internal/wire"
	"llmp/shmem"
)

// A bell is the small map by which our own clients wake their broker. LibAFL's
// peers know nothing of it and are polled.
//
// Per client there is one word, want: not 0 while the broker does not poll
// that client and asks to be rung. A client looks at its word after each
// commit; it costs a load of a line that rarely changes. Ringing sets the
// client's bit among those who rang, and changes seq, on which the broker
// sleeps. See docs/concurrency.md for why no message is overlooked.
type bell struct {
	m    shmem.Map
	base unsafe.Pointer
}

func newBell(p shmem.Provider) (*bell, error) {
	m, err := p.Create(wire.BellSize, 0)
	if err != nil {
		return nil, mapError(err, "making the broker's bell")
	}
	b := &bell{m: m, base: baseOf(m.Bytes())}
	atomic.StoreUint64(u64(b.base, wire.BellOffMagic), wire.BellMagic)
	return b, nil
}

// findBell attaches the bell that the annex of a broker's page names; nil
// where there is none.
func findBell(p shmem.Provider, pg *page) *bell {
	if pg.annex == nil {
		return nil
	}
	var id shmem.ID
	copy(id[:], bytesAt(pg.annex, wire.AnnexOffBellID, shmem.IDLen))
	size := *u64(pg.annex, wire.AnnexOffBellLen)
	if id[0] == 0 || id[shmem.IDLen-1] != 0 || size != wire.BellSize {
		return nil
	}
	m, err := p.Attach(id, wire.BellSize)
	if err != nil {
		return nil
	}
	b := &bell{m: m, base: baseOf(m.Bytes())}
	if atomic.LoadUint64(u64(b.base, wire.BellOffMagic)) != wire.BellMagic {
		b.close()
		return nil
	}
	return b
}

// announceOn tells clients that find this broker's page where the bell is.
func (b *bell) announceOn(pg *page) {
	if pg.annex == nil {
		return
	}
	id := b.m.ID()
	copy(bytesAt(pg.annex, wire.AnnexOffBellID, shmem.IDLen), id[:])
	*u64(pg.annex, wire.AnnexOffBellLen) = wire.BellSize
}

func (b *bell) close() {
	if b != nil {
		_ = b.m.Close()
	}
}

func (b *bell) seq() *uint32      { return u32(b.base, wire.BellOffSeq) }
func (b *bell) sleeping() *uint32 { return u32(b.base, wire.BellOffSleeping) }
func (b *bell) want(id ClientID) *uint32 {
	return u32(b.base, wire.BellOffWant+4*uint64(id))
}
func (b *bell) rang(word int) *uint64 { return u64(b.base, wire.BellOffRang+8*uint64(word)) }

// ringFor is how the client with this id rings.
func (b *bell) ringFor(id ClientID) cursor.Ring {
	return cursor.Ring{
		Want: b.want(id), Futex: b.seq(), Sleeping: b.sleeping(),
		Rang: b.rang(int(id / 64)), Bit: 1 << (id % 64), Fence: fenceNeeded(),
	}
}

// shake wakes the broker for something other than a message. Any goroutine.
func (b *bell) shake() {
	atomic.AddUint32(b.seq(), 1)
	futex.Wake(b.seq(), 1)
}

// ring is shake for who need not wake a broker that is not asleep; b may be nil.
func (b *bell) ring() {
	if b == nil {
		return
	}
	atomic.AddUint32(b.seq(), 1)
	if atomic.LoadUint32(b.sleeping()) != 0 {
		futex.Wake(b.seq(), wakeAll)
	}
}

// useBell makes the client ring the broker it reads from, and says so on its
// own pages, so that the broker need not poll them.
func (c *Client) useBell() {
	id := c.s.ID()
	if id >= wire.BellSlots || c.s.page.annex == nil {
		return
	}
	b := findBell(c.r.opts.Provider, c.r.page)
	if b == nil {
		return
	}
	c.bell = b
	signs := !c.s.page.counted()
	c.s.onPage = func(pg *page) cursor.Ring {
		if pg.annex == nil {
			return cursor.Ring{}
		}
		atomic.StoreUint32(u32(pg.annex, wire.AnnexOffClient), uint32(id)+1)
		atomic.StoreUint32(u32(pg.annex, wire.AnnexOffFlags), wire.AnnexFlagRings)
		if signs {
			pg.sign()
		}
		return b.ringFor(id)
	}
	c.s.cur.Ring = c.s.onPage(c.s.page)
}

// resumeBell is useBell for a client that was taken over: it rings if its
// former owner did.
func (c *Client) resumeBell() {
	pg := c.s.page
	if pg.annex != nil && atomic.LoadUint32(u32(pg.annex, wire.AnnexOffFlags))&wire.AnnexFlagRings != 0 {
		c.useBell()
	}
}

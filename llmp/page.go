package llmp

import (
	"sync/atomic"
	"unsafe"

	"llmp/internal/wire"
	"llmp/shmem"
)

// A page is a map with an LLMP page on it.
type page struct {
	m     shmem.Map
	base  unsafe.Pointer
	size  uint64         // declared bytes
	annex unsafe.Pointer // the memory beyond, nil where the page has none
}

// newPage creates a map of size bytes and lays out an empty page on it.
func newPage(p shmem.Provider, size uint64, annex int, sender ClientID) (*page, error) {
	if size > wire.LargestMap {
		return nil, fail(ErrTooBig, "the next page would have %d bytes, the limit is %d", size, uint64(wire.LargestMap))
	}
	m, err := p.Create(int(size), annex)
	if err != nil {
		return nil, mapError(err, "making a page")
	}
	pg := pageOn(m)
	pg.init(sender)
	return pg, nil
}

func pageOn(m shmem.Map) *page {
	pg := &page{m: m, base: baseOf(m.Bytes()), size: uint64(len(m.Bytes()))}
	// An annex behind an odd size is nobody's: its words would not be aligned.
	if a := m.Annex(); len(a) >= wire.AnnexSize && pg.size%wire.MsgAlign == 0 {
		pg.annex = baseOf(a)
	}
	return pg
}

// init lays out an empty page, as a fresh one or for another life. The magic
// goes first and comes last, so that a reader that attaches in between finds
// no page here.
func (pg *page) init(sender ClientID) {
	atomic.StoreUint64(u64(pg.base, wire.PageOffMagic), wire.PageMagicRetired)
	atomic.StoreUint64(currentID(pg.base), 0)
	*u32(pg.base, wire.PageOffSender) = uint32(sender)
	*u64(pg.base, wire.PageOffTotal) = pg.size - wire.PageHeader
	*u64(pg.base, wire.PageOffUsed) = 0
	*u64(pg.base, wire.PageOffMaxAlloc) = 0
	*u32(pg.base, wire.PageHeader+wire.MsgOffTag) = wire.TagUnset
	*u64(pg.base, wire.PageHeader+wire.MsgOffID) = 0
	atomic.StoreUint32(counters(pg.base), 0)
	if pg.annex != nil {
		pg.resetReaders()
		atomic.StoreUint64(u64(pg.annex, wire.AnnexOffMagic), wire.AnnexMagic)
	}
	atomic.StoreUint64(u64(pg.base, wire.PageOffMagic), wire.PageMagic)
}

// attachPage maps somebody else's page and checks that it is one.
func attachPage(p shmem.Provider, id shmem.ID, size uint64, what string) (*page, error) {
	if size < wire.SmallestMap || size > wire.LargestMap {
		return nil, fail(ErrCorrupt, "%s: map %s is said to have %d bytes, a page has %d to %d",
			what, id, size, wire.SmallestMap, uint64(wire.LargestMap))
	}
	m, err := p.Attach(id, int(size))
	if err != nil {
		return nil, mapError(err, what)
	}
	pg := pageOn(m)
	if magic := atomic.LoadUint64(u64(pg.base, wire.PageOffMagic)); magic != wire.PageMagic {
		_ = m.Close()
		if magic == wire.PageMagicRetired {
			return nil, fail(ErrNotFound, "%s: the page on map %s was retired by its sender", what, id)
		}
		return nil, fail(ErrCorrupt, "%s: map %s holds no LLMP page (magic %#x, want %#x)", what, id, magic, uint64(wire.PageMagic))
	}
	if pg.annex != nil && atomic.LoadUint64(u64(pg.annex, wire.AnnexOffMagic)) != wire.AnnexMagic {
		pg.annex = nil // a larger segment, but not one of ours
	}
	return pg, nil
}

// retire marks a page as done with, before it is given back.
func (pg *page) retire() {
	atomic.StoreUint64(u64(pg.base, wire.PageOffMagic), wire.PageMagicRetired)
}

func (pg *page) close() error { return pg.m.Close() }

// footprint is how much memory the page takes, its annex included.
func (pg *page) footprint() uint64 {
	if pg.annex == nil {
		return pg.size
	}
	return pg.size + wire.AnnexSize
}

// waiters is the word by which sleepers on this page make themselves known;
// nil where the page has no annex.
func (pg *page) waiters() *uint32 {
	if pg.annex == nil {
		return nil
	}
	return u32(pg.annex, wire.AnnexOffWaiters)
}

// place describes the page and a message offset on it; off is counted from
// the start of the map, 0 stands for none.
func (pg *page) place(off uint64) MapDescription {
	d := MapDescription{ID: pg.m.ID(), Size: pg.size, Offset: NoOffset}
	if off != 0 {
		d.Offset = off - wire.PageHeader
	}
	return d
}

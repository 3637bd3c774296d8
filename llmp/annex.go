package llmp

import (
	"sync/atomic"

	"llmp/internal/wire"
)

// What the annex of a page says about those who read it; see
// docs/concurrency.md for each word. Where a page has no annex it says nothing.

func (pg *page) hasAnnex() bool { return pg.annex != nil }

// isBroadcast says whether readers of ours are expected to take a slot.
func (pg *page) isBroadcast() bool {
	return pg.annex != nil && atomic.LoadUint32(u32(pg.annex, wire.AnnexOffFlags))&wire.AnnexFlagBroadcast != 0
}

func (pg *page) setFlags(flags uint32) {
	if pg.annex != nil {
		atomic.StoreUint32(u32(pg.annex, wire.AnnexOffFlags), flags)
	}
}

// seq is the number of a broadcast page; 0 while it is not in use.
func (pg *page) seq() uint64 {
	if pg.annex == nil {
		return 0
	}
	return atomic.LoadUint64(u64(pg.annex, wire.AnnexOffSeq))
}

func (pg *page) setSeq(n uint64) {
	if pg.annex != nil {
		atomic.StoreUint64(u64(pg.annex, wire.AnnexOffSeq), n)
	}
}

// linkSeq is the number of the broadcast page to which a joiner's last private
// page leads; 0 on other pages.
func (pg *page) linkSeq() uint64 {
	if pg.annex == nil {
		return 0
	}
	return atomic.LoadUint64(u64(pg.annex, wire.AnnexOffLinkSeq))
}

func (pg *page) setLinkSeq(n uint64) {
	if pg.annex != nil {
		atomic.StoreUint64(u64(pg.annex, wire.AnnexOffLinkSeq), n)
	}
}

// arrived says whether the joiner, one of ours, stands where this page leads.
func (pg *page) arrived() bool {
	return pg.annex != nil && atomic.LoadUint32(u32(pg.annex, wire.AnnexOffArrived)) != 0
}
func (pg *page) setArrived() { atomic.StoreUint32(u32(pg.annex, wire.AnnexOffArrived), 1) }

// mappedWord holds the bit of reader slot i among those who have the page mapped.
func (pg *page) mappedWord(i int) (word *uint64, bit uint64) {
	return u64(pg.annex, wire.AnnexOffMapped+8*uint64(i/64)), 1 << (i % 64)
}

func (pg *page) markMapped(i int) {
	word, bit := pg.mappedWord(i)
	atomic.OrUint64(word, bit)
}

func (pg *page) unmarkMapped(i int) {
	word, bit := pg.mappedWord(i)
	atomic.AndUint64(word, ^bit)
}

// A slotSet has a bit for each reader slot.
type slotSet [wire.BellReaders / 64]uint64

// mappedBy is the set of reader slots that have the page mapped.
func (pg *page) mappedBy() (s slotSet) {
	if pg.annex == nil {
		return s
	}
	for i := range s {
		s[i] = atomic.LoadUint64(u64(pg.annex, wire.AnnexOffMapped+8*uint64(i)))
	}
	return s
}

// isEntry says whether the page belongs to a joiner's entry.
func (pg *page) isEntry() bool {
	return pg.annex != nil && atomic.LoadUint32(u32(pg.annex, wire.AnnexOffFlags))&wire.AnnexFlagEntry != 0
}

// sign says that the page is this process's, as its owner or as the joiner who
// stands on it.
func (pg *page) sign() {
	me := self()
	atomic.StoreUint32(u32(pg.annex, wire.AnnexOffPid), 0)
	atomic.StoreUint32(u32(pg.annex, wire.AnnexOffNS), me.namespace)
	atomic.StoreUint64(u64(pg.annex, wire.AnnexOffStart), me.start)
	atomic.StoreUint32(u32(pg.annex, wire.AnnexOffPid), me.pid)
}

// signerDied says for sure that the process that signed the page is no more.
func (pg *page) signerDied() bool {
	if pg.annex == nil {
		return false
	}
	by := identity{
		pid:       atomic.LoadUint32(u32(pg.annex, wire.AnnexOffPid)),
		namespace: atomic.LoadUint32(u32(pg.annex, wire.AnnexOffNS)),
		start:     atomic.LoadUint64(u64(pg.annex, wire.AnnexOffStart)),
	}
	return by.pid != 0 && !by.lives()
}

// counted says whether the system counts the attachments of a page.
func (pg *page) counted() bool {
	_, ok := pg.m.Attached()
	return ok
}

// isOnce says whether the page will not be used again.
func (pg *page) isOnce() bool {
	return pg.annex != nil && atomic.LoadUint32(u32(pg.annex, wire.AnnexOffFlags))&wire.AnnexFlagOnce != 0
}

// coming says whether a reader of ours stands on this entry page.
func (pg *page) coming() bool {
	return pg.annex != nil && atomic.LoadUint32(u32(pg.annex, wire.AnnexOffComing)) != 0
}
func (pg *page) setComing() {
	if !pg.counted() {
		pg.sign()
	}
	atomic.StoreUint32(u32(pg.annex, wire.AnnexOffComing), 1)
}

// claim lets the owner of a page with one reader at most know that this
// process keeps it mapped, though it will not read it any more. False when
// somebody else did so before; then nothing can be concluded from claims on
// this page, and it must not be kept.
func (pg *page) claim() bool {
	if pg.annex == nil {
		return false
	}
	if !atomic.CompareAndSwapUint32(u32(pg.annex, wire.AnnexOffClaim), 0, self().pid) {
		atomic.StoreUint32(u32(pg.annex, wire.AnnexOffShared), 1)
		return false
	}
	return true
}

// unclaim takes a claim back, before the page is unmapped.
func (pg *page) unclaim() {
	if pg.annex != nil {
		atomic.CompareAndSwapUint32(u32(pg.annex, wire.AnnexOffClaim), self().pid, 0)
	}
}

// keeper is the process that claims the page, 0 when there is none or there
// were several.
func (pg *page) keeper() uint32 {
	if pg.annex == nil || atomic.LoadUint32(u32(pg.annex, wire.AnnexOffShared)) != 0 {
		return 0
	}
	return atomic.LoadUint32(u32(pg.annex, wire.AnnexOffClaim))
}

// resetReaders forgets what was said about readers of an earlier life. Who has
// the page mapped stays known.
func (pg *page) resetReaders() {
	for _, off := range []uint64{wire.AnnexOffWaiters, wire.AnnexOffClaim, wire.AnnexOffShared, wire.AnnexOffArrived, wire.AnnexOffComing} {
		atomic.StoreUint32(u32(pg.annex, off), 0)
	}
	pg.setLinkSeq(0)
	atomic.StoreUint32(u32(pg.annex, wire.AnnexOffPid), 0)
}

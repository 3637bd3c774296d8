package llmp

import (
	"sync/atomic"

	"llmp/internal/wire"
)

// Readers of ours on broadcast pages each have a slot on the broker's bell, in
// which they say which page they stand on. LibAFL's readers are counted on the
// pages themselves instead.
//
// A place is a page's number, and whether the broker has cut the reader off.
// Both change in one word: the reader moves on with a compare-and-swap, the
// broker cuts it off with one, and exactly one of the two succeeds.

const placeCut = 1

func placeOn(seq uint64) uint64 { return seq << 1 }

// Fields of reader slot i.
func (b *bell) pid(i int) *uint32       { return u32(b.base, slotField(i, wire.ReaderOffPid)) }
func (b *bell) namespace(i int) *uint32 { return u32(b.base, slotField(i, wire.ReaderOffNS)) }
func (b *bell) started(i int) *uint64   { return u64(b.base, slotField(i, wire.ReaderOffStart)) }
func (b *bell) place(i int) *uint64     { return u64(b.base, slotField(i, wire.ReaderOffPlace)) }
func (b *bell) nonce(i int) *uint64     { return u64(b.base, slotField(i, wire.ReaderOffNonce)) }

func slotField(i int, off uint64) uint64 {
	return wire.BellOffReaders + wire.ReaderSlot*uint64(i) + off
}

// slots is how many slots have ever been in use.
func (b *bell) slots() int {
	return int(min(atomic.LoadUint32(u32(b.base, wire.BellOffHigh)), wire.BellReaders))
}

// takeSlot claims a slot for a reader of this process; false when all are taken.
func (b *bell) takeSlot() (int, bool) {
	me := self()
	for i := range wire.BellReaders {
		if atomic.LoadUint32(b.pid(i)) != 0 || !atomic.CompareAndSwapUint32(b.pid(i), 0, me.pid) {
			continue
		}
		atomic.StoreUint32(b.namespace(i), me.namespace)
		atomic.StoreUint64(b.started(i), me.start)
		atomic.StoreUint64(b.nonce(i), me.nonce)
		high := u32(b.base, wire.BellOffHigh)
		for n := atomic.LoadUint32(high); n <= uint32(i); n = atomic.LoadUint32(high) {
			atomic.CompareAndSwapUint32(high, n, uint32(i)+1)
		}
		return i, true
	}
	return 0, false
}

// giveSlot frees a slot, the reader's own or a dead one's.
func (b *bell) giveSlot(i int) {
	atomic.StoreUint64(b.place(i), 0)
	atomic.StoreUint64(b.started(i), 0)
	atomic.StoreUint64(b.nonce(i), 0)
	atomic.StoreUint32(b.pid(i), 0)
}

// owner is who holds slot i.
func (b *bell) owner(i int) identity {
	return identity{
		pid:       atomic.LoadUint32(b.pid(i)),
		namespace: atomic.LoadUint32(b.namespace(i)),
		start:     atomic.LoadUint64(b.started(i)),
		nonce:     atomic.LoadUint64(b.nonce(i)),
	}
}

// neverStarted marks a slot whose program is gone though its process lives.
const neverStarted = ^uint64(0)

// disownStale gives up the slots that this process held before it executed
// another program. The broker frees them, since it knows on which pages they
// are marked.
func (b *bell) disownStale() {
	me := self()
	for i := range b.slots() {
		o := b.owner(i)
		if o.pid == me.pid && o.namespace == me.namespace && o.start == me.start && o.nonce != 0 && o.nonce != me.nonce {
			atomic.StoreUint64(b.started(i), neverStarted)
		}
	}
}

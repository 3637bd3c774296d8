package llmp

import (
	"sync/atomic"
	"unsafe"

	"llmp/internal/cursor"
	"llmp/internal/futex"
	"llmp/internal/wire"
)

// Writing on one page. Twin of the first half of capi/page.h: same steps, same
// names, and differential_test.go holds them to the same bytes.

// alloc opens a message with room for n bytes and returns the offset of its
// payload; false when the page is full. n is at most MaxPayload.
func alloc(c *cursor.Send, n uint64) (uint64, bool) {
	start := wire.PageHeader + c.Used
	padded := wire.Padded(start, n)
	need := wire.MsgHeader + padded
	if need > c.MaxAlloc {
		c.MaxAlloc = need
		*u64(c.Base, wire.PageOffMaxAlloc) = need
	}
	if c.Used+need+wire.EOPReserve > c.Total {
		return 0, false
	}
	setOpen(c, start, n, padded)
	*u32(c.Base, start+wire.MsgOffTag) = wire.TagUninitialized
	*u64(c.Base, start+wire.MsgOffID) = c.LastID + 1
	return start + wire.MsgHeader, true
}

// shrink makes the open message n bytes long; n is at most its length.
func shrink(c *cursor.Send, n uint64) {
	start := c.OpenOff
	c.Used = start - wire.PageHeader
	setOpen(c, start, n, wire.Padded(start, n))
}

// setOpen writes the lengths of the open message and ends it with an unset slot.
func setOpen(c *cursor.Send, start, n, padded uint64) {
	*u64(c.Base, start+wire.MsgOffLen) = n
	*u64(c.Base, start+wire.MsgOffPadded) = padded
	c.OpenOff = start
	c.Used += wire.MsgHeader + padded
	putUsed(c.Base, c.Used)
}

// cancel gives the open message back.
func cancel(c *cursor.Send) {
	*u32(c.Base, c.OpenOff+wire.MsgOffTag) = wire.TagUnset
	c.Used = c.OpenOff - wire.PageHeader
	*u64(c.Base, wire.PageOffUsed) = c.Used
	c.OpenOff = 0
}

// finish fills in the open message without showing it to readers yet.
func finish(c *cursor.Send, tag, flags, sender uint32) {
	off := c.OpenOff
	*u32(c.Base, off+wire.MsgOffTag) = tag
	*u32(c.Base, off+wire.MsgOffSender) = sender
	*u32(c.Base, off+wire.MsgOffBroker) = 0
	*u32(c.Base, off+wire.MsgOffFlags) = flags
	c.LastID++
	*u64(c.Base, off+wire.MsgOffID) = c.LastID
	c.LastOff = off
	c.OpenOff = 0
}

// put writes a message without showing it to readers yet: alloc, the payload and
// finish in one, with each field stored once. False when the page is full. data
// is at most MaxPayload long, no message is open.
func put(c *cursor.Send, tag, flags, sender uint32, data []byte) bool {
	n := uint64(len(data))
	start, need, ok := place(c.Used, c.MaxAlloc, c.Total, n)
	if !ok {
		if start, need, ok = placeRare(c, n); !ok {
			return false
		}
	}
	base, used, id := c.Base, c.Used+need, c.LastID+1
	c.Used, c.LastID, c.LastOff = used, id, start
	putHeader(base, start, tag, sender, flags, id, n, need-wire.MsgHeader)
	putUsed(base, used)
	putPayload(base, start+wire.MsgHeader, data)
	return true
}

// place is where a message of n bytes goes on a page of which used bytes of total
// are used, and how many it takes with its header; false when there is no room, or
// when placeRare has to see to it.
func place(used, largest, total, n uint64) (start, need uint64, ok bool) {
	start, need = wire.PageHeader+used, wire.Align(wire.MsgHeader+n)
	ok = start%wire.MsgAlign == 0 && n <= MaxPayload && need <= largest &&
		used+need+wire.EOPReserve <= total
	return start, need, ok
}

// placeRare is place for a page's first message, which is padded differently,
// and for the largest one so far. False when the page is full.
func placeRare(c *cursor.Send, n uint64) (start, need uint64, ok bool) {
	start = wire.PageHeader + c.Used
	need = wire.MsgHeader + wire.Padded(start, n)
	if need > c.MaxAlloc {
		c.MaxAlloc = need
		*u64(c.Base, wire.PageOffMaxAlloc) = need
	}
	return start, need, c.Used+need+wire.EOPReserve <= c.Total
}

// putUsed writes how much of the page is used, and ends that with an unset slot.
func putUsed(base unsafe.Pointer, used uint64) {
	*u64(base, wire.PageOffUsed) = used
	*u32(base, wire.PageHeader+used+wire.MsgOffTag) = wire.TagUnset
}

// publish commits all finished messages and wakes who sleeps for them.
func publish(c *cursor.Send) {
	storeRelease(currentID(c.Base), c.LastID)
	if awaited(c) {
		wake(c)
	}
}

// awaited says, after a commit, whether somebody may sleep for it. The load may
// overtake the store of the id: a sleeper's barrier makes up for it, see
// docs/concurrency.md. Where there is no such barrier, wake looks again.
func awaited(c *cursor.Send) bool {
	w := c.Ring.Want
	return w != nil && (atomic.LoadUint32(w) != 0 || c.Ring.Fence != 0)
}

// wake wakes who sleeps for what was committed.
func wake(c *cursor.Send) {
	if c.Ring.Fence != 0 {
		// The id once more, with a full fence behind it.
		atomic.StoreUint64(currentID(c.Base), c.LastID)
		if atomic.LoadUint32(c.Ring.Want) == 0 {
			return
		}
	}
	ring(&c.Ring)
}

// writeEOP ends the page with a link to the next map. Room for it was kept.
func writeEOP(c *cursor.Send, size uint64, id [wire.MapIDLen]byte) {
	off := wire.PageHeader + c.Used
	*u64(c.Base, off+wire.MsgOffLen) = wire.EOPPayload
	*u64(c.Base, off+wire.MsgOffPadded) = wire.EOPPayload
	payload := bytesAt(c.Base, off+wire.MsgHeader, wire.EOPPayload)
	clear(payload)
	*u64(c.Base, off+wire.MsgHeader+wire.EOPOffMapSize) = size
	copy(payload[wire.EOPOffMapID:], id[:])
	c.OpenOff = off
	c.Used += wire.EOPReserve
	*u64(c.Base, wire.PageOffUsed) = c.Used
	finish(c, wire.TagEndOfPage, 0, c.SenderID)
	publish(c)
}

// startPage puts the cursor on an empty page.
func startPage(c *cursor.Send, pg *page) {
	c.Base = pg.base
	c.Total = pg.size - wire.PageHeader
	c.Used, c.LastID, c.LastOff, c.OpenOff = 0, 0, 0, 0
	*u64(c.Base, wire.PageOffMaxAlloc) = c.MaxAlloc
}

// ring wakes whoever sleeps until this sender commits.
func ring(r *cursor.Ring) {
	atomic.StoreUint32(r.Want, 0)
	if r.Rang != nil {
		atomic.OrUint64(r.Rang, r.Bit)
	}
	if r.Sleeping == nil {
		futex.Wake(r.Futex, wakeAll)
		return
	}
	atomic.AddUint32(r.Futex, 1)
	if atomic.LoadUint32(r.Sleeping) != 0 {
		futex.Wake(r.Futex, wakeAll)
	}
}

const wakeAll = 1 << 30

// ringOnPage is the ring of a sender whose receivers sleep on its page.
func ringOnPage(pg *page) cursor.Ring {
	if pg.annex == nil {
		return cursor.Ring{}
	}
	return cursor.Ring{Want: pg.waiters(), Futex: futexWord(pg.base), Fence: fenceNeeded()}
}

// fenceNeeded: without the asymmetric barrier a sender must fence itself.
func fenceNeeded() uint32 {
	if futex.RegisterBarrier() {
		return 0
	}
	return 1
}

// payloadOf is the open message's payload.
func payloadOf(c *cursor.Send) []byte {
	if c.OpenOff == 0 {
		return nil
	}
	n := *u64(c.Base, c.OpenOff+wire.MsgOffLen)
	// The length is our own, but the page can be written by others: bound it.
	n = min(n, wire.PageHeader+c.Used-c.OpenOff-wire.MsgHeader)
	return bytesAt(c.Base, c.OpenOff+wire.MsgHeader, n)
}

package llmp

import (
	"sync/atomic"
	"unsafe"

	"llmp/internal/cursor"
	"llmp/internal/wire"
)

// copyRun copies the ordinary messages that lie in a row behind in onto the
// page of out, as far as both pages and limit bytes reach: with one copy for
// all, to be committed with one store. It returns how many messages, and bytes
// of payload; 0 means that the next message, if any, is no ordinary one, does
// not fit, or lies so that it has to be padded anew. Nothing is published.
func copyRun(in *cursor.Recv, out *cursor.Send, limit uint64) (taken int, payload uint64) {
	if in.SeenID >= in.Highest {
		in.Highest = atomic.LoadUint64(currentID(in.Base)) // acquire: as in next
	}
	dst := wire.PageHeader + out.Used
	if in.Next%wire.MsgAlign != 0 || dst%wire.MsgAlign != 0 || in.SeenID >= in.Highest || out.OpenOff != 0 {
		return 0, 0 // a page's first message is padded differently
	}
	room := min(out.Total-min(out.Total, out.Used+wire.EOPReserve), limit)
	n := runLength(in, room)
	if n == 0 {
		return 0, 0
	}
	copy(bytesAt(out.Base, dst, n), bytesAt(in.Base, in.Next, n))
	// The sender can still write to its page, so what counts is what was
	// copied: it is checked on ours.
	taken, payload = renumber(out, dst, dst+n, in.SeenID)
	if taken == 0 {
		return 0, 0 // whoever takes the next message alone will see what is wrong
	}
	in.LastOff = in.Next // not the last one's, but nobody asks for it here
	in.Next += wire.PageHeader + out.Used - dst
	in.SeenID += uint64(taken)
	*u64(out.Base, wire.PageOffUsed) = out.Used
	*u32(out.Base, wire.PageHeader+out.Used+wire.MsgOffTag) = wire.TagUnset
	return taken, payload
}

// runLength is how many bytes of committed messages lie in a row behind in, and
// in its map, but room at most. Only lengths are looked at.
func runLength(in *cursor.Recv, room uint64) uint64 {
	room = min(room, in.Size-min(in.Size, in.Next))
	start := unsafe.Add(in.Base, in.Next)
	n, padded, size := uint64(0), ^uint64(0), uint64(0)
	for count := in.Highest - in.SeenID; count > 0 && n+wire.MsgHeader <= room; count-- {
		// Most messages are as long as the one before. Then the processor
		// need not wait for this number to go on to the next.
		if p := *(*uint64)(unsafe.Add(start, n+wire.MsgOffPadded)); p != padded {
			padded, size = p, wire.MsgHeader+p
			if p > room || size%wire.MsgAlign != 0 {
				break
			}
		}
		if size > room-n {
			break
		}
		n += size
	}
	return n
}

// renumber checks the copied run [off, end) on the page of out, whose first
// message had the id after seen where it came from; it gives its messages ids
// of that page and takes them into the cursor.
func renumber(out *cursor.Send, off, end, seen uint64) (taken int, payload uint64) {
	at, left := unsafe.Add(out.Base, off), end-off
	id, last, largest := out.LastID, uint64(0), out.MaxAlloc
	padded, size := ^uint64(0), uint64(0)
	for left >= wire.MsgHeader {
		if p := *(*uint64)(unsafe.Add(at, wire.MsgOffPadded)); p != padded { // as in runLength
			padded, size = p, wire.MsgHeader+p
			if p > left || size%wire.MsgAlign != 0 {
				break
			}
		}
		tag := *(*uint32)(unsafe.Add(at, wire.MsgOffTag))
		length := *(*uint64)(unsafe.Add(at, wire.MsgOffLen))
		ids := (*uint64)(unsafe.Add(at, wire.MsgOffID))
		seen++
		if size > left || length > padded || *ids != seen || wire.Reserved(tag) {
			break
		}
		id++
		*ids = id
		last = left
		largest = max(largest, size)
		payload += length
		taken++
		at, left = unsafe.Add(at, size), left-size
	}
	if taken > 0 {
		out.LastID, out.LastOff, out.MaxAlloc = id, end-last, largest
		*u64(out.Base, wire.PageOffMaxAlloc) = largest
	}
	out.Used = end - left - wire.PageHeader
	return taken, payload
}

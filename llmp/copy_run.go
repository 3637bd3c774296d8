package llmp

import (
	"sync/atomic"
	"unsafe"

	"llmp/internal/cursor"
	"llmp/internal/wire"
)

// stretch is how many bytes are copied, checked and renumbered before the next
// are: few enough to be in the first-level cache all the while.
const stretch = 16 << 10

// copyRun copies the ordinary messages that lie in a row behind in onto the
// page of out, as far as both pages and limit bytes reach, to be committed with
// one store. It returns how many messages, and bytes of payload; 0 means that
// the next message, if any, is no ordinary one, does not fit, or lies so that it
// has to be padded anew. Nothing is published.
func copyRun(in *cursor.Recv, out *cursor.Send, limit uint64) (taken int, payload uint64) {
	if in.SeenID >= in.Highest {
		in.Highest = atomic.LoadUint64(currentID(in.Base)) // acquire: as in next
	}
	start := out.Used
	if in.Next%wire.MsgAlign != 0 || (wire.PageHeader+start)%wire.MsgAlign != 0 || out.OpenOff != 0 {
		return 0, 0 // a page's first message is padded differently
	}
	limit = min(limit, out.Total-min(out.Total, start+wire.EOPReserve))
	for in.SeenID < in.Highest {
		n, bytes := copyStretch(in, out, limit-(out.Used-start))
		if n == 0 {
			break
		}
		taken, payload = taken+n, payload+bytes
	}
	if taken > 0 {
		*u64(out.Base, wire.PageOffMaxAlloc) = out.MaxAlloc
		putUsed(out.Base, out.Used)
	}
	return taken, payload
}

// copyStretch copies what the sender says it has written, but a stretch or room
// bytes at most, or the next message where that is longer than a stretch. What
// is not committed yet, or makes no sense, is copied in vain, and overwritten
// with what comes next.
func copyStretch(in *cursor.Recv, out *cursor.Send, room uint64) (taken int, payload uint64) {
	room = min(room, in.Size-min(in.Size, in.Next))
	if room < wire.MsgHeader {
		return 0, 0
	}
	first := wire.MsgHeader + *u64(in.Base, in.Next+wire.MsgOffPadded)
	n := min(room, max(first, min(stretch, written(in))))
	dst := wire.PageHeader + out.Used
	copy(bytesAt(out.Base, dst, n), bytesAt(in.Base, in.Next, n))
	// The sender can still write to its page, so what counts is what was
	// copied: it is checked on ours.
	taken, payload = renumber(out, dst, dst+n, in.SeenID, in.Highest)
	if taken == 0 {
		return 0, 0 // whoever takes the next message alone will see what is wrong
	}
	in.LastOff = in.Next // not the last one's, but nobody asks for it here
	in.Next += wire.PageHeader + out.Used - dst
	in.SeenID += uint64(taken)
	return taken, payload
}

// renumber checks the copied bytes [off, end) on the page of out, whose
// messages had the ids from seen to highest, the former excluded, where they
// came from. It gives them ids of that page and takes them into the cursor, as
// far as they are whole.
func renumber(out *cursor.Send, off, end, seen, highest uint64) (taken int, payload uint64) {
	at, left := unsafe.Add(out.Base, off), end-off
	first, last, largest := seen, uint64(0), out.MaxAlloc
	shift := out.LastID - seen // modulo 2^64
	padded, size := ^uint64(0), uint64(0)
	for left >= wire.MsgHeader && seen < highest {
		// Most messages are as long as the one before. Then the processor
		// need not wait for this number to go on to the next.
		if p := *(*uint64)(unsafe.Add(at, wire.MsgOffPadded)); p != padded {
			padded, size = p, wire.MsgHeader+p
			if p > left || size%wire.MsgAlign != 0 {
				break
			}
		}
		tag := *(*uint32)(unsafe.Add(at, wire.MsgOffTag))
		length := *(*uint64)(unsafe.Add(at, wire.MsgOffLen))
		id := (*uint64)(unsafe.Add(at, wire.MsgOffID))
		if size > left || length > padded || *id != seen+1 || wire.Reserved(tag) {
			break
		}
		seen++
		*id = seen + shift
		largest = max(largest, size)
		last = left
		payload += length
		at, left = unsafe.Add(at, size), left-size
	}
	if seen != first {
		out.LastID, out.LastOff, out.MaxAlloc = seen+shift, end-last, largest
	}
	out.Used = end - left - wire.PageHeader
	return int(seen - first), payload
}

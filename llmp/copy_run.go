package llmp

import (
	"sync/atomic"

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
	end := in.Next
	for id := in.SeenID + 1; id <= in.Highest; id++ {
		h, ok := checkedHeader(in, end)
		size := wire.MsgHeader + h.padded
		if !ok || !ordinary(h.tag) || h.id != id || size%wire.MsgAlign != 0 || end-in.Next+size > room {
			break
		}
		end += size
	}
	n := end - in.Next
	if n == 0 {
		return 0, 0
	}
	copy(bytesAt(out.Base, dst, n), bytesAt(in.Base, in.Next, n))
	// The sender can still write to its page, so what counts is what was
	// copied: check it once more, on ours, and number it anew.
	taken, payload = renumber(out, dst, dst+n)
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

// renumber checks the copied run [off, end) on the page of out, gives its
// messages ids of that page and takes them into the cursor.
func renumber(out *cursor.Send, off, end uint64) (taken int, payload uint64) {
	for off < end {
		h := readHeader(out.Base, off)
		size := wire.MsgHeader + h.padded
		if h.padded > end-off || size > end-off || size%wire.MsgAlign != 0 || h.len > h.padded || !ordinary(h.tag) {
			break
		}
		out.LastID++
		*u64(out.Base, off+wire.MsgOffID) = out.LastID
		out.LastOff = off
		out.MaxAlloc = max(out.MaxAlloc, size)
		off += size
		payload += h.len
		taken++
	}
	out.Used = off - wire.PageHeader
	*u64(out.Base, wire.PageOffMaxAlloc) = out.MaxAlloc
	return taken, payload
}

// ordinary says whether a tag is neither the bus's own nor means something
// to a broker.
func ordinary(tag uint32) bool { return !wire.Reserved(tag) }

package llmp

import (
	"sync/atomic"

	"llmp/internal/cursor"
	"llmp/internal/wire"
)

// Reading one page, trusting nothing on it. Twin of the second half of
// capi/page.h.

// found is what next came upon.
type found int

const (
	nothing   found = iota // no message is committed beyond the last
	message                // an ordinary message
	endOfPage              // the link to the next page; the cursor stays on it
	exiting                // the sender said goodbye; the cursor stays on it
	corrupt                // this cannot have been written by a sender
)

// next looks at the next message. Every field is read once, so that what was
// checked is what is used. An ordinary message moves the cursor. *h is filled
// for whatever was found but nothing; the caller's, so that it is not copied
// from function to function.
func next(c *cursor.Recv, h *msgHeader) found {
	if c.SeenID >= c.Highest {
		// Pairs with the sender's store in publish: what it wrote before
		// is visible once the id is.
		c.Highest = atomic.LoadUint64(currentID(c.Base))
		if c.SeenID >= c.Highest {
			return nothing
		}
	}
	if !checkedHeader(c, c.Next, h) || h.id != c.SeenID+1 {
		return corrupt
	}
	end := c.Next + wire.MsgHeader + h.padded
	if !wire.Reserved(h.tag) && end%wire.MsgAlign == 0 {
		c.LastOff, c.Next, c.SeenID = c.Next, end, h.id
		return message
	}
	return nextRare(c, h, end)
}

// nextRare is next for what is not just a message of a user.
func nextRare(c *cursor.Recv, h *msgHeader, end uint64) found {
	switch h.tag {
	case wire.TagEndOfPage:
		return endOfPage
	case wire.TagExiting:
		return exiting
	case wire.TagUnset, wire.TagUninitialized:
		return corrupt
	}
	if end%wire.MsgAlign != 0 {
		return corrupt
	}
	c.LastOff, c.Next, c.SeenID = c.Next, end, h.id
	return message
}

// take reads ordinary messages that lie in a row, as many as there are and into
// has room for, and moves the cursor past them. It stops in front of whatever
// asks for a closer look, and leaves that to next. The map has room for a page.
func take(c *cursor.Recv, into []Message) (n int) {
	if c.State&^cursor.StateSkip != 0 || c.Next%8 != 0 {
		return 0
	}
	base, limit := c.Base, c.Size-wire.MsgHeader
	at, last, seen, highest := c.Next, c.LastOff, c.SeenID, c.Highest
	for n < len(into) {
		if seen >= highest {
			highest = atomic.LoadUint64(currentID(base)) // acquire: as in next
			c.Highest = highest
			if seen >= highest {
				break
			}
		}
		// Most messages are as long as the one before. Then the processor
		// need not wait for this one's length to go on to the next.
		padded := at - last - wire.MsgHeader
		if at > limit || padded > limit-at {
			break
		}
		tag, sender, flags, id, length, p := readHeader(base, at)
		if p != padded {
			if padded = p; padded > limit-at {
				break
			}
		}
		end := at + wire.MsgHeader + padded
		if id != seen+1 || length > padded || length > MaxPayload || wire.MayBeReserved(tag) || end%wire.MsgAlign != 0 {
			break
		}
		seen++
		last, at = at, end
		if sender == c.SkipID && c.State != 0 {
			c.Skipped++
			continue
		}
		m := &into[n]
		m.Tag, m.Sender, m.Flags, m.ID = Tag(tag), ClientID(sender), Flags(flags), id
		m.Data = payloadAt(base, last+wire.MsgHeader, length)
		n++
	}
	c.Next, c.LastOff, c.SeenID = at, last, seen
	return n
}

// checkedHeader reads the header at off if header and payload lie in the map.
func checkedHeader(c *cursor.Recv, off uint64, h *msgHeader) bool {
	if off < wire.PageHeader || off > c.Size || c.Size-off < wire.MsgHeader || off%8 != 0 {
		return false
	}
	h.read(c.Base, off)
	return h.padded <= c.Size-off-wire.MsgHeader && h.len <= h.padded
}

// toMessage fills in the message that next came upon last.
func (h *msgHeader) toMessage(m *Message, c *cursor.Recv) {
	m.Tag, m.Sender, m.Flags, m.ID = Tag(h.tag), ClientID(h.sender), Flags(h.flags), h.id
	m.Data = bytesAt(c.Base, c.LastOff+wire.MsgHeader, h.len)
}

// enterPage puts the cursor in front of a page's first message.
func enterPage(c *cursor.Recv, pg *page) {
	c.Base, c.Size = pg.base, pg.size
	c.Next, c.LastOff = wire.PageHeader, 0
	c.SeenID, c.Highest = 0, 0
	c.Waiters = pg.waiters()
}

// resumeAt puts the cursor behind the message at the given offset from byte 48.
func resumeAt(c *cursor.Recv, pg *page, offset uint64) error {
	enterPage(c, pg)
	if offset == NoOffset {
		return nil
	}
	if offset > pg.size { // and so the sum below cannot overflow
		return badOffset(pg, offset)
	}
	off := wire.PageHeader + offset
	var h msgHeader
	if !checkedHeader(c, off, &h) || h.id == 0 || h.id > atomic.LoadUint64(currentID(pg.base)) {
		return badOffset(pg, offset)
	}
	if h.padded%8 != 0 { // nothing can follow there; readers rely on that
		return badOffset(pg, offset)
	}
	c.LastOff = off
	c.Next = off + wire.MsgHeader + h.padded
	c.SeenID = h.id
	return nil
}

func badOffset(pg *page, offset uint64) error {
	return fail(ErrCorrupt, "no committed message at offset %d of map %s (%d bytes): the description or variable is stale or wrong",
		offset, pg.m.ID(), pg.size)
}

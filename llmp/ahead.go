package llmp

import "llmp/internal/cursor"

// An ahead holds messages that were read from a page and not yet returned by
// Recv: their headers, that is, for the payloads stay where they are.
//
// Reading several at once is no end in itself. A Message is too large for Go to
// keep it in registers, so it is written to memory field by field and then
// copied, several fields with one load; and a load that takes in what several
// stores have just written waits until they have reached the cache, which takes
// longer than all else that Recv does. What was read some messages ago is there.
//
// The cursor is ahead, too; putBack takes it to where the caller of Recv is.
type ahead struct {
	all      []Message
	returned int // how many of them
}

// mostAhead is how many messages are read at once.
const mostAhead = 16

// room is where messages can be read to. None may be left.
func (a *ahead) room() []Message {
	if a.all == nil {
		a.all = make([]Message, mostAhead)
	}
	return a.all[:mostAhead]
}

// filled says that n messages were read to room, of which the first is returned.
func (a *ahead) filled(n int) *Message {
	a.all, a.returned = a.all[:n], min(n, 1)
	if n == 0 {
		return &noMessage
	}
	return &a.all[0]
}

// noMessage is what Recv returns without a message; nobody writes to it.
var noMessage Message

// take moves messages to into, and returns how many.
func (a *ahead) take(into []Message) int {
	n := copy(into, a.all[a.returned:])
	a.returned += n
	return n
}

// putBack makes as if those that are left had not been read.
func (a *ahead) putBack(c *cursor.Recv) {
	if a.returned == len(a.all) {
		return
	}
	last, next := &a.all[a.returned-1], &a.all[a.returned]
	c.LastOff, c.Next = offsetOf(c.Base, last.Data), offsetOf(c.Base, next.Data)
	c.SeenID = next.ID - 1
	a.all, a.returned = a.all[:0], 0
}

// forget drops everything, before the page is unmapped: no pointer is to stay
// that could come to mean something else.
func (a *ahead) forget() {
	clear(a.all[:cap(a.all)])
	a.all, a.returned = a.all[:0], 0
}

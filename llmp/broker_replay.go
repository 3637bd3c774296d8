package llmp

import (
	"slices"
	"sync/atomic"

	"llmp/internal/clock"
	"llmp/internal/cursor"
	"llmp/internal/wire"
)

// Late joiners get the history: from the archive, page by page, on private
// pages that are filled as they are read, until the next page is one in use.
// Then the last private page links there, in one step of the broker's loop, so
// that nothing is skipped or repeated.

// serve looks after the joiners; it returns whether any got something.
func (es *entries) serve() (moved bool) {
	if len(es.pending) == 0 {
		return false
	}
	now := clock.Now()
	for i := 0; i < len(es.pending); i++ {
		e := es.pending[i]
		if e.state == entryWaits && e.passedDoor() {
			es.begin(e, now)
		}
		if e.state == entryFills && e.fill(now) {
			moved = true
		}
		if i < len(es.pending) && es.pending[i] != e {
			i-- // it is not waited for any more
		}
	}
	es.sweep(now)
	return moved
}

// begin starts to give a joiner the history, if it is its turn.
func (es *entries) begin(e *entry, now clock.Moment) {
	b := es.b
	if e.fresh {
		e.fresh = false
		e.joined, e.next = b.pages.last, b.firstWanted()
	}
	if oldest := b.pages.oldest(); e.next < oldest {
		if e.joined < oldest {
			// What was sent since it came is gone: it must not miss that silently.
			b.count.cutOff.Add(1)
			es.cut(e, wire.LinkMissed)
			return
		}
		e.next = oldest
	}
	if es.filling >= b.maxFilling() && !es.makeWay(now) {
		return
	}
	es.filling++
	e.counts = true
	e.state, e.moved = entryFills, now
}

// makeWay looks for a joiner that need not be counted among those who are filled
// any more, when others wait. It cuts one off that has not read for long; or,
// where nobody is to be cut off, lets one more in.
func (es *entries) makeWay(now clock.Moment) bool {
	for _, e := range slices.Clone(es.all) {
		if e.state != entryLinked || !e.counts {
			continue
		}
		// It stands before the broadcast pages, or has come there unnoticed.
		if ordinary, _ := e.footprint(); es.over(e) || es.roomToWait(ordinary) {
			es.unfill(e)
			return true
		}
	}
	slow := es.b.opts.SlowTimeout
	patient := slow < 0
	if patient {
		slow = defaultSlowTimeout
	}
	for _, e := range es.pending {
		if e.state != entryFills || !e.counts || e.waits || now.Sub(e.moved) < slow {
			continue
		}
		if patient {
			if ordinary, _ := e.footprint(); !es.roomToWait(ordinary) {
				return false
			}
			es.unfill(e)
			return true
		}
		es.b.count.cutOff.Add(1)
		es.cut(e, wire.LinkSlow)
		return true
	}
	return false
}

// unfill takes an entry from those that are filled, as far as their number is
// bounded.
func (es *entries) unfill(e *entry) {
	if e.counts {
		e.counts = false
		es.filling--
	}
}

// cut ends an entry so that the joiner learns of it, and why: by a link to a page
// that is not there any more.
func (es *entries) cut(e *entry, why uint64) {
	e.sayWhy(why)
	writeEOP(e.s.cur, e.door.size, e.door.m.ID())
	e.door.retire()
	es.lose(e)
}

// A loadedPage is a page of the archive, read back. image is nil where that
// failed.
type loadedPage struct {
	seq    uint64
	image  []byte
	lastID uint64
}

// fill gives a joiner as much of the history as its pages hold, but no more
// than its share of a round. It returns whether it got something.
func (e *entry) fill(now clock.Moment) (moved bool) {
	sent := 0
	e.waits = false
	for e.state == entryFills && sent < fairShare {
		if e.image == nil {
			if lp := e.b.pages.linkable(e.next); lp != nil {
				if !e.mayLink() {
					break
				}
				e.linkTo(lp)
				e.moved = now
				e.b.entries.settle(e)
				return true
			}
			if !e.load() {
				break
			}
			continue
		}
		n := e.copyOn()
		if n == 0 {
			break
		}
		sent += n
		moved = true
	}
	if moved {
		e.moved = now
	}
	return moved
}

// settle stops looking after an entry that ends with a link.
func (es *entries) settle(e *entry) {
	es.pending = slices.DeleteFunc(es.pending, func(x *entry) bool { return x == e })
}

// load takes the next page from the archive, or asks for it. False: it is not
// there yet.
func (e *entry) load() bool {
	if e.asked == 0 {
		if e.loadsLarge(e.next) && !(e.stepOff() && e.b.entries.takeTurn(e)) {
			return false
		}
		e.ask(e.next)
	}
	got := e.loaded.Load()
	if got == nil {
		e.waits = true
		return false
	}
	e.asked = 0
	if e.b.pages.linkable(e.next+1) == nil && !e.loadsLarge(e.next+1) {
		e.ask(e.next + 1) // it is read while this one is being copied
	}
	if got.image == nil {
		e.b.entries.endTurn(e)
		e.next++ // lost, and counted there
		return true
	}
	e.image = got.image
	base := baseOf(e.image)
	atomic.StoreUint64(currentID(base), got.lastID)
	e.in = cursor.Recv{Base: base, Size: uint64(len(e.image)), Next: wire.PageHeader}
	return true
}

// loadsLarge says whether a page of the archive is too large to be held in
// memory for more than one joiner at a time.
func (e *entry) loadsLarge(seq uint64) bool {
	return e.b.pages.archive.imageSize(seq) > e.b.entries.largeImage()
}

// ask has a page of the archive read back. When too many ask, it will be asked
// for again.
func (e *entry) ask(seq uint64) {
	e.loaded.Store(nil)
	if e.b.pages.archive.ask(seq, &e.loaded) {
		e.asked = seq
	}
}

// copyOn puts messages of the image on the private pages, as many as lie in a
// row, and returns how many bytes; 0 when the joiner has to read first.
func (e *entry) copyOn() int {
	at := e.in.Next
	if n, _ := copyRun(&e.in, e.s.cur, fairShare); n > 0 {
		publish(e.s.cur)
		return int(e.in.Next - at)
	}
	before := e.in
	var h msgHeader
	if what := next(&e.in, &h); what != message {
		if what == corrupt {
			e.b.pages.archive.spoiled() // somebody wrote to the page when it was in use
		}
		e.image, e.in = nil, cursor.Recv{}
		e.b.entries.endTurn(e)
		e.next++
		return 1
	}
	data := bytesAt(e.in.Base, e.in.LastOff+wire.MsgHeader, h.len)
	if err := e.s.send(h.tag, h.flags, h.sender, data); err != nil {
		e.in = before // the pages are full, or the system is: later
		return 0
	}
	return int(e.in.Next - at)
}

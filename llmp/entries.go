package llmp

import (
	"slices"
	"sync/atomic"
	"time"

	"llmp/internal/clock"
	"llmp/internal/wire"
)

// entries are the joiners of a broker that are not on its broadcast pages yet.
// The broker's lock guards them.
type entries struct {
	b       *Broker
	all     []*entry
	pending []*entry // those that are waited for, or filled
	filling int      // how many of those are filled
	open    *entry   // what Broker.Map says
	swept   clock.Moment

	turn     *entry // who is next to be given a large message; nil: nobody
	wanted   uint64 // what broadcast pages have to give way for, in bytes
	knocking int    // joiners for whom there is no room yet
	yield    bool   // a joiner was given one: now it is the broadcast's turn
}

func (es *entries) add(e *entry) {
	if es.idleFootprint() > uint64(es.b.opts.Budget)/8 {
		es.swept = 0
		es.sweep(clock.Now())
	}
	es.all = append(es.all, e)
	if e.state == entryWaits {
		es.pend(e)
	}
}

// pend looks after an entry from now on.
func (es *entries) pend(e *entry) { es.pending = append(es.pending, e) }

func (es *entries) remove(e *entry) {
	es.all = slices.DeleteFunc(es.all, func(x *entry) bool { return x == e })
	es.settle(e)
	es.endTurn(e)
	if es.turn != nil || es.wanted != 0 {
		es.b.bell.shake() // there may be room now
	}
	if es.open == e {
		es.open = nil
	}
}

// lose ends an entry that is of no use; while somebody is attached its pages
// stay as they are.
func (es *entries) lose(e *entry) {
	es.unfill(e)
	e.close()
}

// leave is for a joiner that is known to have gone.
func (es *entries) leave(e *entry) {
	switch e.state {
	case entryLinked:
		lp := e.link
		if e.takeBack() {
			lp.joiners = slices.DeleteFunc(lp.joiners, func(x *entry) bool { return x == e })
			es.lose(e)
			return
		}
		e.known = true // the sweep, or whoever wants the page back, does the rest
	case entryWaits, entryFills:
		es.lose(e)
	}
}

// sweep ends the entries of joiners that died before they came through.
func (es *entries) sweep(now clock.Moment) {
	if now.Sub(es.swept) < time.Second {
		return
	}
	es.swept = now
	for _, e := range slices.Clone(es.all) {
		passed := e.passedDoor()
		switch {
		case !e.known && !passed || !e.alone():
			e.lonely = 0
		case !passed: // it cannot be on its way to the next page
			es.leave(e)
		case e.lonely.IsZero():
			e.lonely = now
		case now.Sub(e.lonely) < deadGrace:
		case e.state == entryLinked:
			es.bury(e)
		default:
			es.lose(e)
		}
	}
}

// over ends an entry by which somebody has come to a broadcast page, if it can
// be.
func (es *entries) over(e *entry) bool {
	lp := e.link
	if e.public || !e.overTo(lp) {
		return false
	}
	lp.joiners = slices.DeleteFunc(lp.joiners, func(x *entry) bool { return x == e })
	return true
}

// bury ends the entry of a joiner that has died before it could be seen on the
// page that its entry links to.
func (es *entries) bury(e *entry) {
	for _, pg := range e.all() {
		pg.retire()
	}
	if !e.alone() {
		return
	}
	lp := e.link
	lp.joiners = slices.DeleteFunc(lp.joiners, func(x *entry) bool { return x == e })
	e.end(lp)
}

// polls says how soon somebody has to be looked for who does not ring; 0 says
// that nobody has.
func (es *entries) polls() (limit time.Duration) {
	if es.wanted != 0 {
		return lastPoll // those who read the broadcast pages do not ring
	}
	for _, e := range es.pending {
		switch {
		case e.rings():
		case e.fresh:
			limit = max(limit, lazyPoll)
		default:
			return lastPoll
		}
	}
	return limit
}

// lazyPoll is how often a door is looked at that nobody has come to yet.
const lazyPoll = 20 * time.Millisecond

// door is what Broker.Map says: the door of an entry that nobody has used yet.
func (es *entries) door() (*entry, error) {
	if es.open != nil && !es.open.used() {
		return es.open, nil
	}
	e, err := es.b.newEntry(true)
	if err == nil {
		es.open = e
	}
	return e, err
}

// end says EXITING to the joiners that nobody will give anything any more.
func (es *entries) end() {
	for _, e := range es.pending {
		_ = e.s.send(wire.TagExiting, 0, 0, nil)
	}
}

// coming says whether a joiner is attached that stands on no broadcast page yet.
func (es *entries) coming() bool {
	for _, e := range es.all {
		_, left := loadCounters(e.s.page.base)
		there := e.state == entryLinked && (left != 0 || e.s.page.arrived())
		if e.used() && !there {
			return true
		}
	}
	return false
}

// release lets go of all entries. Joiners that have not come to the broadcast
// pages are attached to the page on which they stand, and to no other: what
// links to a page that is about to go becomes a goodbye.
func (es *entries) release() {
	for _, e := range slices.Clone(es.all) {
		atomic.StoreUint32(u32(e.door.base, wire.PageHeader+wire.MsgOffTag), wire.TagExiting)
		if e.state == entryLinked {
			atomic.StoreUint32(u32(e.s.page.base, e.s.cur.LastOff+wire.MsgOffTag), wire.TagExiting)
		}
		e.close()
	}
}

// entryOptions are those of the private chains.
func (b *Broker) entryOptions() Options {
	o := b.opts.senderOptions()
	o.PageSize = b.replayPage()
	o.SendTimeout = NoWait
	o.MaxPendingPages = 2
	return o
}

// firstWanted is the number of the page that a joiner of now starts with.
func (b *Broker) firstWanted() uint64 {
	switch b.opts.History.kind {
	case historyNone:
		return b.pages.last
	case historyBytes:
		return b.pages.since(uint64(b.opts.History.bytes))
	}
	return 1
}

package llmp

import (
	"slices"
	"sync/atomic"
	"time"

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
	swept   time.Time
}

func (es *entries) add(e *entry) {
	if es.idleFootprint() > uint64(es.b.opts.Budget)/8 {
		es.swept = time.Time{}
		es.sweep(time.Now())
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
func (es *entries) sweep(now time.Time) {
	if now.Sub(es.swept) < time.Second {
		return
	}
	es.swept = now
	for _, e := range slices.Clone(es.all) {
		passed := e.passedDoor()
		switch {
		case !e.known && !passed || !e.alone():
			e.lonely = time.Time{}
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

// idleFootprint is how much shared memory is taken by entries that are not
// filled: those have a share of their own.
func (es *entries) idleFootprint() (n uint64) {
	for _, e := range es.all {
		if e.state != entryFills {
			n += e.footprint()
		}
	}
	return n
}

func (es *entries) footprint() (n uint64) {
	for _, e := range es.all {
		n += e.footprint()
	}
	return n
}

// polls says how soon somebody has to be looked for who does not ring; 0 says
// that nobody has.
func (es *entries) polls() (limit time.Duration) {
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

// The budget: an eighth is for the history that late joiners are given, an
// eighth for those who wait at a door, and the rest for broadcast pages. Where
// more than can wait do, broadcast pages make room for them.

func (b *Broker) liveBudget() uint64 {
	share := uint64(b.opts.Budget) / 8
	idle := b.entries.idleFootprint()
	taken := 2*share + wire.BellSize + (idle - min(idle, share))
	return uint64(b.opts.Budget) - min(uint64(b.opts.Budget), taken)
}

// replayPage is the size of private pages with history.
func (b *Broker) replayPage() int {
	size := smallestPageSize
	for size < b.opts.PageSize && int64(size)*2 <= b.opts.Budget/256 {
		size *= 2
	}
	return size
}

// maxFilling is how many joiners are given the history at a time. The others
// wait for their turn; they hold up nobody, and lose nothing.
func (b *Broker) maxFilling() int {
	const pagesEach = 4
	each := int64(pagesEach * (b.replayPage() + wire.AnnexSize))
	return int(max(b.opts.Budget/8/each, 1))
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

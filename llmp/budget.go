package llmp

import (
	"llmp/internal/clock"
	"llmp/internal/wire"
)

// The broker's budget of shared memory, and who may have how much of it. The
// rules, M1 to M6, are in docs/concurrency.md, "Memory".
//
// An eighth is for the history that late joiners are given on ordinary pages,
// half as much for messages of it that need large ones, an eighth for those who
// wait at a door, and the rest for broadcast pages. Where that is too little for
// a large page, or for those who wait, broadcast pages make room.

// entryCost is what an entry takes until its joiner reads: the door, and a page
// behind it.
const entryCost = 2 * (entryPage + wire.AnnexSize)

// share is what joiners may always have: once to be filled, once to wait.
func (b *Broker) share() uint64 { return uint64(b.opts.Budget) / 8 }

// largeShare is what joiners may always have for large pages, all together.
func (b *Broker) largeShare() uint64 { return b.share() / 2 }

// liveBudget is what is left for broadcast pages.
func (b *Broker) liveBudget() uint64 {
	es := &b.entries
	taken := es.takenBy(es.idleFootprint()+uint64(es.knocking)*entryCost, es.largeFootprint()+es.wanted)
	return uint64(b.opts.Budget) - min(uint64(b.opts.Budget), taken)
}

// ordinary is what a broadcast page takes that is no larger than usual. There
// is always room for two, so that the broker can go on.
func (b *Broker) ordinary() uint64 { return uint64(b.opts.PageSize + b.out.opts.annexSize()) }

// idleLimit is what those may take who are not being given history (M3).
func (b *Broker) idleLimit() uint64 {
	taken := wire.BellSize + b.share() + b.largeShare() + 2*b.ordinary()
	return max(uint64(b.opts.Budget)-min(uint64(b.opts.Budget), taken), b.share())
}

// admit says whether one more joiner can be let in (M3).
func (es *entries) admit() error {
	if es.roomToWait(entryCost) {
		return nil
	}
	es.swept = 0 // some may be dead
	es.sweep(clock.Now())
	es.b.pages.press()
	if es.roomToWait(entryCost) {
		return nil
	}
	return fail(ErrFull, "%d clients have not begun to receive, and the broker's budget of %d bytes has room for no more: let them receive, or raise it",
		len(es.all), es.b.opts.Budget)
}

// roomToWait says whether n bytes more can be taken by those who are not being
// filled.
func (es *entries) roomToWait(n uint64) bool {
	idle := es.idleFootprint() + n
	return idle <= es.b.share() || idle <= es.b.idleLimit() && es.fits(idle, es.largeFootprint())
}

// replayPage is the size of private pages with history, but for large messages.
func (b *Broker) replayPage() int {
	size := smallestPageSize
	for size < b.opts.PageSize && int64(size)*2 <= b.opts.Budget/256 {
		size *= 2
	}
	return size
}

// pagesEach is how many pages a private chain has at most, its door not counted.
const pagesEach = 4

// maxFilling is how many joiners are given the history at a time (M2). The
// others wait for their turn; they hold up nobody, and lose nothing.
func (b *Broker) maxFilling() int {
	each := uint64(pagesEach*(b.replayPage()+wire.AnnexSize) + entryPage + wire.AnnexSize)
	return int(max(b.share()/each, 1))
}

// isLarge says whether a private page is one that joiners take turns for.
func (es *entries) isLarge(pg *page) bool { return pg.size > uint64(es.b.replayPage()) }

// takenBy is what joiners take of the budget, and the bell, or what is reserved
// for them: if entries that are not filled take idle bytes, and large pages
// large ones.
func (es *entries) takenBy(idle, large uint64) uint64 {
	share := es.b.share()
	return wire.BellSize + share + max(idle, share) + max(large, es.b.largeShare())
}

// fits says whether that much may be taken now, with room for two ordinary
// broadcast pages beside it.
func (es *entries) fits(idle, large uint64) bool {
	p := es.b.pages
	try := func() bool {
		return es.takenBy(idle, large)+max(p.footprint(), 2*es.b.ordinary()) <= uint64(es.b.opts.Budget)
	}
	if try() {
		return true
	}
	p.dropSpares()
	return try()
}

// idleFootprint is how much shared memory is taken by entries that are not
// filled, or not counted among those: they have a share of their own.
func (es *entries) idleFootprint() (n uint64) {
	for _, e := range es.all {
		if !e.counts {
			ordinary, _ := e.footprint()
			n += ordinary
		}
	}
	return n
}

// largeFootprint is how much is taken by large private pages.
func (es *entries) largeFootprint() (n uint64) {
	for _, e := range es.all {
		_, large := e.footprint()
		n += large
	}
	return n
}

func (es *entries) footprint() (n uint64) {
	for _, e := range es.all {
		ordinary, large := e.footprint()
		n += ordinary + large
	}
	return n
}

// footprint is how much shared memory the entry takes: on ordinary pages, and
// on large ones.
func (e *entry) footprint() (ordinary, large uint64) {
	add := func(pg *page) {
		if e.b.entries.isLarge(pg) {
			large += pg.footprint()
		} else {
			ordinary += pg.footprint()
		}
	}
	own := e.s.past.(*ownPages)
	add(e.door)
	for _, pages := range [...][]*page{own.limbo, own.pages, own.spare} {
		for _, pg := range pages {
			add(pg)
		}
	}
	add(e.s.page)
	return ordinary, large
}

// nextSize says how large the next page of a private chain shall be, of which size
// bytes are asked for; ErrFull while it has to wait.
func (e *entry) nextSize(size uint64) (uint64, error) {
	es, own := &e.b.entries, e.s.past.(*ownPages)
	usual := uint64(e.b.replayPage())
	if len(own.pages)+len(own.limbo)+1 >= pagesEach {
		return 0, fail(ErrFull, "a joiner has not read what it was given")
	}
	if size <= usual {
		return size, nil
	}
	if es.isLarge(e.s.page) {
		return usual, nil // M4: so that the joiner leaves the large one
	}
	if !es.grant(e, size+uint64(e.s.opts.annexSize())) {
		return 0, fail(ErrFull, "a joiner waits for its turn to be given a large message")
	}
	return size, nil
}

// grant decides whether a joiner gets a large page that takes need bytes now
// (M4, M5). While it does not, the joiner is next in line.
func (es *entries) grant(e *entry, need uint64) bool {
	if es.b.pages.force {
		return true
	}
	if !es.takeTurn(e) {
		return false
	}
	es.collectLarge()
	if es.yield && es.b.pages.waits() {
		e.waits = true
		return false
	}
	if !es.roomFor(need) && !es.makeRoom(e, need) {
		return false
	}
	es.wanted, es.yield = 0, true
	if uint64(len(e.image)) <= es.largeImage() {
		es.turn = nil
	}
	return true
}

// collectLarge gives back the large pages that were read.
func (es *entries) collectLarge() {
	for _, e := range es.pending {
		if _, large := e.footprint(); large != 0 {
			e.s.past.(*ownPages).collect()
		}
	}
}

// takeTurn makes it the turn of a joiner, if it is nobody else's.
func (es *entries) takeTurn(e *entry) bool {
	if es.turn == nil {
		es.turn = e
	}
	if es.turn != e {
		_, own := e.footprint()
		e.waits = own == 0
		es.hurry(e, clock.Now())
		return false
	}
	return true
}

// largeImage is the size beyond which what comes from the archive is taken into
// memory for one joiner at a time.
func (es *entries) largeImage() uint64 { return uint64(es.b.opts.PageSize) }

// roomFor says whether the budget has room for a large private page, and two
// ordinary broadcast pages beside it.
func (es *entries) roomFor(need uint64) bool {
	large := es.largeFootprint()
	return large+need <= es.b.largeShare() || es.fits(es.idleFootprint(), large+need) || large == 0 && es.b.pages.bare()
}

// makeRoom has the broadcast pages give way to a large private page; false
// while that needs time.
func (es *entries) makeRoom(e *entry, need uint64) bool {
	p := es.b.pages
	if _, own := e.footprint(); own != 0 {
		return false // it has to read first
	}
	e.waits = true
	large := es.largeFootprint()
	if large != 0 && es.takenBy(es.idleFootprint(), large+need)+2*es.b.ordinary() > uint64(es.b.opts.Budget) {
		es.hurry(e, clock.Now()) // only when those are gone there can be room
		return false
	}
	es.wanted = need
	p.stepOff()
	p.press()
	return es.roomFor(need)
}

// hurry cuts off joiners that have had a large page, or the turn, for long, and
// do not read on.
func (es *entries) hurry(but *entry, now clock.Moment) {
	slow := es.b.opts.SlowTimeout
	if slow < 0 {
		return
	}
	for i := 0; i < len(es.pending); i++ {
		e := es.pending[i]
		if _, large := e.footprint(); e != but && e.state == entryFills && !e.waits && (large != 0 || es.turn == e) && now.Sub(e.moved) >= slow {
			es.b.count.cutOff.Add(1)
			es.cut(e, wire.LinkSlow)
			i--
		}
	}
}

// endTurn is for a joiner that needs no turn any more.
func (es *entries) endTurn(e *entry) {
	if es.turn == e {
		es.turn, es.wanted = nil, 0
		es.b.bell.shake() // somebody may wait for it
	}
}

// mayLink says whether a joiner can be led on to the broadcast pages: not before
// it has left its large pages, since from then on it cannot be cut off (M6).
func (e *entry) mayLink() bool {
	if !e.stepOff() {
		return false
	}
	e.s.past.(*ownPages).collect()
	_, large := e.footprint()
	return large == 0
}

// stepOff leads a joiner on from a large page to one that is not, which may
// need that it reads first: nobody waits on a large page (M4).
func (e *entry) stepOff() bool {
	return !e.b.entries.isLarge(e.s.page) || e.s.MakeRoom(0) == nil
}

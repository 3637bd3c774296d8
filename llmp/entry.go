package llmp

import (
	"sync/atomic"

	"llmp/internal/clock"
	"llmp/internal/cursor"
	"llmp/internal/wire"
)

// An entry is how one joiner gets onto the broadcast pages: through pages that
// only it reads. Then the counters of broadcast pages say exactly who is there,
// and the joiner can be given the history first. See docs/concurrency.md.
//
// The door, on which the joiner starts, only links to the first page of the
// private chain, which the sender s writes. The last page of the chain links
// to a broadcast page.
type entry struct {
	b     *Broker
	door  *page
	s     *Sender
	state entryState
	link  *livePage // where the chain leads, once it is linked

	public bool // others may learn of the door: by Broker.Map, or the environment
	known  bool // the joiner has introduced itself, and was attached then
	fresh  bool // nobody has come to the door yet, so history is counted from when they do
	counts bool // it is one of those that are filled, whose number is bounded
	direct bool // the chain holds a link alone, and nobody has come to it yet

	joined uint64      // number of the current page when the joiner came
	next   uint64      // number of the page that it shall get next
	in     cursor.Recv // the place on the image of that page
	image  []byte      // nil: not there yet
	loaded atomic.Pointer[loadedPage]
	asked  uint64 // number of the page that was asked for; 0: none

	moved  clock.Moment // when the joiner was last seen to read, or was led on to a broadcast page
	waits  bool         // it is not the joiner who is slow: it waits for its turn, or for the archive
	lonely clock.Moment // since when nobody is attached; zero: somebody is
}

type entryState int

const (
	entryWaits  entryState = iota // the joiner has not begun to read, and nothing is to be read yet
	entryFills                    // it is given the history
	entryLinked                   // the chain ends with a link to a broadcast page
	entryOver
)

// entryPage is the size of the first private pages: just enough for a link.
const entryPage = 4096

// newEntry makes an entry and, if the joiner can start on a page in use, the
// link to it. The caller holds the broker's lock.
func (b *Broker) newEntry(public bool) (*entry, error) {
	if err := b.entries.admit(); err != nil {
		return nil, err
	}
	e := &entry{b: b, public: public, joined: b.pages.last, next: b.firstWanted(), moved: clock.Now()}
	s, err := newSenderOn(entryPage, 0, b.entryOptions(), e.onPage)
	if err != nil {
		return nil, err
	}
	s.lean = true
	own := &ownPages{s: s, before: unknown} // another one may come through the door
	own.most, own.nextSize = uint64(b.replayPage()), e.nextSize
	s.past = own
	if e.door, err = newPage(s.opts.Provider, entryPage, s.opts.annexSize(), 0); err != nil {
		s.release()
		return nil, err
	}
	e.s = s
	var c cursor.Send
	startPage(&c, e.door)
	c.Ring = e.onPage(e.door)
	writeEOP(&c, s.page.size, s.page.m.ID())
	if lp := b.pages.linkable(e.next); lp != nil {
		e.direct = true
		e.linkTo(lp)
	}
	b.entries.add(e)
	return e, nil
}

func (e *entry) onPage(pg *page) cursor.Ring {
	flags := uint32(wire.AnnexFlagEntry)
	if e.b.entries.isLarge(pg) {
		flags |= wire.AnnexFlagOnce
	}
	pg.setFlags(flags)
	e.b.bell.announceOn(pg)
	return ringOnPage(pg)
}

// linkTo ends the private chain with a link to a broadcast page.
func (e *entry) linkTo(lp *livePage) {
	e.s.page.setLinkSeq(lp.seq)
	writeEOP(e.s.cur, lp.pg.size, lp.pg.m.ID())
	lp.joiners = append(lp.joiners, e)
	e.state, e.link = entryLinked, lp
}

// sayWhy notes on the pages of an entry that is about to end why that is.
func (e *entry) sayWhy(why uint64) {
	for _, pg := range e.all() {
		pg.setLinkSeq(why)
	}
}

// takeBack makes a link invisible that nobody has come to; false when somebody
// has. The joiner counts itself at the door before it looks behind it, and here
// the two are done in the opposite order.
func (e *entry) takeBack() bool {
	if e.state != entryLinked || !e.direct {
		return false
	}
	pg := e.s.page
	atomic.StoreUint64(currentID(pg.base), 0)
	if e.passedDoor() {
		e.direct = false
		publish(e.s.cur)
		return false
	}
	pg.setLinkSeq(0)
	*u64(pg.base, wire.PageOffUsed) = 0
	*u32(pg.base, wire.PageHeader+wire.MsgOffTag) = wire.TagUnset
	startPage(e.s.cur, pg)
	n, ok := e.door.m.Attached()
	e.fresh = ok && n <= 1 && !e.known
	e.state, e.link = entryWaits, nil
	e.direct = false
	e.b.entries.pend(e)
	return true
}

// passedDoor says whether somebody has begun to read.
func (e *entry) passedDoor() bool {
	_, left := loadCounters(e.door.base)
	return left != 0
}

// used says whether a joiner is seen at the door or behind it.
func (e *entry) used() bool {
	n, ok := e.door.m.Attached()
	return ok && n > 1 || e.door.coming() || e.passedDoor()
}

// rings says whether the joiner rings when it moves on.
func (e *entry) rings() bool { return e.door.coming() || e.s.page != nil && e.s.page.coming() }

// all are the pages of the entry that somebody may read, in the order of reading.
func (e *entry) all() []*page {
	own := e.s.past.(*ownPages)
	var all []*page
	for _, pages := range [][]*page{{e.door}, own.limbo, own.pages, {e.s.page}} {
		all = append(all, pages...)
	}
	return all
}

// alone says for sure that nobody is attached to a page of the entry.
func (e *entry) alone() bool {
	if !e.door.counted() {
		return e.joinerDied()
	}
	for _, pg := range e.all() {
		if !pg.alone() {
			return false
		}
	}
	return true
}

// joinerDied says for sure, where attachments are not counted, that a joiner of
// ours has come to the entry, which has one at most, and that its process is no
// more.
func (e *entry) joinerDied() bool {
	for _, pg := range e.all() {
		if pg.coming() && !pg.signerDied() {
			return false
		}
	}
	return !e.public && e.door.coming()
}

// overTo ends the entry by which a joiner has come to a broadcast page, and
// counts the joiner in there.
func (e *entry) overTo(lp *livePage) bool {
	last := e.s.page
	_, left := loadCounters(last.base)
	if e.state != entryLinked || left == 0 && !last.arrived() {
		return false
	}
	// A second joiner, on the same door, may be behind the first.
	for _, pg := range e.all() {
		pg.retire()
		if n, ok := pg.m.Attached(); ok && n > 1 {
			return false
		} else if !ok && e.public && left > 0 {
			e.b.pages.doubt = true
		}
	}
	e.end(lp)
	return true
}

// end ends an entry that nobody can come from any more.
func (e *entry) end(lp *livePage) {
	e.b.entries.unfill(e)
	_, left := loadCounters(e.s.page.base)
	lp.came += uint64(left)
	e.close()
}

// close lets go of all pages.
func (e *entry) close() {
	e.s.release()
	_ = e.door.close()
	e.state = entryOver
	e.b.entries.remove(e)
}

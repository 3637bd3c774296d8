package llmp

import (
	"errors"
	"slices"
	"sync/atomic"

	"llmp/internal/clock"
	"llmp/internal/wire"
)

// broadcast is the pool of a broker's broadcast pages. Many read them, at their
// own pace; when one may be used again is said in docs/concurrency.md, by the
// names B1 to B9 that the comments here refer to.
type broadcast struct {
	b *Broker

	pages   []*livePage // in use, oldest first; the last is the current one
	ghosts  []*livePage // given up, but somebody who cannot be accounted for may read on
	spare   []*page     // to be used again; the one that was freed last is last
	maker   pageMaker
	archive *archive // nil: no history is kept
	last    uint64   // number of the current page
	doubt   bool     // attachments are not counted here, and a proof failed once
	full    bool     // what next needs is not to be had within the budget
	refused uint64   // the round in which that was so the last time; 0: it has got what it needed since
	force   bool     // the broker ends: the budget does not matter any more
	looked  clock.Moment
	held    hold // how long a full bus has been waiting for the oldest page
}

// A livePage is a broadcast page in use.
type livePage struct {
	pg       *page
	seq      uint64
	end      uint64 // offset behind the last ordinary message, once the page has ended
	lastID   uint64 // its id
	queued   bool   // handed to the archive
	archived atomic.Bool

	before  *livePage    // a ghost: who leaves it is still to come (against B3)
	came    uint64       // how many can have come by links, of those that are final
	joiners []*entry     // whose entries link here and are not over (B4)
	struck  bool         // struck out and retired (B7, B8)
	lonely  clock.Moment // since when it is held by readers that are attached to nothing; zero: it is not
	tainted bool         // somebody who was cut off may still read here: never use it again
}

// What is kept ready: pages that are used in turn stay in the processor's caches.
const maxSpareBroadcast = 4

func newBroadcast(b *Broker, first *page) *broadcast {
	p := &broadcast{b: b, maker: pageMaker{provider: b.opts.Provider, annex: b.out.opts.annexSize()}}
	if b.opts.History.keeps() {
		p.archive = newArchive(b.opts.ArchiveDir, b.bell.ring)
	}
	p.add(first)
	return p
}

// add numbers a page that is about to become the current one.
func (p *broadcast) add(pg *page) {
	p.last++
	pg.setSeq(p.last)
	p.pages = append(p.pages, &livePage{pg: pg, seq: p.last})
}

// next is a page to go on with: one that was freed, or a new one within the
// budget.
func (p *broadcast) next(size uint64) (*page, error) {
	p.collect()
	if p.footprint() > p.b.liveBudget() {
		p.dropSpares()
	}
	pg := p.takeSpare(size)
	if pg == nil && !p.fits(size) {
		p.press()
		p.b.entries.collectLarge()
		p.b.entries.hurry(nil, clock.Now())
		pg = p.takeSpare(size)
	}
	if pg == nil && p.mustStep(size) {
		size = uint64(p.b.opts.PageSize)
		p.dropSpares()
	}
	if pg == nil {
		if !p.fits(size) {
			p.refused = p.b.round
			return nil, fail(ErrFull, "the broadcast side has reached its budget of %d bytes: receivers are far behind; send again later", p.b.opts.Budget)
		}
		var err error
		if pg, err = p.newPage(size); err != nil {
			return nil, err
		}
	}
	p.held, p.refused = hold{}, 0
	p.b.entries.yield = false
	p.add(pg)
	return pg, nil
}

// waits says whether the broadcast side waits for room.
func (p *broadcast) waits() bool { return p.refused != 0 && p.refused+1 >= p.b.round }

// press does what can be done to get pages back, for those who find no room.
func (p *broadcast) press() {
	p.full = true
	p.relieve()
	p.collect()
	p.full = false
}

// isLarge says whether a page is larger than the usual ones.
func (p *broadcast) isLarge(size uint64) bool { return size > uint64(p.b.opts.PageSize) }

// onLarge says whether the current page is larger than the usual ones.
func (p *broadcast) onLarge() bool { return p.isLarge(p.pages[len(p.pages)-1].pg.size) }

// bare says whether nothing but the current page is in use, and that is one of
// the usual size.
func (p *broadcast) bare() bool { return len(p.pages) == 1 && !p.onLarge() }

// mustStep says whether a page of the usual size has to come first, so that the
// current page can be given back before the next one is made (M4).
func (p *broadcast) mustStep(size uint64) bool {
	return p.isLarge(size) && len(p.pages) == 1 && p.onLarge() && !p.fits(size)
}

// stepOff goes on to a page of the usual size, if a larger one is all there is:
// then it can be given back once it was read.
func (p *broadcast) stepOff() {
	if len(p.pages) == 1 && p.onLarge() {
		_ = p.b.out.MakeRoom(0) // no memory: it stays as it is
	}
}

// newPage makes a page. Where the system has no more memory to give, that is a
// budget too, as long as there are pages to wait for.
func (p *broadcast) newPage(size uint64) (*page, error) {
	if pg := p.maker.take(size); pg != nil {
		p.maker.prepare(size, p.room() > 2*size)
		return pg, nil
	}
	pg, err := newPage(p.b.opts.Provider, size, p.maker.annex, 0)
	if errors.Is(err, ErrNoMemory) && len(p.pages) > 1 && !p.force {
		return nil, fail(ErrFull, "no shared memory is left, and receivers are far behind: send again later (%v)", err)
	}
	if err == nil {
		p.maker.prepare(size, p.room() > 2*size)
	}
	return pg, err
}

func (p *broadcast) takeSpare(size uint64) *page {
	// One that is far too large would keep its memory for ever.
	p.spare = slices.DeleteFunc(p.spare, func(pg *page) bool {
		if pg.size <= 2*size {
			return false
		}
		_ = pg.close()
		return true
	})
	for i, pg := range slices.Backward(p.spare) {
		if pg.size >= size {
			p.spare = slices.Delete(p.spare, i, i+1)
			pg.init(0)
			return pg
		}
	}
	return nil
}

// fits says whether the budget has room for a page of size bytes (M1). There
// always is for one of the usual size when all pages but the current one are
// free, and for a larger one when there is no other large page at all, of ours
// or a joiner's: a message must get through however large it is (M5).
func (p *broadcast) fits(size uint64) bool {
	if p.force {
		return true
	}
	need := size + uint64(p.maker.annex)
	if p.isLarge(size) {
		need += p.b.ordinary() // to step on to from there
	}
	if p.room() < need {
		p.dropSpares()
	}
	switch es := &p.b.entries; {
	case p.room() >= need:
		return true
	case len(p.pages) > 1:
		return false
	case p.isLarge(size):
		return !p.onLarge() && es.wanted == 0 && es.largeFootprint() == 0
	default:
		return p.onLarge() || es.wanted == 0
	}
}

// room is how much the budget has left for broadcast pages.
func (p *broadcast) room() uint64 {
	limit := p.b.liveBudget()
	return limit - min(limit, p.footprint())
}

// footprint is how much shared memory the pages take.
func (p *broadcast) footprint() uint64 {
	n := p.maker.footprint()
	for _, lp := range p.pages {
		n += lp.pg.footprint()
	}
	for _, lp := range p.ghosts {
		n += lp.pg.footprint()
	}
	for _, pg := range p.spare {
		n += pg.footprint()
	}
	return n
}

// mapped are all pages on which a reader of ours may be marked.
func (p *broadcast) mapped() []*page {
	all := slices.Clone(p.spare)
	for _, lp := range slices.Concat(p.pages, p.ghosts) {
		all = append(all, lp.pg)
	}
	return all
}

func (p *broadcast) dropSpares() {
	for _, pg := range p.spare {
		_ = pg.close()
	}
	p.spare = nil
	p.maker.drop()
}

// ended notes what lies on the page that the broker has just left.
func (p *broadcast) ended(pg *page, end, lastID uint64) {
	lp := p.pages[len(p.pages)-2]
	lp.end, lp.lastID = end, lastID
	p.toArchive()
}

// toArchive hands over pages that have ended, in their order, as far as the
// archive takes them now.
func (p *broadcast) toArchive() {
	if p.archive == nil {
		return
	}
	for _, lp := range p.pages[:len(p.pages)-1] {
		if !lp.queued {
			if !p.archive.submit(lp) {
				return
			}
			lp.queued = true
		}
	}
	p.trim()
}

// trim forgets what is older than the history that is wanted, but not before
// those who are being given it.
func (p *broadcast) trim() {
	if p.b.opts.History.kind != historyBytes {
		return
	}
	first := p.since(uint64(p.b.opts.History.bytes))
	for _, e := range p.b.entries.pending {
		if e.state == entryFills {
			first = min(first, e.next)
		}
	}
	p.archive.forgetBefore(first)
}

func (p *broadcast) unread() int { return len(p.pages) - 1 }

// abandoned: a broker is never alone, clients can come.
func (p *broadcast) abandoned() bool { return false }

func (p *broadcast) release() {
	if p.archive != nil {
		p.archive.close() // it reads pages
	}
	p.maker.close()
	for _, lp := range slices.Concat(p.pages[:len(p.pages)-1], p.ghosts) { // the last is the sender's
		lp.pg.setSeq(0)
		_ = lp.pg.close()
	}
	p.dropSpares()
	p.pages, p.ghosts = nil, nil
}

// live is the page in use with this number, or nil.
func (p *broadcast) live(seq uint64) *livePage {
	if len(p.pages) == 0 || seq < p.pages[0].seq || seq > p.last {
		return nil
	}
	return p.pages[seq-p.pages[0].seq]
}

// linkable is the page with this number if a joiner may still be sent there: one
// that is struck out is retired, though it may wait for its next life.
func (p *broadcast) linkable(seq uint64) *livePage {
	lp := p.live(seq)
	if lp == nil || lp.struck {
		return nil
	}
	return lp
}

// oldest is the number of the oldest page that can still be read, from the
// archive or in use.
func (p *broadcast) oldest() uint64 {
	if p.archive != nil {
		if first, any := p.archive.oldest(); any {
			return first
		}
	}
	for _, lp := range p.pages {
		if !lp.struck {
			return lp.seq
		}
	}
	return p.last // which is never struck out
}

// since is the number of the page from which on there are n bytes, or all.
func (p *broadcast) since(n uint64) uint64 {
	have := p.b.out.cur.Used
	for _, lp := range slices.Backward(p.pages[:len(p.pages)-1]) {
		if have >= n {
			return lp.seq + 1
		}
		have += lp.end - wire.PageHeader
	}
	if have >= n || p.archive == nil {
		return p.pages[0].seq
	}
	return p.archive.since(n-have, p.pages[0].seq)
}

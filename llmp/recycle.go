package llmp

import "slices"

// ownPages are the past pages of a sender with one receiver, as a rule: a
// client whose broker reads, a channel, a joiner's private chain.
//
// A page is used again only when it is proved that nobody reads it and nobody
// can come to read it any more: docs/concurrency.md, "A client's pages". Where
// that cannot be proved it is destroyed, so that a reader nobody knew of finds
// it gone instead of finding other bytes.
type ownPages struct {
	s      *Sender
	pages  []*page // not read to the end yet, oldest first
	limbo  []*page // read to the end by a receiver, and retired; in order
	spare  []*page // to be used again
	maker  pageMaker
	fresh  bool // the page that next gave last was never used before
	before int  // how many in all have left the page before the oldest in limbo, or unknown

	// Of a private chain, which has to keep to a budget.
	most     uint64                       // spares that are larger are given back; 0: none is
	nextSize func(uint64) (uint64, error) // how large the next page may be; nil: as asked for
}

const (
	maxLimbo = 2
	maxSpare = 2

	unknown = -1
)

func (p *ownPages) next(size uint64) (*page, error) {
	p.collect()
	if n := len(p.pages) + 1; n > p.s.opts.MaxPendingPages {
		return nil, fail(ErrFull, "%d pages wait unread: the receiver is far behind; send again later", n)
	}
	if p.nextSize != nil {
		var err error
		if size, err = p.nextSize(size); err != nil {
			return nil, err
		}
	}
	// One that is far too large would keep its memory for ever.
	p.spare = slices.DeleteFunc(p.spare, func(pg *page) bool {
		if pg.size <= max(2*size, 4*lavish) {
			return false
		}
		_ = pg.close()
		return true
	})
	for i, pg := range p.spare {
		if pg.size >= size {
			p.spare = slices.Delete(p.spare, i, i+1)
			pg.init(p.s.ID())
			p.fresh = false
			return pg, nil
		}
	}
	// Sizes only grow, as a rule: a spare that is too small will not do again.
	for _, pg := range p.spare {
		_ = pg.close()
	}
	p.spare = nil
	p.fresh = true
	if pg := p.maker.take(size); pg != nil {
		pg.init(p.s.ID())
		return pg, nil
	}
	p.maker.drop() // it is too small, as above
	return newPage(p.s.opts.Provider, size, p.s.opts.annexSize(), p.s.ID())
}

func (p *ownPages) ended(pg *page, _, _ uint64) { p.pages = append(p.pages, pg) }

// minAhead is the smallest page that is made ready ahead of need: what smaller
// ones cost is less than to have another thread make them.
const minAhead = 256 << 10

// prepare has the next page made ready, by another thread, unless one that was
// read by now will do.
func (p *ownPages) prepare(size uint64) {
	p.collect()
	if p.maker.provider == nil {
		p.maker.provider, p.maker.annex = p.s.opts.Provider, p.s.opts.annexSize()
	}
	p.maker.prepare(size, len(p.spare) == 0)
}

func (p *ownPages) unread() int { return len(p.pages) }

// collect looks for pages that the receiver has left, and for those that may be
// used again.
func (p *ownPages) collect() {
	for len(p.pages) > 0 && p.pages[0].readToTheEnd() {
		p.pages[0].retire() // from here on nobody who is not attached can come to read it
		p.limbo = append(p.limbo, p.pages[0])
		p.pages = p.pages[1:]
	}
	for len(p.limbo) > 0 {
		pg := p.limbo[0]
		nobody, _ := pg.readByNobody()
		joined, left := loadCounters(pg.base) // after that
		switch {
		case !nobody && len(p.limbo) <= maxLimbo:
			return
		case !nobody:
			p.before = unknown // somebody who is attached may still leave it for the next
			_ = pg.close()
		case p.before != unknown && int(joined) >= p.before && left >= joined:
			p.before = int(left)
			if len(p.spare) < maxSpare && (p.most == 0 || pg.size <= p.most) {
				p.spare = append(p.spare, pg)
			} else {
				_ = pg.close()
			}
		case p.before != unknown && len(p.limbo) <= maxLimbo:
			return // one who has left the page before has not come here yet
		default:
			p.before = int(left) // who is still to come finds the page gone
			_ = pg.close()
		}
		p.limbo = p.limbo[1:]
	}
}

// readToTheEnd says whether somebody has left the page, and nobody seems to
// stand on it. (The first page of a channel may never have been marked joined.)
func (pg *page) readToTheEnd() bool {
	joined, left := loadCounters(pg.base)
	if left == 0 || left >= joined {
		return left != 0
	}
	nobody, counted := pg.readByNobody() // whoever has joined and not left was killed
	return nobody && counted
}

// readByNobody says whether nobody but its owner has the page mapped, or only
// one that has left it and keeps the map. Where the system does not count
// attachments (counted is false) that is taken for granted.
func (pg *page) readByNobody() (nobody, counted bool) {
	if n, ok := pg.m.AllStay(); ok && n <= 2 {
		return n <= 1 || pg.keeper() != 0, true // the other one is who claims it
	}
	keeper := pg.keeper()
	n, ok := pg.m.Attached()
	if !ok || n <= 1 {
		return true, ok
	}
	// The claim must have stood when the attachments were counted.
	return n == 2 && keeper != 0 && stillRuns(keeper) && pg.keeper() == keeper, true
}

func (p *ownPages) abandoned() bool {
	for _, pg := range append(p.pages, p.limbo...) {
		if !pg.alone() {
			return false
		}
	}
	return true
}

func (p *ownPages) release() {
	for _, pg := range slices.Concat(p.pages, p.limbo, p.spare) {
		_ = pg.close()
	}
	p.pages, p.limbo, p.spare = nil, nil, nil
	p.maker.close()
}

package llmp

import (
	"errors"
	"slices"

	"llmp/shmem"
)

// ownPages are the past pages of a sender with one receiver, as a rule: a
// client whose broker reads, a channel, a joiner's private chain.
//
// A page is used again only when it is proved that nobody reads it and nobody
// can come to read it any more: docs/concurrency.md, "When a page is used
// again". Where that cannot be proved it is destroyed, so that a reader nobody
// knew of finds it gone instead of finding other bytes.
type ownPages struct {
	s        *Sender
	pages    []*page // not read to the end yet, oldest first
	limbo    []*page // read to the end by the receiver that we know of; in order
	spare    []*page // to be used again
	leftPrev uint16  // how many receivers left the page before pages[0]
	before   *held   // the page before limbo[0], if it went while somebody had it mapped
}

const (
	maxLimbo = 2
	maxSpare = 2
)

func (p *ownPages) next(size uint64) (*page, error) {
	p.collect()
	if n := len(p.pages) + 1; n > p.s.opts.MaxPendingPages {
		return nil, fail(ErrFull, "%d pages wait unread: the receiver is far behind; send again later", n)
	}
	for i, pg := range p.spare {
		if pg.size >= size {
			p.spare = slices.Delete(p.spare, i, i+1)
			pg.init(p.s.ID())
			return pg, nil
		}
	}
	// Sizes only grow: a spare that is too small now will never do again.
	for _, pg := range p.spare {
		_ = pg.close()
	}
	p.spare = nil
	return newPage(p.s.opts.Provider, size, p.s.opts.annexSize(), p.s.ID())
}

func (p *ownPages) ended(pg *page, _, _ uint64) { p.pages = append(p.pages, pg) }

func (p *ownPages) unread() int { return len(p.pages) }

// collect looks for pages that the receiver has left.
func (p *ownPages) collect() {
	for len(p.pages) > 0 {
		pg := p.pages[0]
		joined, left := loadCounters(pg.base)
		// The first page of a channel may never have been marked joined.
		if left == 0 || left < joined || left < p.leftPrev {
			break
		}
		p.leftPrev = left
		p.pages = p.pages[1:]
		pg.retire() // from here on nobody who is not attached can come to read it
		p.limbo = append(p.limbo, pg)
	}
	for len(p.limbo) > 0 {
		pg := p.limbo[0]
		switch {
		case p.before.gone() && pg.readByNobody():
			p.before = nil
			if len(p.spare) < maxSpare {
				p.spare = append(p.spare, pg)
			} else {
				_ = pg.close()
			}
		case len(p.limbo) > maxLimbo:
			p.before = destroy(p.s.opts.Provider, pg)
		default:
			return
		}
		p.limbo = p.limbo[1:]
	}
}

// readByNobody says whether nobody but its owner has the page mapped, or only
// one that has left it and keeps the map. Where the system does not count
// attachments, the page's own counters must do.
func (pg *page) readByNobody() bool {
	n, ok := pg.m.Attached()
	if !ok || n <= 1 {
		return true
	}
	keeper := pg.keeper()
	return n == 2 && keeper != 0 && processLives(keeper)
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
}

// held is a page that was given up while others may have it mapped: whoever
// reads it can follow its link at any time.
type held struct {
	provider shmem.Provider
	id       shmem.ID
	size     uint64
	counted  bool // the provider counts attachments: the id is gone when all are
}

// destroy gives a page up. nil when that was the end of it: nobody had it
// mapped, and nobody can map it any more.
func destroy(p shmem.Provider, pg *page) *held {
	_, counted := pg.m.Attached()
	h := &held{provider: p, id: pg.m.ID(), size: pg.size, counted: counted}
	_ = pg.close() // as it is: who is on it may read on
	if h.gone() {
		return nil
	}
	return h
}

// gone says for sure that nobody has the page mapped.
func (h *held) gone() bool {
	if h == nil {
		return true
	}
	if !h.counted {
		return false
	}
	m, err := h.provider.Attach(h.id, int(h.size))
	if err == nil {
		_ = m.Close()
		return false
	}
	return errors.Is(err, shmem.ErrNotExist)
}

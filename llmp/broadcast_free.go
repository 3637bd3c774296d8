package llmp

import (
	"slices"
	"time"

	"llmp/internal/clock"
	"llmp/internal/wire"
)

// collect frees the pages that nobody reads any more, from the oldest on.
func (p *broadcast) collect() {
	p.toArchive()
	p.reap()
	if len(p.pages) > 1 {
		p.look(clock.Now())
	}
	for len(p.pages) > 1 && p.finish(p.pages[0]) {
	}
}

// finish frees the oldest page if that may be (B2 to B9).
func (p *broadcast) finish(lp *livePage) bool {
	if p.archive != nil && !lp.archived.Load() || lp.before != nil || !p.joinersOver(lp) || !lp.counted() {
		return false
	}
	if !lp.struck {
		if p.b.readers.hold(lp.seq) {
			return false
		}
		lp.pg.setSeq(0)
		if p.b.readers.hold(lp.seq) { // one came by a description: put the number back
			lp.pg.setSeq(lp.seq)
			return false
		}
		lp.pg.retire()
		lp.struck = true
	}
	if p.others(lp.pg) != 0 {
		return false
	}
	p.remove(lp)
	if lp.tainted || p.doubt || len(p.spare) >= maxSpareBroadcast || p.room() < lp.pg.footprint() {
		_ = lp.pg.close()
	} else {
		p.spare = append(p.spare, lp.pg)
	}
	return true
}

// counted is B5: all who were to come by links have come and gone.
func (lp *livePage) counted() bool {
	joined, left := loadCounters(lp.pg.base)
	return lp.came <= 0xffff && uint64(joined) >= lp.came && left >= joined
}

// joinersOver is B4. It takes back the links that nobody has come to yet; where
// such a joiner would then miss something, only when the bus is full.
func (p *broadcast) joinersOver(lp *livePage) bool {
	take := p.full || p.b.opts.History.kind == historyAll
	lp.joiners = slices.DeleteFunc(lp.joiners, func(e *entry) bool { return e.overTo(lp) || take && e.takeBack() })
	return len(lp.joiners) == 0
}

// tidy ends the entries by which joiners have come, though nobody wants the
// pages back yet.
func (p *broadcast) tidy() {
	for _, lp := range p.pages {
		lp.joiners = slices.DeleteFunc(lp.joiners, func(e *entry) bool { return !e.public && e.overTo(lp) })
	}
	p.collect()
	if p.room() == 0 {
		p.stepOff()
	}
}

// remove takes the oldest page from those in use. Its left is final.
func (p *broadcast) remove(lp *livePage) {
	_, left := loadCounters(lp.pg.base)
	p.pages[1].came += uint64(left)
	p.pages = slices.Delete(p.pages, 0, 1)
}

// reap lets go of the ghosts that nobody can be on any more.
func (p *broadcast) reap() {
	p.ghosts = slices.DeleteFunc(p.ghosts, func(g *livePage) bool {
		if p.others(g.pg) != 0 {
			return false
		}
		if next := p.live(g.seq + 1); next != nil && next.before == g {
			_, left := loadCounters(g.pg.base)
			next.came += uint64(left)
			next.before = nil
		}
		_ = g.pg.close()
		return true
	})
}

// others counts the attachments of a page that are neither the broker's own
// nor those of readers who say where they stand. What cannot be counted counts
// as 1; where the system counts nothing there are none.
func (p *broadcast) others(pg *page) int {
	known := pg.mappedBy()
	n, ok := pg.m.Attached()
	if !ok || n <= 1 {
		return 0
	}
	if known != pg.mappedBy() {
		return 1
	}
	n -= 1 + p.b.readers.trusted(&known)
	if n < 0 {
		return 1 // a mark of a dead reader
	}
	return n
}

// A hold is what a full bus waits for.
type hold struct {
	seq   uint64 // the oldest page; 0: nothing
	since clock.Moment
	stays map[int]stay // the readers with a slot among those who hold it, each with a time of its own
}

// deadGrace is how long a reader that is attached to nothing is taken to be on
// its way to the next page.
const deadGrace = 2 * time.Second

// relieve does something about whoever holds the oldest page of a full bus, if
// they had their time: each its own, since some may have come just now to where
// another has stopped.
func (p *broadcast) relieve() {
	lp, now := p.pages[0], clock.Now()
	archiving := p.archive != nil && !lp.archived.Load()
	if p.held.seq != lp.seq || archiving {
		p.held = hold{seq: lp.seq, since: now, stays: map[int]stay{}}
	}
	p.b.readers.sweep(now)
	p.b.readers.note(lp.seq, p.held.stays, now)
	if archiving || len(p.pages) == 1 {
		return
	}
	waited, slow := now.Sub(p.held.since), p.b.opts.SlowTimeout
	late := slow >= 0 && waited >= slow
	switch {
	case p.b.readers.hold(lp.seq):
		if late {
			if n := p.b.readers.cutOff(lp.seq, p.held.stays, now.Add(-slow)); n > 0 {
				p.b.count.cutOff.Add(uint64(n))
				lp.tainted = true
			}
		}
	case late && !(lp.awaits(now, slow) && waited/2 < slow), p.passed(lp), lp.lonelyFor(now) >= p.grace() && p.deserted(lp):
		p.giveUp(lp)
	}
}

// awaits says whether a joiner was led to the page less than a while ago. (The
// page is not kept for such for ever: joiners that fail before they arrive, and
// come anew, would keep the bus full.)
func (lp *livePage) awaits(now clock.Moment, while time.Duration) bool {
	return slices.ContainsFunc(lp.joiners, func(e *entry) bool { return now.Sub(e.moved) < while })
}

// look notes which pages are held by readers that are attached to nothing, so
// that their time is over before the bus is full.
func (p *broadcast) look(now clock.Moment) {
	if now.Sub(p.looked) < lookEvery {
		return
	}
	p.looked = now
	for _, lp := range p.pages[:len(p.pages)-1] {
		switch {
		case lp.counted() && len(lp.joiners) == 0, !p.deserted(lp):
			lp.lonely = 0
		case lp.lonely.IsZero():
			lp.lonely = now
		}
	}
}

// lookEvery bounds how often pages are looked at for that.
const lookEvery = 100 * time.Millisecond

func (lp *livePage) lonelyFor(now clock.Moment) time.Duration {
	if lp.lonely.IsZero() {
		return 0
	}
	return now.Sub(lp.lonely)
}

// grace is how long those who are attached to nothing have.
func (p *broadcast) grace() time.Duration {
	if p.b.opts.SlowTimeout < 0 {
		return defaultSlowTimeout
	}
	return min(p.b.opts.SlowTimeout, deadGrace)
}

// deserted says for sure that nobody is attached to a page, nor to an entry
// that links to it.
func (p *broadcast) deserted(lp *livePage) bool {
	_, ok := lp.pg.m.Attached()
	return ok && p.others(lp.pg) == 0 && !slices.ContainsFunc(lp.joiners, func(e *entry) bool { return !e.alone() })
}

// behind is the number of the first page on which somebody stands who has yet to
// come to the current one; 0 when nobody is known to.
func (p *broadcast) behind() uint64 {
	p.b.readers.sweep(clock.Now())
	for _, lp := range p.pages[:len(p.pages)-1] {
		if p.b.readers.hold(lp.seq) || !lp.counted() && !p.deserted(lp) {
			return lp.seq
		}
	}
	return 0
}

// passed says whether all who were on their way to a page, as far as can be
// known, have come and gone: it is held by attachments that are not accounted
// for, or by those who may still come from a ghost and have had their time.
func (p *broadcast) passed(lp *livePage) bool {
	joined, left := loadCounters(lp.pg.base)
	coming := uint64(0)
	if lp.before != nil {
		_, n := loadCounters(lp.before.pg.base)
		coming = uint64(n)
	}
	return p.joinersOver(lp) && uint64(joined) >= lp.came+coming && left >= joined
}

// giveUp takes the oldest page out of use though readers may still be to come,
// or on it. The former find it gone; for the latter it stays as it is.
func (p *broadcast) giveUp(lp *livePage) {
	if !lp.struck {
		lp.pg.setSeq(0)
		lp.pg.retire()
		lp.struck = true
	}
	if _, ok := lp.pg.m.Attached(); !ok {
		p.doubt = true
	}
	joined, left := loadCounters(lp.pg.base)
	due := max(lp.came, uint64(joined))
	missed := due - min(due, uint64(left))
	for _, e := range lp.joiners {
		missed++
		e.sayWhy(wire.LinkSlow)
		p.b.entries.lose(e)
	}
	lp.joiners = nil
	p.b.count.cutOff.Add(missed)
	ghost := p.others(lp.pg) != 0
	p.pages = slices.Delete(p.pages, 0, 1)
	next := p.pages[0]
	if ghost {
		p.ghosts = append(p.ghosts, lp)
		next.before = lp
		return
	}
	_, left = loadCounters(lp.pg.base)
	next.came += uint64(left)
	_ = lp.pg.close()
}

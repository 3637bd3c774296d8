package llmp

import (
	"errors"
	"slices"
	"sync/atomic"

	"llmp/internal/wire"
)

// How a receiver gets from page to page, and what it lets others know of that.
// What they may conclude is in docs/concurrency.md: change nothing here without
// it, and without the models in tests/model.

// What a receiver keeps mapped at most because it may see it again: mapping
// anew, and the page faults that follow, cost more than reading.
const (
	maxKept      = 8 // pages
	maxKeptBytes = 16 << 20
)

// Follow moves from a page's end to the page it links to. Recv calls it by
// itself; the C fast path calls it here.
func (r *Receiver) Follow() error {
	if r.end != nil {
		return r.end
	}
	if r.cur.Base == nil {
		return r.fail(fail(ErrClosed, "this receiver was closed"))
	}
	peek := *r.cur
	var h msgHeader
	if what := next(&peek, &h); what != endOfPage {
		if what == nothing || what == message {
			return nil // nothing to follow
		}
		r.stop(what)
		return r.end
	}
	link, err := readLink(r.cur)
	if err != nil {
		return r.fail(err)
	}
	pg, err := r.enter(link)
	if err != nil {
		if r.board == nil {
			addLeft(r.page.base) // as LibAFL: who cannot go on has left all the same
		}
		return r.fail(r.explain(err))
	}
	r.ahead.forget()
	if err := r.moveTo(pg); err != nil {
		return r.fail(err)
	}
	enterPage(r.cur, r.page)
	return nil
}

// enter is the page that a link names: one that was kept, or mapped now.
func (r *Receiver) enter(link MapDescription) (*page, error) {
	for i, pg := range r.kept {
		if pg.m.ID() == link.ID && pg.size == link.Size {
			r.kept = slices.Delete(r.kept, i, i+1)
			if magic := atomic.LoadUint64(u64(pg.base, wire.PageOffMagic)); magic != wire.PageMagic {
				r.detach(pg)
				return nil, fail(ErrNotFound, "the page on map %s was retired by its sender", link.ID)
			}
			return pg, nil
		}
	}
	return attachPage(r.opts.Provider, link.ID, link.Size, "following a page's end to the next page")
}

// moveTo leaves the page for its successor.
func (r *Receiver) moveTo(pg *page) error {
	switch {
	case r.board != nil:
		return r.moveOn(pg)
	case pg.isBroadcast() && r.page.isEntry() && r.page.linkSeq() != 0:
		if found, err := r.arrive(pg); found {
			return err
		}
	}
	r.count(pg)
	return nil
}

// moveOn goes from one broadcast page to the next, by the reader's slot.
func (r *Receiver) moveOn(pg *page) error {
	r.board.attached(r.slot, pg)
	if !pg.isBroadcast() || pg.seq() != r.seq+1 ||
		!atomic.CompareAndSwapUint64(r.board.place(r.slot), placeOn(r.seq), placeOn(r.seq+1)) {
		r.detach(pg)
		return r.explain(fail(ErrNotFound, "the next page is in use for something else"))
	}
	r.seq++
	r.keep(r.page)
	r.page = pg
	return nil
}

// arrive comes from a private page to the broadcast page it leads to. found is
// false when there is no slot for this reader.
func (r *Receiver) arrive(pg *page) (found bool, err error) {
	seq := r.page.linkSeq()
	if !r.takeSlot(pg, seq) {
		return false, nil
	}
	if pg.seq() != seq {
		r.giveSlot()
		r.detach(pg)
		return true, r.explain(fail(ErrNotFound, "the page is in use for something else"))
	}
	old := r.page
	old.setArrived()
	r.findUsher(old)
	r.page = pg
	_ = old.close()
	r.dropKept()
	r.usher.ring()
	r.dropUsher()
	return true, nil
}

// takeSlot stands the reader on page number seq, for the broker to see.
func (r *Receiver) takeSlot(pg *page, seq uint64) bool {
	if r.opts.counted {
		return false
	}
	b := findBell(r.opts.Provider, pg)
	if b == nil {
		return false
	}
	slot, ok := b.takeSlot()
	if !ok {
		b.close()
		return false
	}
	r.board, r.slot, r.seq = b, slot, seq
	// The place first, then a look at the page's number: the broker strikes
	// the number out first, then looks at the places.
	atomic.StoreUint64(b.place(slot), placeOn(seq))
	b.attached(slot, pg)
	b.disownStale()
	return true
}

func (r *Receiver) giveSlot() {
	r.board.giveSlot(r.slot)
	r.board.close()
	r.board = nil
}

func (b *bell) attached(slot int, pg *page) {
	if pg.hasAnnex() {
		pg.markMapped(slot)
	}
}

// count goes on as LibAFL's receivers do: left on the old page, joined on the
// new one. On a channel, a page that was left stays mapped: its sender uses it
// again.
func (r *Receiver) count(pg *page) {
	old := r.page
	if pg.isEntry() {
		pg.setComing()
	}
	channel := !old.isBroadcast() && !pg.isBroadcast()
	addLeft(old.base)
	addJoined(pg.base)
	// After both: a claim says that nothing is to come from here any more.
	kept := channel && !old.isOnce() && old.claim()
	entry := old.isEntry()
	if entry {
		r.findUsher(old)
	}
	r.page = pg
	if kept {
		r.keep(old)
	} else {
		_ = old.close()
	}
	if !channel {
		r.dropKept() // they were of the chain that led here
	}
	if entry {
		r.usher.ring() // once nothing of what was left is mapped any more
	}
}

// findUsher finds the bell of the broker that has to be told when a page of this
// joiner's entry is left: it may be waiting to go on with the history.
func (r *Receiver) findUsher(left *page) {
	if r.usher == nil {
		r.usher = findBell(r.opts.Provider, left)
	}
}

// settle makes a receiver known on the page on which it starts.
func (r *Receiver) settle() error {
	pg := r.page
	if pg.isEntry() {
		pg.setComing()
	}
	if !pg.isBroadcast() {
		return nil
	}
	seq := pg.seq()
	if !r.takeSlot(pg, seq) {
		return nil
	}
	if seq == 0 || pg.seq() != seq {
		r.letGo()
		return fail(ErrNotFound, "the page on map %s is not in use any more: its reader was cut off or ended, or the description is stale; connect anew", pg.m.ID())
	}
	return nil
}

// explain says of a page that could not be had what is most likely.
func (r *Receiver) explain(err error) error {
	if r.board != nil && atomic.LoadUint64(r.board.place(r.slot))&placeCut != 0 {
		return fail(ErrNotFound, "the broker has cut this receiver off, since it held up a full bus: receive more often, or raise the broker's slow time-out; connect anew")
	}
	if errors.Is(err, ErrNotFound) && r.page.isEntry() {
		switch r.page.linkSeq() {
		case wire.LinkMissed:
			return fail(ErrNotFound, "this client had joined, but not begun to receive, when the broker needed the pages again, and its history does not reach back so far: receive soon after joining, or let the broker keep more history; connect anew")
		case wire.LinkSlow:
			return fail(ErrNotFound, "the broker has cut this client off, since it received too slowly while others waited for room: receive more often, or raise the broker's slow time-out or budget; connect anew")
		}
	}
	if errors.Is(err, ErrNotFound) {
		return fail(ErrNotFound, "the next page is gone: this receiver was too slow, or its sender ended; connect anew (%v)", err)
	}
	return err
}

// keep has a page stay mapped, and lets go of the oldest when there are many.
func (r *Receiver) keep(pg *page) {
	if pg.size > maxKeptBytes {
		r.drop(pg)
		return
	}
	r.kept = append(r.kept, pg)
	bytes := uint64(0)
	for _, k := range r.kept {
		bytes += k.size
	}
	for len(r.kept) > maxKept || bytes > maxKeptBytes {
		bytes -= r.kept[0].size
		r.drop(r.kept[0])
		r.kept = slices.Delete(r.kept, 0, 1)
	}
}

// drop unmaps a page that was kept.
func (r *Receiver) drop(pg *page) {
	if r.board == nil {
		pg.unclaim()
	}
	r.detach(pg)
}

func (r *Receiver) detach(pg *page) {
	if r.board != nil && pg.hasAnnex() {
		pg.unmarkMapped(r.slot)
	}
	_ = pg.close()
}

func (r *Receiver) dropKept() {
	for _, pg := range r.kept {
		r.drop(pg)
	}
	r.kept = nil
}

func (r *Receiver) dropUsher() {
	r.usher.close()
	r.usher = nil
}

// letGo unmaps everything and frees the slot.
func (r *Receiver) letGo() {
	r.ahead.forget()
	r.dropKept()
	r.detach(r.page)
	r.dropUsher()
	if r.board != nil {
		r.giveSlot()
	}
}

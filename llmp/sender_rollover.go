package llmp

import (
	"errors"
	"math/bits"
	"time"

	"llmp/internal/clock"
	"llmp/internal/wire"
)

// MakeRoom moves on to a page that has room for a message of n bytes, which
// the current one has not: the end of the page is written with a link to the
// next. It waits while too many pages go unread, as Options.SendTimeout says.
// Send and Alloc call it by themselves; the C fast path calls it here.
// Errors: ErrTooBig, ErrFull, ErrClosed (the receiver died), ErrNoMemory.
func (s *Sender) MakeRoom(n int) error {
	if s.cur.Base == nil {
		return fail(ErrClosed, "this sender was closed; connect anew")
	}
	if n < 0 || uint64(n) > MaxPayload {
		return tooBig(n)
	}
	if s.passStop(uint64(n)) {
		return nil
	}
	need := wire.MsgHeader + wire.Padded(wire.PageHeader, uint64(n))
	if s.lean {
		s.cur.MaxAlloc = need
	}
	s.cur.MaxAlloc = max(s.cur.MaxAlloc, need)
	size := s.nextSize(need)
	for {
		pg, err := s.nextPage(size)
		if err != nil {
			return err
		}
		s.goOn(pg)
		if pg.size >= size {
			s.stopOnce(need)
			return nil
		}
	}
}

// nextSize is the size of the page after the current one, for a message that
// takes need bytes. As in LibAFL it is twice what the largest message so far took,
// but for lean senders, and where that would be out of all proportion.
func (s *Sender) nextSize(need uint64) uint64 {
	if s.lean {
		return leanSize(need, uint64(s.opts.PageSize))
	}
	return leanSize(need, wire.NextMapSize(min(s.cur.MaxAlloc, lavish), uint64(s.opts.PageSize)))
}

// lavish is the largest message for the sake of which all pages after it are
// made larger.
const lavish = 16 << 20

// leanSize is the size of a page for a message that takes need bytes, where the
// usual pages have first bytes: no larger than it must be, but for an eighth, so
// that pages of messages of much the same size can be used in turn.
func leanSize(need, first uint64) uint64 {
	size := need + wire.EOPReserve + wire.PageHeader
	if size <= first {
		return first
	}
	step := max(uint64(1)<<(bits.Len64(size)-4), smallestPageSize)
	return (size + step - 1) &^ (step - 1)
}

// stopOnce has a sender call MakeRoom once amid a page that was never used
// before, a quarter on: then passStop sees to it that the next one is there before
// it is needed. Pages are used in turn soon, so that this is over after two or
// three, and nothing is done for a sender that never sends as much. (A quarter:
// to make a page takes another thread half as long as to fill a new one.)
// The first message there, which takes need bytes, must lie before that.
func (s *Sender) stopOnce(need uint64) {
	own, ok := s.past.(*ownPages)
	if !ok || own.nextSize != nil || !own.fresh || s.page.size < minAhead || s.page.size > maxPrefault {
		return
	}
	if part := s.page.size/4 - wire.PageHeader; need+wire.EOPReserve <= part {
		s.cur.Total = part
	}
}

// passStop goes on from there. It says whether the page has room for a message
// of n bytes.
func (s *Sender) passStop(n uint64) bool {
	whole := s.page.size - wire.PageHeader
	if s.cur.Total >= whole {
		return false
	}
	s.cur.Total = whole
	s.past.(*ownPages).prepare(s.nextSize(0))
	need := wire.MsgHeader + wire.Padded(wire.PageHeader+s.cur.Used, n)
	return s.cur.Used+need+wire.EOPReserve <= whole
}

// goOn ends the current page with a link to pg. What was written but not yet
// published goes out with it.
func (s *Sender) goOn(pg *page) {
	old, end, lastID := s.page, wire.PageHeader+s.cur.Used, s.cur.LastID
	ring := s.onPage(pg) // before anybody can find it
	writeEOP(s.cur, pg.size, pg.m.ID())
	s.page = pg
	startPage(s.cur, pg)
	s.cur.Ring = ring
	s.past.ended(old, end, lastID)
}

// nextPage is a page to go on with. It waits while the receiver is too far
// behind, for as long as the options say.
func (s *Sender) nextPage(size uint64) (*page, error) {
	const firstNap, longestNap = 50 * time.Microsecond, time.Millisecond
	start := clock.Moment(0)
	nap := firstNap
	for {
		pg, err := s.past.next(size)
		if err == nil || !errors.Is(err, ErrFull) {
			s.fullSince = 0
			return pg, err
		}
		now := clock.Now()
		if start.IsZero() {
			start = now
		}
		if s.fullSince.IsZero() {
			s.fullSince = now // and so it stays over calls that do not wait as long
		}
		if s.ctx != nil && s.ctx.Err() != nil {
			return nil, fail(ErrClosed, "this sender is being closed")
		}
		if now.Sub(s.fullSince) > readerGrace && s.readerGone() {
			return nil, fail(ErrClosed, "nobody reads this sender's pages any more: the broker has died; connect anew")
		}
		if s.opts.SendTimeout == NoWait || s.opts.SendTimeout > 0 && now.Sub(start) >= s.opts.SendTimeout {
			return nil, err
		}
		time.Sleep(nap)
		nap = min(2*nap, longestNap)
	}
}

// readerGrace is how long a full bus is taken for a slow reader's before it is
// asked whether there is a reader at all.
const readerGrace = time.Second

// readerGone says whether every page is attached by this process alone. A
// reader that is about to attach a page is attached to the one before.
func (s *Sender) readerGone() bool { return s.past.abandoned() && s.page.alone() }

// alone says for sure that no other process has the page mapped.
func (pg *page) alone() bool {
	n, ok := pg.m.Attached()
	return ok && n <= 1
}

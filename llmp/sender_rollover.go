package llmp

import (
	"time"

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
	need := wire.MsgHeader + wire.Padded(wire.PageHeader, uint64(n))
	s.cur.MaxAlloc = max(s.cur.MaxAlloc, need)
	if !s.keepAll {
		if err := s.waitForReader(); err != nil {
			return err
		}
	}
	size := wire.NextMapSize(s.cur.MaxAlloc, uint64(s.opts.PageSize))
	pg, err := s.nextPage(size)
	if err != nil {
		return err
	}
	// What was written but not yet published goes out with the link.
	writeEOP(s.cur, pg.size, pg.m.ID())
	s.pages = append(s.pages, pg)
	startPage(s.cur, pg)
	s.cur.Ring = s.onPage(pg)
	return nil
}

// nextPage is a spare page that is large enough, or a new one.
func (s *Sender) nextPage(size uint64) (*page, error) {
	for i, pg := range s.spare {
		if pg.size >= size {
			s.spare = append(s.spare[:i], s.spare[i+1:]...)
			pg.init(s.ID())
			return pg, nil
		}
	}
	// Sizes only grow: a spare that is too small now will never do again.
	for _, pg := range s.spare {
		_ = pg.close()
	}
	s.spare = nil
	return newPage(s.opts.Provider, size, s.opts.annexSize(), s.ID())
}

// waitForReader frees what was read, and waits while too much was not.
func (s *Sender) waitForReader() error {
	const firstNap, longestNap = 50 * time.Microsecond, time.Millisecond
	start := time.Time{}
	nap := firstNap
	for {
		s.collect()
		if len(s.pages) <= s.opts.MaxPendingPages {
			return nil
		}
		if s.opts.SendTimeout == NoWait {
			return s.fullError()
		}
		now := time.Now()
		if start.IsZero() {
			start = now
		}
		if s.ctx != nil && s.ctx.Err() != nil {
			return fail(ErrClosed, "this sender is being closed")
		}
		waited := now.Sub(start)
		if s.opts.SendTimeout > 0 && waited >= s.opts.SendTimeout {
			return s.fullError()
		}
		if waited > readerGrace && s.readerGone() {
			return fail(ErrClosed, "nobody reads this sender's pages any more: the broker has died; connect anew")
		}
		time.Sleep(nap)
		nap = min(2*nap, longestNap)
	}
}

func (s *Sender) fullError() error {
	return fail(ErrFull, "%d pages wait unread: the receiver is far behind; send again later", len(s.pages))
}

// readerGrace is how long a full bus is taken for a slow reader's before it is
// asked whether there is a reader at all.
const readerGrace = time.Second

// readerGone says whether every page is attached by this process alone. A
// reader that is about to attach a page is attached to the one before.
func (s *Sender) readerGone() bool {
	for _, pg := range s.pages {
		if n, ok := pg.m.Attached(); !ok || n > 1 {
			return false
		}
	}
	return true
}

// collect takes back the pages that the receiver has left. A sender has one
// receiver, so its counters are exact: it has left a page for good once left
// is not 0 (the first page of a channel may never have been marked joined).
func (s *Sender) collect() {
	for len(s.pages) > 1 {
		pg := s.pages[0]
		joined, left := loadCounters(pg.base)
		if left == 0 || left < joined {
			return
		}
		pg.retire()
		s.pages = s.pages[1:]
		if len(s.spare) < maxSpare && pg.size >= wire.NextMapSize(s.cur.MaxAlloc, uint64(s.opts.PageSize)) {
			s.spare = append(s.spare, pg)
		} else {
			_ = pg.close()
		}
	}
}

const maxSpare = 2

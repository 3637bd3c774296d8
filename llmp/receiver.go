package llmp

import (
	"context"
	"iter"
	"time"

	"llmp/internal/cursor"
	"llmp/internal/futex"
	"llmp/internal/wire"
	"llmp/shmem"
)

// A Receiver reads one sender's pages, from a place of its own: many can read
// the same. It is for one goroutine at a time.
type Receiver struct {
	cur   *cursor.Recv // the place on the current page; private unless moved
	own   cursor.Recv
	opts  Options
	page  *page
	shown bool    // others may know the page, and come to read it
	kept  []*page // read and still mapped, the latest last
	end   error   // why nothing more comes; sticky
	ahead ahead

	sleeper futex.Sleeper

	// On broadcast pages of our brokers: see reader_slot.go.
	board *bell // nil: this reader has no slot and is counted on the pages
	slot  int
	seq   uint64 // number of the page it stands on
	usher *bell  // of the broker on whose entry it stands, to ring; nil: none, or not needed yet
}

// AttachReceiver opens a receiver on another's page, behind the message at
// m.Offset, or at its first message with NoOffset. Errors: ErrNotFound,
// ErrCorrupt, ErrPermission, ErrInvalid.
func AttachReceiver(m MapDescription, o Options) (*Receiver, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	pg, err := attachPage(o.Provider, m.ID, m.Size, "attaching a page to read")
	if err != nil {
		return nil, err
	}
	r := &Receiver{opts: o, page: pg}
	r.cur = &r.own
	if err := r.settle(); err != nil {
		return nil, err
	}
	if err := resumeAt(r.cur, pg, m.Offset); err != nil {
		r.letGo()
		return nil, err
	}
	return r, nil
}

// skip makes receive pass over messages of one sender.
func (r *Receiver) skip(id ClientID) {
	r.cur.SkipID = uint32(id)
	r.cur.State |= cursor.StateSkip
}

// Recv returns the next message without blocking; false when there is none.
// Errors are final: ErrClosed (the sender said EXITING, or this receiver was
// closed), ErrCorrupt (the page makes no sense), ErrNotFound (the next page is
// gone: this receiver was too slow, or the sender died).
func (r *Receiver) Recv() (Message, bool, error) {
	m, err := r.pop()
	return *m, m.ID != 0, err
}

// pop is Recv with the message where it was read to; one without an ID is none.
// It is not inlined so that Recv is, all the way into its caller: a Message is
// better not returned by a function that is called.
//
//go:noinline
func (r *Receiver) pop() (*Message, error) {
	a := &r.ahead
	if i := a.returned; uint(i) < uint(len(a.all)) {
		a.returned = i + 1
		return &a.all[i], nil
	}
	n, err := r.read(a.room())
	return a.filled(n), err
}

// RecvMany fills into with messages of one page, which are valid together
// until the next receive call. It returns how many; an error only with none.
func (r *Receiver) RecvMany(into []Message) (int, error) {
	if n := r.ahead.take(into); n != 0 {
		return n, nil
	}
	return r.read(into)
}

// read is RecvMany with nothing read ahead.
func (r *Receiver) read(into []Message) (int, error) {
	if len(into) == 0 {
		return 0, r.end
	}
	for {
		if n := take(r.cur, into); n != 0 {
			return n, nil
		}
		if n, again := r.readRare(into); !again {
			return n, r.end
		}
	}
}

// readRare is for what take leaves alone: it reads one message, or finds none or
// an end, or goes on to where read has to look again.
func (r *Receiver) readRare(into []Message) (n int, again bool) {
	if r.end != nil {
		return 0, false
	}
	var h msgHeader
	switch what := next(r.cur, &h); what {
	case message:
		if r.passesOver(&h) {
			return 0, true
		}
		h.toMessage(&into[0], r.cur)
		return 1 + take(r.cur, into[1:]), false
	case nothing:
		return 0, false
	case endOfPage:
		_ = r.Follow() // keeps its error in r.end
		return 0, true
	default:
		r.stop(what)
		return 0, false
	}
}

// passesOver says whether a message is not for this receiver, and counts it.
func (r *Receiver) passesOver(h *msgHeader) bool {
	if r.cur.State&cursor.StateSkip == 0 || h.sender != r.cur.SkipID {
		return false
	}
	r.cur.Skipped++
	return true
}

// stop makes an end or nonsense on the page final.
func (r *Receiver) stop(what found) {
	if what == exiting {
		_ = r.fail(fail(ErrClosed, "the sender said EXITING: nothing more will come"))
		return
	}
	r.cur.State |= cursor.StateCorrupt
	_ = r.fail(fail(ErrCorrupt, "message %d at offset %d of map %s makes no sense: its sender is broken or hostile; connect anew",
		r.cur.SeenID+1, r.cur.Next, r.page.m.ID()))
}

func (r *Receiver) fail(err error) error {
	r.end = err
	r.cur.State |= cursor.StateClosed
	return err
}

// Fail is Recv's error for a cursor that the C fast path found at an end or in
// nonsense. For the C library.
func (r *Receiver) Fail() error {
	if r.end == nil && r.cur.Base != nil {
		peek := *r.cur
		var h msgHeader
		if what := next(&peek, &h); what == exiting || what == corrupt {
			r.stop(what)
		}
	}
	return r.end
}

// readLink reads the end-of-page message at the cursor.
func readLink(c *cursor.Recv) (MapDescription, error) {
	var h msgHeader
	if !checkedHeader(c, c.Next, &h) || h.len < wire.EOPPayload {
		return MapDescription{}, fail(ErrCorrupt, "an end of page of %d bytes, want %d", h.len, wire.EOPPayload)
	}
	return decodeLink(bytesAt(c.Base, c.Next+wire.MsgHeader, wire.EOPPayload)), nil
}

// decodeLink reads the payload of END_OF_PAGE and NEW_SHM_CLIENT.
func decodeLink(b []byte) MapDescription {
	var raw [wire.EOPPayload]byte
	copy(raw[:], b) // once: it lies in shared memory
	d := MapDescription{Offset: NoOffset}
	for i := 7; i >= 0; i-- {
		d.Size = d.Size<<8 | uint64(raw[wire.EOPOffMapSize+i])
	}
	copy(d.ID[:], raw[wire.EOPOffMapID:wire.EOPOffMapID+shmem.IDLen])
	return d
}

// RecvTimeout waits at most d for the next message; less than 0 waits for
// ever, 0 is Recv. False when the time is over. It sleeps and burns no core.
func (r *Receiver) RecvTimeout(d time.Duration) (Message, bool, error) {
	m, ok, err := r.Recv()
	if ok || err != nil || d == 0 {
		return m, ok, err
	}
	w := newWaiter(r, nil, d)
	for {
		if !w.wait() {
			return r.Recv() // once more: the time may have been over before we looked
		}
		if m, ok, err = r.Recv(); ok || err != nil {
			return m, ok, err
		}
	}
}

// RecvContext waits for the next message, or until the context ends; the error
// is then the context's. It sleeps and burns no core.
func (r *Receiver) RecvContext(ctx context.Context) (Message, error) {
	m, ok, err := r.Recv()
	if ok || err != nil {
		return m, err
	}
	return r.await(inContext{ctx})
}

// await is RecvContext for when there is nothing yet.
func (r *Receiver) await(ctx ender) (Message, error) {
	if err := ctx.Err(); err != nil {
		return Message{}, err
	}
	w := newWaiter(r, ctx, WaitForever)
	defer w.stop()
	for w.wait() {
		if m, ok, err := r.Recv(); ok || err != nil {
			return m, err
		}
	}
	return Message{}, ctx.Err()
}

// Messages iterates over what comes until the context ends (then the sequence
// just ends) or the sender does (then the last pair holds the error). Each
// message is valid for one step.
func (r *Receiver) Messages(ctx context.Context) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		for {
			m, err := r.RecvContext(ctx)
			if err != nil && ctx.Err() != nil {
				return
			}
			if !yield(m, err) || err != nil {
				return
			}
		}
	}
}

// Map is the page this receiver reads now, and its last message there.
func (r *Receiver) Map() MapDescription {
	if r.cur.Base == nil {
		return MapDescription{Offset: NoOffset}
	}
	r.shown = true
	r.ahead.putBack(r.cur)
	return r.page.place(r.cur.LastOff)
}

func (r *Receiver) describe() (MapDescription, error) {
	if r.cur.Base == nil {
		return MapDescription{}, fail(ErrClosed, "this receiver was closed")
	}
	return r.Map(), nil
}

// Close lets go of all pages. Closing twice does nothing.
func (r *Receiver) Close() error {
	if r.cur.Base == nil {
		return nil
	}
	r.letGo()
	r.cur.Base = nil
	r.cur.Waiters = nil
	_ = r.fail(fail(ErrClosed, "this receiver was closed"))
	return nil
}

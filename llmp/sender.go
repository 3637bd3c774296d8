package llmp

import (
	"llmp/internal/clock"
	"llmp/internal/cursor"
	"llmp/internal/wire"
	"llmp/shmem"
)

// A Sender writes messages into pages that only it writes. It is for one
// goroutine at a time.
type Sender struct {
	cur  *cursor.Send // the place on the current page; private unless moved
	own  cursor.Send
	opts Options

	page *page    // the current one; nil once closed
	past pagePool // the pages before it

	fullSince clock.Moment // when the bus was first found full, of a fullness that lasts; zero: it is not

	shown  bool                    // others may know the page, and come to read it
	lean   bool                    // one large message does not make all pages after it large
	ctx    ender                   // ends a wait on a full bus; nil: nothing does
	onPage func(*page) cursor.Ring // sets up a page that is about to be used, returns whom to wake
}

// A pagePool has a sender's pages but for the current one: those that may still
// be read, and those that can be used again.
type pagePool interface {
	// next is an empty page of size bytes at least, to go on with; or a smaller
	// one, to go on to before next is asked again: so that the current one can
	// be read and given back first. ErrFull when there is none for now. It does
	// not wait.
	next(size uint64) (*page, error)
	// ended takes over a page that has just got its end-of-page message: its
	// ordinary messages reach to offset end, the last one has id lastID.
	ended(pg *page, end, lastID uint64)
	// unread is how many pages somebody may still have to read.
	unread() int
	// abandoned says whether nobody but this process has any page mapped.
	abandoned() bool
	// release lets go of all pages.
	release()
}

// NewSender makes a sender with a fresh page. Errors: ErrInvalid, ErrNoMemory.
func NewSender(id ClientID, o Options) (*Sender, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	return newSender(id, o, ringOnPage)
}

func newSender(id ClientID, o Options, onPage func(*page) cursor.Ring) (*Sender, error) {
	s, err := newSenderOn(wire.NextMapSize(0, uint64(o.PageSize)), id, o, onPage)
	if err == nil {
		s.stopOnce(0)
	}
	return s, err
}

// newSenderOn is newSender with a first page of its own size.
func newSenderOn(size uint64, id ClientID, o Options, onPage func(*page) cursor.Ring) (*Sender, error) {
	pg, err := newPage(o.Provider, size, o.annexSize(), id)
	if err != nil {
		return nil, err
	}
	s := &Sender{opts: o, page: pg, onPage: onPage}
	s.past = &ownPages{s: s, fresh: true}
	s.cur = &s.own
	s.cur.SenderID = uint32(id)
	startPage(s.cur, pg)
	s.cur.Ring = onPage(pg)
	return s, nil
}

// AttachSender takes over a page of a sender that does not send any more. It
// goes on behind the last committed message, wherever m.Offset points; an
// allocation that was still open is dropped. Errors: ErrNotFound, ErrCorrupt,
// ErrPermission, ErrInvalid.
func AttachSender(m MapDescription, o Options) (*Sender, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	pg, at, err := lastCommitted(o.Provider, m)
	if err != nil {
		return nil, err
	}
	if pg.annex != nil && !pg.counted() {
		pg.sign()
	}
	s := &Sender{opts: o, page: pg, onPage: ringOnPage, shown: true}
	s.past = &ownPages{s: s, before: unknown}
	s.cur = &s.own
	startPage(s.cur, pg)
	s.cur.SenderID = *u32(pg.base, wire.PageOffSender)
	s.cur.MaxAlloc = min(*u64(pg.base, wire.PageOffMaxAlloc), 2*MaxPayload)
	*u64(pg.base, wire.PageOffMaxAlloc) = s.cur.MaxAlloc
	s.cur.LastID, s.cur.LastOff = at.SeenID, at.LastOff
	s.cur.Used = at.Next - wire.PageHeader
	s.cur.Ring = s.onPage(pg)
	return s, nil
}

// lastCommitted maps the page m and puts a cursor behind its last committed
// message; when that is a link, on the page it leads to.
func lastCommitted(p shmem.Provider, m MapDescription) (*page, cursor.Recv, error) {
	var at cursor.Recv
	for {
		pg, err := attachPage(p, m.ID, m.Size, "attaching a sender's page")
		if err != nil {
			return nil, at, err
		}
		if err := resumeAt(&at, pg, m.Offset); err != nil {
			_ = pg.close()
			return nil, at, err
		}
		var h msgHeader
		what := message
		for what == message {
			what = next(&at, &h)
		}
		switch what {
		case nothing:
			return pg, at, nil
		case endOfPage:
			info, err := readLink(&at)
			_ = pg.close()
			if err != nil {
				return nil, at, err
			}
			m = MapDescription{ID: info.ID, Size: info.Size, Offset: NoOffset}
		case exiting:
			_ = pg.close()
			return nil, at, fail(ErrClosed, "the sender on map %s has said goodbye; connect anew", m.ID)
		default:
			_ = pg.close()
			return nil, at, fail(ErrCorrupt, "the messages on map %s make no sense", m.ID)
		}
	}
}

// ID is what this sender sends as.
func (s *Sender) ID() ClientID { return ClientID(s.cur.SenderID) }

// setID changes it, on the page too, as LibAFL's clients do once accepted.
func (s *Sender) setID(id ClientID) {
	s.cur.SenderID = uint32(id)
	*u32(s.page.base, wire.PageOffSender) = uint32(id)
}

// Send sends one message. Errors: ErrInvalid (reserved tag), ErrBusy (an
// allocation is open), ErrTooBig, ErrFull, ErrClosed, ErrNoMemory.
func (s *Sender) Send(tag Tag, data []byte) error { return s.post(tag, 0, data, true) }

// SendFlags is Send with flags.
func (s *Sender) SendFlags(tag Tag, flags Flags, data []byte) error {
	return s.post(tag, flags, data, true)
}

// post is SendFlags; readers see the message only if it is to be published, or
// once a later one is. Most messages need nothing but what is here, all in one
// function: handing five arguments on costs as much as writing the header.
func (s *Sender) post(tag Tag, flags Flags, data []byte, published bool) error {
	c, n := s.cur, uint64(len(data))
	start, need, ok := place(c.Used, c.MaxAlloc, c.Total, n)
	if !ok || c.Base == nil || c.OpenOff != 0 || wire.MayBeReserved(uint32(tag)) {
		return s.postRare(tag, flags, data, published)
	}
	base, used, id := c.Base, c.Used+need, c.LastID+1
	c.Used, c.LastID, c.LastOff = used, id, start
	putHeader(base, start, uint32(tag), c.SenderID, uint32(flags), id, n, need-wire.MsgHeader)
	putUsed(base, used)
	putPayload(base, start+wire.MsgHeader, data)
	if published {
		storeRelease(currentID(c.Base), c.LastID)
		if awaited(c) {
			wake(c)
		}
	}
	return nil
}

// postRare is post for what may need more: another page, or an error.
func (s *Sender) postRare(tag Tag, flags Flags, data []byte, published bool) error {
	if wire.Reserved(uint32(tag)) {
		return reservedTag(tag)
	}
	if err := s.write(uint32(tag), uint32(flags), s.cur.SenderID, data); err != nil {
		return err
	}
	if published {
		publish(s.cur)
	}
	return nil
}

// send is SendFlags for any tag and origin.
func (s *Sender) send(tag, flags, origin uint32, data []byte) error {
	if err := s.write(tag, flags, origin, data); err != nil {
		return err
	}
	publish(s.cur)
	return nil
}

// write puts a message on the page without publishing it.
func (s *Sender) write(tag, flags, origin uint32, data []byte) error {
	c := s.cur
	if c.Base != nil && c.OpenOff == 0 && uint64(len(data)) <= MaxPayload && put(c, tag, flags, origin, data) {
		return nil
	}
	off, err := s.allocate(len(data))
	if err != nil {
		return err
	}
	copy(bytesAt(s.cur.Base, off, uint64(len(data))), data)
	finish(s.cur, tag, flags, origin)
	return nil
}

// allocate opens a message of n bytes, on a new page if need be.
func (s *Sender) allocate(n int) (uint64, error) {
	if s.cur.Base == nil {
		return 0, fail(ErrClosed, "this sender was closed; connect anew")
	}
	if s.cur.OpenOff != 0 {
		return 0, fail(ErrBusy, "an allocation is open: commit or cancel it first")
	}
	if uint64(n) > MaxPayload {
		return 0, tooBig(n)
	}
	if off, ok := alloc(s.cur, uint64(n)); ok {
		return off, nil
	}
	if err := s.MakeRoom(n); err != nil {
		return 0, err
	}
	off, ok := alloc(s.cur, uint64(n))
	if !ok {
		return 0, fail(ErrInternal, "no room for %d bytes on a fresh page", n)
	}
	return off, nil
}

// Alloc opens a message and returns its n bytes of payload on the page, to be
// filled and committed. They are valid until Commit, Shrink or Cancel.
// Errors: ErrBusy (one is open already), ErrTooBig, ErrFull, ErrClosed.
func (s *Sender) Alloc(n int) ([]byte, error) {
	if n < 0 {
		return nil, fail(ErrInvalid, "cannot allocate %d bytes", n)
	}
	off, err := s.allocate(n)
	if err != nil {
		return nil, err
	}
	return bytesAt(s.cur.Base, off, uint64(n)), nil
}

// Shrink makes the open allocation n bytes long; it stays open.
// ErrInvalid when none is open or n is larger than it.
func (s *Sender) Shrink(n int) error {
	if err := s.checkOpen(n); err != nil {
		return err
	}
	shrink(s.cur, uint64(n))
	return nil
}

// Commit sends the first n bytes of the open allocation. ErrInvalid when none
// is open, n is larger than it, or the tag is reserved; it then stays open.
func (s *Sender) Commit(tag Tag, flags Flags, n int) error {
	if err := s.checkOpen(n); err != nil {
		return err
	}
	if wire.Reserved(uint32(tag)) {
		return reservedTag(tag)
	}
	if n < len(payloadOf(s.cur)) {
		shrink(s.cur, uint64(n))
	}
	finish(s.cur, uint32(tag), uint32(flags), s.cur.SenderID)
	publish(s.cur)
	return nil
}

// Cancel gives the open allocation back. ErrInvalid when none is open.
func (s *Sender) Cancel() error {
	if err := s.checkOpen(0); err != nil {
		return err
	}
	cancel(s.cur)
	return nil
}

func (s *Sender) checkOpen(n int) error {
	if s.cur.OpenOff == 0 {
		return fail(ErrInvalid, "no allocation is open: call Alloc first")
	}
	if open := len(payloadOf(s.cur)); n < 0 || n > open {
		return fail(ErrInvalid, "%d bytes do not fit the open allocation of %d", n, open)
	}
	return nil
}

// Map is the page this sender sends on now, and its last message there.
func (s *Sender) Map() MapDescription {
	if s.cur.Base == nil {
		return MapDescription{Offset: NoOffset}
	}
	s.shown = true
	return s.page.place(s.cur.LastOff)
}

// describe is Map for a handover, which an open allocation would spoil.
func (s *Sender) describe() (MapDescription, error) {
	if s.cur.Base == nil {
		return MapDescription{}, fail(ErrClosed, "this sender was closed")
	}
	if s.cur.OpenOff != 0 {
		return MapDescription{}, fail(ErrBusy, "an allocation is open: commit or cancel it first")
	}
	return s.Map(), nil
}

// Close says EXITING and lets go of all pages; a receiver that has mapped one
// keeps it. Closing twice does nothing.
func (s *Sender) Close() error {
	if s.cur.Base == nil {
		return nil
	}
	if s.cur.OpenOff != 0 {
		cancel(s.cur)
	}
	// A full bus is no reason to stay: who is that far behind finds the map gone.
	s.opts.SendTimeout = NoWait
	err := s.send(wire.TagExiting, 0, s.cur.SenderID, nil)
	s.release()
	return err
}

// release lets go of all pages without a word.
func (s *Sender) release() {
	s.past.release()
	if s.page != nil {
		_ = s.page.close()
		s.page = nil
	}
	s.cur.Base = nil
	s.cur.Ring = cursor.Ring{}
	s.cur.State |= cursor.StateClosed
}

func reservedTag(tag Tag) error {
	return fail(ErrInvalid, "tag %v belongs to the bus itself: choose another", tag)
}

func tooBig(n int) error {
	return fail(ErrTooBig, "a message of %d bytes; the largest payload is %d: split it", n, MaxPayload)
}

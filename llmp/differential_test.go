//go:build cgo

package llmp

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"llmp/internal/cpage"
	"llmp/internal/cursor"
	"llmp/internal/testkit"
	"llmp/internal/wire"
	"llmp/shmem"
)

// A page is written and read by C (capi/page.h) and by Go (page_alloc.go,
// page_read.go). Here both do the same things with a page of their own, and
// after each step the pages, the cursors and the results must be the same.

// plainMap is memory as a shmem.Map, for pages outside of the Go heap.
type plainMap struct{ mem []byte }

func (m plainMap) ID() shmem.ID          { return shmem.ID{} }
func (m plainMap) Bytes() []byte         { return m.mem }
func (m plainMap) Annex() []byte         { return nil }
func (m plainMap) Attached() (int, bool) { return 0, false }
func (m plainMap) AllStay() (int, bool)  { return 0, false }
func (m plainMap) Prefault()             {}
func (m plainMap) Close() error          { return nil }

// twinPages are two pages of the same size: what C and what Go works on.
type twinPages struct{ c, g *page }

func newTwinPages(t testing.TB, size int) twinPages {
	t.Helper()
	var pages [2]*page
	for i := range pages {
		mem := cpage.NewMap(size)
		t.Cleanup(func() { cpage.FreeMap(mem) })
		pages[i] = pageOn(plainMap{mem})
		pages[i].init(7)
	}
	return twinPages{pages[0], pages[1]}
}

// same fails the test unless the two pages hold the same bytes.
func (p twinPages) same(t testing.TB, after string) {
	t.Helper()
	if at := diffAt(p.c.m.Bytes(), p.g.m.Bytes()); at >= 0 {
		t.Fatalf("after %s the pages differ at byte %d of %d: C %#x, Go %#x",
			after, at, p.c.size, p.c.m.Bytes()[at], p.g.m.Bytes()[at])
	}
}

// newRing is a ring with a bell of its own.
func newRing(t testing.TB) cursor.Ring {
	mem := cpage.NewMap(64)
	t.Cleanup(func() { cpage.FreeMap(mem) })
	base := baseOf(mem)
	return cursor.Ring{Want: u32(base, 0), Futex: u32(base, 8), Rang: u64(base, 16),
		Sleeping: u32(base, 24), Bit: 1 << 5}
}

// twins are a sender and a receiver in C, and the same in Go. The cursors are
// allocated one by one: C may see no memory that points to the Go heap.
type twins struct {
	t      testing.TB
	rng    *rand.Rand
	pages  twinPages
	c, g   *cursor.Send
	cr, gr *cursor.Recv
	calls  map[string]int
}

func newTwins(t testing.TB, rng *rand.Rand, size int) *twins {
	w := twinsOn(t, newTwinPages(t, size))
	w.rng = rng
	w.c.Ring, w.g.Ring = newRing(t), newRing(t)
	fence := uint32(rng.IntN(2))
	w.c.Ring.Fence, w.g.Ring.Fence = fence, fence
	w.c.SenderID, w.g.SenderID = 7, 7
	w.startPages()
	return w
}

// twinsOn are twins that do not write yet.
func twinsOn(t testing.TB, pages twinPages) *twins {
	return &twins{t: t, pages: pages, calls: map[string]int{},
		c: new(cursor.Send), g: new(cursor.Send), cr: new(cursor.Recv), gr: new(cursor.Recv)}
}

// startPages puts all four cursors on the pages, which are fresh.
func (w *twins) startPages() {
	startPage(w.c, w.pages.c)
	startPage(w.g, w.pages.g)
	w.enterPages()
}

func (w *twins) enterPages() {
	enterPage(w.cr, w.pages.c)
	enterPage(w.gr, w.pages.g)
	w.check("entering a page")
}

// check compares all there is, but for the addresses.
func (w *twins) check(after string) {
	w.t.Helper()
	w.calls[after]++
	w.pages.same(w.t, after)
	c, g := *w.c, *w.g
	c.Base, g.Base, c.Ring, g.Ring = nil, nil, cursor.Ring{}, cursor.Ring{}
	if c != g {
		w.t.Fatalf("after %s the senders' cursors differ:\n C  %+v\n Go %+v", after, c, g)
	}
	cr, gr := *w.cr, *w.gr
	cr.Base, gr.Base = nil, nil
	if cr != gr {
		w.t.Fatalf("after %s the receivers' cursors differ:\n C  %+v\n Go %+v", after, cr, gr)
	}
}

// tag is any tag, the bus's own included: a page does not care.
func (w *twins) tag() uint32 {
	own := []uint32{wire.TagUnset, wire.TagUninitialized, wire.TagEndOfPage, wire.TagNewClient,
		wire.TagClientExit, wire.TagExiting, wire.TagSlowReceiver}
	if w.rng.IntN(200) == 0 {
		return own[w.rng.IntN(len(own))]
	}
	return w.rng.Uint32()
}

// alloc opens a message of n bytes and fills it; false: both pages are full.
func (w *twins) alloc(n uint64) bool {
	w.t.Helper()
	offC, okC := cpage.Alloc(w.c, n)
	offG, okG := alloc(w.g, n)
	if offC != offG || okC != okG {
		w.t.Fatalf("alloc(%d): C %d %v, Go %d %v", n, offC, okC, offG, okG)
	}
	w.check("alloc")
	if okC {
		w.fill()
	}
	return okC
}

// fill writes the same bytes into both open messages.
func (w *twins) fill() {
	w.t.Helper()
	payload := payloadOf(w.g)
	if n := cpage.OpenLen(w.c); n != uint64(len(payload)) {
		w.t.Fatalf("the open message: C has %d bytes, Go %d", n, len(payload))
	}
	for i := range payload {
		payload[i] = byte(w.rng.Uint32())
	}
	copy(bytesAt(w.c.Base, w.c.OpenOff+wire.MsgHeader, uint64(len(payload))), payload)
}

func (w *twins) shrink() {
	n := w.rng.Uint64N(cpage.OpenLen(w.c) + 1)
	cpage.Shrink(w.c, n)
	shrink(w.g, n)
	w.check("shrink")
}

func (w *twins) cancel() {
	cpage.Cancel(w.c)
	cancel(w.g)
	w.check("cancel")
}

func (w *twins) finish() {
	tag, flags, sender := w.tag(), w.rng.Uint32(), w.rng.Uint32()
	cpage.Finish(w.c, tag, flags, sender)
	finish(w.g, tag, flags, sender)
	w.check("finish")
}

// put writes a whole message, in Go sometimes in the three steps that it stands
// for, or as users do. False: both pages are full.
func (w *twins) put(n uint64) bool {
	w.t.Helper()
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(w.rng.Uint32())
	}
	tag, flags, sender := w.tag(), w.rng.Uint32(), w.rng.Uint32()
	posted := w.rng.IntN(2) == 0 && !wire.Reserved(tag)
	if posted {
		sender = w.g.SenderID
	}
	okC := cpage.Put(w.c, tag, flags, sender, data)
	okG := okC && posted
	if okG {
		if err := (&Sender{cur: w.g}).post(Tag(tag), Flags(flags), data, false); err != nil {
			w.t.Fatalf("post(%d): %v", n, err)
		}
	} else {
		okG = w.putInGo(tag, flags, sender, data)
	}
	if okC != okG {
		w.t.Fatalf("put(%d): C %v, Go %v", n, okC, okG)
	}
	w.check("put")
	return okC
}

func (w *twins) putInGo(tag, flags, sender uint32, data []byte) bool {
	if w.rng.IntN(2) == 0 {
		return put(w.g, tag, flags, sender, data)
	}
	off, ok := alloc(w.g, uint64(len(data)))
	if ok {
		copy(bytesAt(w.g.Base, off, uint64(len(data))), data)
		finish(w.g, tag, flags, sender)
	}
	return ok
}

// publish: C's reports that somebody has to be rung, Go's rings.
func (w *twins) publish() {
	w.t.Helper()
	sleeper := w.rng.IntN(2) == 0
	for _, r := range []*cursor.Ring{&w.c.Ring, &w.g.Ring} {
		*r.Want, *r.Rang = 0, 0
		if sleeper {
			*r.Want = 1
		}
	}
	ringsC := cpage.Publish(w.c)
	publish(w.g)
	ringsG := *w.g.Ring.Rang != 0
	if ringsC != ringsG || ringsC != sleeper {
		w.t.Fatalf("somebody sleeps: %v; C would ring: %v, Go rang: %v", sleeper, ringsC, ringsG)
	}
	w.check("publish")
}

// receive reads the next message on both sides and returns what it was.
func (w *twins) receive() found {
	w.t.Helper()
	off := w.gr.Next
	hC, foundC := cpage.Next(w.cr)
	was, at := *w.gr, *w.gr
	var m [1]Message
	taken := take(&at, m[:])
	var hG msgHeader
	foundG := next(w.gr, &hG)
	w.sameTaken(taken, &m[0], &was, &at, foundG, &hG)
	if int(foundC) != int(foundG) {
		w.t.Fatalf("next at offset %d: C found %v, Go %v", off, foundC, foundG)
	}
	if foundG == message || foundG == endOfPage || foundG == exiting {
		want := cpage.Header{Tag: hG.tag, Sender: hG.sender, Flags: hG.flags,
			ID: hG.id, Len: hG.len, Padded: hG.padded, Payload: off + wire.MsgHeader}
		if hC != want {
			w.t.Fatalf("the message at offset %d:\n C  %+v\n Go %+v", off, hC, want)
		}
		inMap := hC.Payload <= w.pages.c.size && hC.Len <= w.pages.c.size-hC.Payload
		if !inMap {
			w.t.Fatalf("the message at offset %d leaves the map of %d bytes: %+v", off, w.pages.c.size, hC)
		}
	}
	w.check(fmt.Sprintf("next: %d", foundG))
	return foundG
}

// sameTaken: take, which leaves some messages to next, must find the others as
// next does.
func (w *twins) sameTaken(taken int, m *Message, was, at *cursor.Recv, what found, h *msgHeader) {
	w.t.Helper()
	if taken == 0 {
		w.calls["take: 0"]++
		if was.Highest = at.Highest; *at != *was {
			w.t.Fatalf("take has found nothing and changed the cursor:\n from %+v\n to   %+v", *was, *at)
		}
		return
	}
	w.calls["take: 1"]++
	var want Message
	if what == message {
		h.toMessage(&want, w.gr)
	}
	if taken != 1 || !sameMessage(m, &want) || *at != *w.gr {
		w.t.Fatalf("taken: %d, next: %d\n take %+v at %+v\n next %+v at %+v", taken, what, *m, *at, want, *w.gr)
	}
}

// sameMessage compares all of two messages, and where their payloads lie.
func sameMessage(a, b *Message) bool {
	return a.Tag == b.Tag && a.Sender == b.Sender && a.Flags == b.Flags && a.ID == b.ID &&
		len(a.Data) == len(b.Data) && cap(a.Data) == cap(b.Data) && unsafe.SliceData(a.Data) == unsafe.SliceData(b.Data)
}

// receiveAll reads until there is nothing, or until the page ends in some way.
func (w *twins) receiveAll() found {
	w.t.Helper()
	for {
		if f := w.receive(); f != message {
			return f
		}
	}
}

// step does one thing that a program could do next. Message sizes are below most.
func (w *twins) step(most uint64) {
	w.t.Helper()
	n := w.rng.Uint64N(most)
	switch open := w.c.OpenOff != 0; {
	case open && w.rng.IntN(4) == 0:
		w.shrink()
	case open && w.rng.IntN(8) == 0:
		w.cancel()
	case open:
		w.finish()
	case w.rng.IntN(3) == 0:
		w.publish()
		w.receiveAll()
	case w.rng.IntN(2) == 0:
		if !w.put(n) {
			w.endPage(n)
		}
	default:
		if !w.alloc(n) {
			w.endPage(n)
		}
	}
}

// endPage links to a next page, as the core does for C and Go alike.
func (w *twins) endPage(n uint64) {
	w.t.Helper()
	size := int(wire.NextMapSize(w.c.MaxAlloc, uint64(w.rng.IntN(1<<13)+wire.SmallestMap)))
	var id shmem.ID
	copy(id[:], fmt.Sprint(w.rng.Uint32()))
	writeEOP(w.c, uint64(size), id)
	writeEOP(w.g, uint64(size), id)
	w.check("the end of the page")
	w.receiveAll()
	w.pages = newTwinPages(w.t, size)
	w.startPages()
	if !w.alloc(n) {
		w.t.Fatalf("no room for %d bytes on a fresh page of %d", n, size)
	}
}

func TestCAndGoWriteAndReadThePageAlike(t *testing.T) {
	rng := testkit.Rand(t)
	w := newTwins(t, rng, 1<<12)
	for range 20_000 {
		w.step(1 << uint(rng.IntN(10)))
	}
	for _, call := range []string{"alloc", "shrink", "cancel", "finish", "put", "publish", "the end of the page",
		"next: 0", "next: 1", "next: 2", "next: 4", "take: 0", "take: 1"} {
		if w.calls[call] == 0 {
			t.Errorf("%s never happened", call)
		}
	}
}

// Both sides are as helpless, and as safe, when others write to the page.
func TestCAndGoBearTheSameScribbling(t *testing.T) {
	rng := testkit.Rand(t)
	ends := map[found]int{}
	for range 2_000 {
		w := newTwins(t, rng, 1<<12)
		for range 40 {
			if rng.IntN(4) == 0 {
				w.scribble()
			}
			w.step(200)
		}
		w.publish()
		w.scribble()
		ends[w.receiveAll()]++
		if w.resume(8 * rng.Uint64N(1<<12/8)) {
			w.receiveAll()
		}
	}
	if ends[nothing] == 0 || ends[corrupt] == 0 {
		t.Errorf("the ends that pages came to: %v; want some that are intact and some that are corrupt", ends)
	}
}

// scribble overwrites one word with a number that may mean something.
func (w *twins) scribble() {
	numbers := []uint64{0, 1, 7, 8, 20, 24, 40, 64, 128, 1 << 12, 1 << 31, 1 << 32, 1 << 63, ^uint64(0),
		^uint64(0) - 39, w.c.Used, w.c.LastID, wire.TagEndOfPage, wire.TagExiting, w.rng.Uint64()}
	off := 8 * w.rng.Uint64N(w.pages.c.size/8)
	switch w.rng.IntN(4) {
	case 0:
		off = 8 * w.rng.Uint64N(wire.PageHeader/8)
	case 1:
		off = w.cr.Next + 8*w.rng.Uint64N(wire.MsgHeader/8)
	}
	if off+8 > w.pages.c.size {
		return
	}
	n := numbers[w.rng.IntN(len(numbers))]
	*u64(w.pages.c.base, off) = n
	*u64(w.pages.g.base, off) = n
	w.check("scribbling")
}

// resume puts both receivers behind the message at an offset, if there is one.
func (w *twins) resume(offset uint64) bool {
	w.t.Helper()
	errC, errG := resumeAt(w.cr, w.pages.c, offset), resumeAt(w.gr, w.pages.g, offset)
	if (errC == nil) != (errG == nil) {
		w.t.Fatalf("resume at %d: %v and %v", offset, errC, errG)
	}
	w.check("resume")
	return errG == nil
}

// resumeBetween puts both receivers behind a message whose payload is said to
// have n bytes, and an empty message behind that. Only someone who resumes
// there skips the check of its padding. False when they will not go there.
func resumeBetween(t *testing.T, size int, n uint64) (*twins, bool) {
	t.Helper()
	w := newTwins(t, testkit.Rand(t), size)
	for range 2 {
		w.alloc(0)
		w.finish()
	}
	w.publish()
	second := wire.PageHeader + wire.MsgHeader + n
	for _, pg := range []*page{w.pages.c, w.pages.g} {
		*u64(pg.base, wire.PageHeader+wire.MsgOffLen) = n
		*u64(pg.base, wire.PageHeader+wire.MsgOffPadded) = n
		clear(bytesAt(pg.base, second, wire.MsgHeader))
		*u64(pg.base, second+wire.MsgOffID) = 2
		*u64(pg.base, second+wire.MsgOffPadded) = wire.Padded(second, 0)
	}
	return w, w.resume(0)
}

func TestMisalignedPlacesAreRefused(t *testing.T) {
	if _, ok := resumeBetween(t, 1<<10, 20); ok {
		t.Error("a receiver is put behind a message of 20 bytes")
	}
}

func TestCAndGoReadUpToTheLastByte(t *testing.T) {
	const size, first = 1 << 10, wire.PageHeader + wire.MsgHeader
	w, ok := resumeBetween(t, size, size-first-wire.MsgHeader)
	if !ok {
		t.Fatal("cannot resume behind the first message")
	}
	if f := w.receive(); f != message {
		t.Errorf("found %v at the end of the map, want %v", f, message)
	}
}

func TestCAndGoCountAlike(t *testing.T) {
	rng := testkit.Rand(t)
	for range 100_000 {
		off, n := 8*rng.Uint64N(wire.LargestMap/8), rng.Uint64N(wire.MaxPayload+1)
		if c, g := cpage.Padded(off, n), wire.Padded(off, n); c != g {
			t.Fatalf("padded(%d, %d): C %d, Go %d", off, n, c, g)
		}
	}
	reserved := []uint32{wire.TagUnset, wire.TagUninitialized, wire.TagEndOfPage, wire.TagNewClient,
		wire.TagClientExit, wire.TagExiting, wire.TagSlowReceiver}
	for _, tag := range reserved {
		for _, near := range []uint32{tag - 1, tag, tag + 1} {
			want := slices.Contains(reserved, near)
			if cpage.Reserved(near) != want || wire.Reserved(near) != want {
				t.Errorf("tag %#x is reserved: C %v, Go %v, want %v", near, cpage.Reserved(near), wire.Reserved(near), want)
			}
			if want && !wire.MayBeReserved(near) {
				t.Errorf("tag %#x is taken for one that is not reserved", near)
			}
		}
	}
}

// FuzzCAndGoReadAlike reads arbitrary pages, from the start and resumed at offset.
func FuzzCAndGoReadAlike(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 4 {
		w := newTwins(f, rng, 1<<10)
		for w.c.Used < 600 {
			w.alloc(rng.Uint64N(100))
			w.finish()
		}
		w.publish()
		f.Add(bytes.Clone(w.pages.g.m.Bytes()), w.g.LastOff-wire.PageHeader)
	}
	f.Fuzz(func(t *testing.T, data []byte, offset uint64) {
		if len(data) > 1<<16 {
			return
		}
		size := max(len(data), wire.SmallestMap)
		w := twinsOn(t, newTwinPages(t, size))
		copy(w.pages.c.m.Bytes(), data)
		copy(w.pages.g.m.Bytes(), data)
		w.enterPages()
		w.receiveAll()
		if w.resume(offset) {
			w.receiveAll()
		}
		// An id in the header that bounds nothing must not matter.
		*currentID(w.pages.c.base), *currentID(w.pages.g.base) = ^uint64(0), ^uint64(0)
		w.enterPages()
		w.receiveAll()
	})
}

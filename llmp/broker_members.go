package llmp

import (
	"slices"
	"sync/atomic"
	"time"

	"llmp/internal/clock"
	"llmp/internal/wire"
)

// A member is a client as its broker sees it: a receiver on its pages.
type member struct {
	id   ClientID
	kind ClientKind
	r    *Receiver
	hot  bool // polled in each round; otherwise it rings
	quit bool // its ClientQuit came: drain, then remove

	entry *entry // by which it came; nil: by another way

	lastRound uint64       // the round in which it last had something
	lonely    clock.Moment // since when nobody but the broker has its page; zero: somebody has
	// Read by ClientStats from other goroutines.
	messages, bytes atomic.Uint64
	lastMessage     atomic.Int64 // a clock.Moment
}

// ClientKind says what a client is.
type ClientKind int

const (
	KindLocal  ClientKind = iota // a process on this machine
	KindBroker                   // another broker, over TCP
)

func (k ClientKind) String() string {
	if k == KindBroker {
		return "broker"
	}
	return "local"
}

// admit attaches a client's page and gives the client an id. The caller holds
// the lock.
func (b *Broker) admit(d MapDescription, kind ClientKind) (*member, error) {
	if b.closing || b.ended {
		return nil, brokerClosed()
	}
	pg, err := attachPage(b.opts.Provider, d.ID, d.Size, "adding a client")
	if err != nil {
		return nil, err
	}
	r := &Receiver{opts: b.opts.senderOptions(), page: pg}
	r.cur = &r.own
	enterPage(r.cur, pg)
	addJoined(pg.base) // tells the client that it may let go of the page
	m := &member{id: b.nextID, kind: kind, r: r}
	m.lastMessage.Store(int64(clock.Now()))
	b.nextID++
	b.members = append(b.members, m)
	b.heat(m)
	b.count.clients.Add(1)
	b.count.clientsSeen.Add(1)
	b.bell.shake()
	return m, nil
}

// enter notes by which entry a member has come.
func (m *member) enter(e *entry) {
	m.entry = e
	e.known = true
}

// remove forgets members that f picks.
func (b *Broker) remove(f func(*member) bool) {
	gone := func(m *member) bool {
		if !f(m) {
			return false
		}
		if m.hot {
			b.hot = slices.DeleteFunc(b.hot, func(h *member) bool { return h == m })
		}
		b.count.clients.Add(^uint64(0))
		m.close()
		return true
	}
	b.members = slices.DeleteFunc(b.members, gone)
}

// desertedFor is how long nobody may have a client's page before the client is
// taken to be dead. A client that restarts is attached to nothing for a while,
// and finds its page by the broker's attachment alone: that has to be long over.
var desertedFor = time.Minute

// sweepMembers dismisses clients that died without a word, so that their pages
// do not stay for ever. Where the system counts no attachments, LibAFL's do.
func (b *Broker) sweepMembers(now clock.Moment) {
	if now.Sub(b.swept) < min(time.Second, desertedFor) {
		return
	}
	b.swept = now
	for _, m := range b.members {
		switch {
		case m.quit || m.ready() || !m.r.page.deserted():
			m.lonely = 0
		case m.lonely.IsZero():
			m.lonely = now
		case now.Sub(m.lonely) >= desertedFor:
			m.quit = true
			b.heat(m)
		}
	}
}

// deserted says for sure that nobody but the broker has a client's page: nobody
// is attached, or the process whose page it is is no more.
func (pg *page) deserted() bool {
	n, ok := pg.m.Attached()
	return ok && n <= 1 || !ok && pg.signerDied()
}

// find is the member with this id, or nil.
func (b *Broker) find(id ClientID) *member {
	i, ok := slices.BinarySearchFunc(b.members, id, func(m *member, id ClientID) int { return int(int64(m.id) - int64(id)) })
	if !ok {
		return nil
	}
	return b.members[i]
}

func (m *member) close() {
	_ = m.r.Close()
	if m.entry != nil && m.entry.state != entryOver {
		m.entry.b.entries.leave(m.entry)
	}
}

// ready says whether the member has sent something that was not read yet.
func (m *member) ready() bool {
	return atomic.LoadUint64(currentID(m.r.cur.Base)) > m.r.cur.SeenID
}

// rings says whether the member's sender will ring when asked to.
func (m *member) rings() bool {
	a := m.r.page.annex
	return a != nil && m.id < wire.BellSlots &&
		atomic.LoadUint32(u32(a, wire.AnnexOffFlags))&wire.AnnexFlagRings != 0 &&
		atomic.LoadUint32(u32(a, wire.AnnexOffClient)) == uint32(m.id)+1
}

// heat puts a member among those that are polled.
func (b *Broker) heat(m *member) {
	if !m.hot {
		m.hot = true
		m.lastRound = b.round
		b.hot = append(b.hot, m)
		if m.id < wire.BellSlots {
			atomic.StoreUint32(b.bell.want(m.id), 0)
		}
	}
}

package llmp

import (
	"errors"
	"slices"

	"llmp/internal/clock"
	"llmp/internal/wire"
)

// fairShare is how many bytes one client may have forwarded before the next
// has its turn.
const fairShare = 4 << 20

// Once forwards what all clients have sent until now, and lets in those that
// wait. It returns how many messages were handled. An error is the broker's
// own (no memory); a client's faults end that client alone.
func (b *Broker) Once() (int, error) {
	n, err := b.forwardOnce()
	if err == nil && b.round%armEvery == 0 {
		b.restOnce(n)
	}
	return n, err
}

func (b *Broker) forwardOnce() (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return 0, brokerClosed()
	}
	return b.forwardAll()
}

func (b *Broker) forwardAll() (int, error) {
	b.round++
	b.heatRung()
	b.moved = b.entries.serve()
	if err := b.flush(); err != nil {
		return 0, b.fullOr(err)
	}
	total, gone := 0, false
	b.full = false
	for i := 0; i < len(b.hot) && !b.full; i++ { // announcements append to it
		m := b.hot[i]
		n, err := b.drain(m)
		if n > 0 {
			total += n
			m.lastRound = b.round
		}
		if err != nil {
			if errors.Is(err, errBroker) {
				return total, errors.Unwrap(err)
			}
			_ = m.r.fail(err)
			m.quit, gone = true, true
			continue
		}
		gone = gone || m.quit && !m.ready()
	}
	if b.full && len(b.hot) > 1 { // so that the same one is not always the first
		b.hot = append(b.hot[1:], b.hot[0])
	}
	if total > 0 {
		now := clock.Now()
		b.lastActive = now
		for _, m := range b.hot {
			if m.lastRound == b.round {
				m.lastMessage.Store(int64(now))
			}
		}
	}
	if gone {
		b.remove(func(m *member) bool { return m.quit && (m.r.end != nil || !m.ready()) })
	}
	return total, nil
}

// drain forwards what one client has sent, but no more than its share. An
// error ends the client.
func (b *Broker) drain(m *member) (n int, err error) {
	before := b.count.bytes.Load()
	for !b.full && b.count.bytes.Load()-before < fairShare {
		k := 0
		if len(b.hooks) == 0 && !b.opts.OnlyEvents {
			k = b.forwardRun(m)
		}
		if k == 0 {
			k, err = b.forwardOne(m)
		}
		n += k
		if k == 0 || err != nil {
			return n, err
		}
	}
	return n, nil
}

// fullOr notes that the bus is full; any other error is the broker's end.
func (b *Broker) fullOr(err error) error {
	if errors.Is(err, ErrFull) {
		b.full = true
		return nil
	}
	return err
}

// errBroker marks errors that are the broker's own, not a client's.
var errBroker = errors.New("broker")

type brokerError struct{ err error }

func (e brokerError) Error() string        { return e.err.Error() }
func (e brokerError) Unwrap() error        { return e.err }
func (e brokerError) Is(target error) bool { return target == errBroker }

// forwardRun forwards all ordinary messages that lie in a row with one copy and
// one store, and returns how many; 0 means that the next message, if any, is
// for forwardOne.
func (b *Broker) forwardRun(m *member) int {
	n, payload := copyRun(m.r.cur, b.out.cur, fairShare)
	if n > 0 {
		publish(b.out.cur)
		b.tally(m, n, payload, n)
	}
	return n
}

// forwardOne handles the next message, whatever it is; 0 when there is none, or
// no room for it.
func (b *Broker) forwardOne(m *member) (int, error) {
	in := m.r.cur
	before := *in
	var h msgHeader
	switch next(in, &h) {
	case nothing:
		return 0, nil
	case endOfPage:
		if err := m.r.Follow(); err != nil {
			return 0, err
		}
		return b.forwardOne(m)
	case exiting:
		m.r.stop(exiting)
		return 0, m.r.end
	case corrupt:
		b.count.badClients.Add(1)
		m.r.stop(corrupt)
		return 0, m.r.end
	}
	h.toMessage(&b.shown, in)
	if wire.Reserved(h.tag) {
		b.tally(m, 1, 0, 0)
		return 1, b.obey(m, b.shown)
	}
	var forwarded int
	var err error
	if len(b.hooks) == 0 {
		forwarded, err = b.pass(&b.shown)
		if errors.Is(err, ErrFull) {
			*in = before // it stays where it is until there is room
			b.full = true
			return 0, nil
		}
	} else {
		forwarded, err = b.offer(m, &b.shown)
	}
	b.tally(m, 1, h.len, forwarded)
	if err != nil {
		return 1, brokerError{err}
	}
	return 1, nil
}

// obey carries out a message that is for the broker itself.
func (b *Broker) obey(m *member, msg Message) error {
	switch msg.Tag {
	case TagNewShmClient:
		if len(msg.Data) < wire.EOPPayload {
			b.count.ignored.Add(1)
			return nil
		}
		if _, err := b.admit(decodeLink(msg.Data), KindLocal); err != nil {
			b.count.ignored.Add(1) // as LibAFL: an announcement that is wrong changes nothing
		}
	case TagClientExit:
		if len(msg.Data) < 4 {
			b.count.ignored.Add(1)
			return nil
		}
		id := ClientID(msg.Data[0]) | ClientID(msg.Data[1])<<8 | ClientID(msg.Data[2])<<16 | ClientID(msg.Data[3])<<24
		b.dismiss(id)
	case TagSlowReceiverPanic:
		return fail(ErrClosed, "client %d gave up: it found the broker too slow", uint32(m.id))
	}
	return nil
}

// dismiss removes a client once what it has sent is forwarded.
func (b *Broker) dismiss(id ClientID) {
	if m := b.find(id); m != nil {
		m.quit = true
		b.heat(m)
	}
}

// pass broadcasts a message if the filter lets it through, and returns how many
// messages were broadcast.
func (b *Broker) pass(msg *Message) (int, error) {
	if b.opts.OnlyEvents && msg.Tag != TagLibAFLEvent {
		b.count.dropped.Add(1)
		return 0, nil
	}
	if err := b.out.send(uint32(msg.Tag), uint32(msg.Flags), uint32(msg.Sender), msg.Data); err != nil {
		return 0, err
	}
	return 1, nil
}

// offer asks the hooks about a message that the filter lets through, and
// broadcasts it if they do, and what they add. On a full bus that is put off,
// for hooks see each message once.
func (b *Broker) offer(m *member, msg *Message) (int, error) {
	origin := uint32(msg.Sender)
	verdict := Forward
	if b.opts.OnlyEvents && msg.Tag != TagLibAFLEvent {
		verdict = Drop
	}
	b.inHook = true
	for _, h := range b.hooks {
		if verdict != Forward {
			break
		}
		verdict = h(b, m.id, msg)
	}
	b.inHook = false
	n := 0
	if verdict == Forward && !wire.Reserved(uint32(msg.Tag)) {
		if err := b.emit(pending{uint32(msg.Tag), uint32(msg.Flags), origin, msg.Data}); err != nil {
			return n, err
		}
		n++
	} else {
		b.count.dropped.Add(1)
	}
	for i := range b.added {
		a := &b.added[i]
		if err := b.emit(pending{uint32(a.Tag), uint32(a.Flags), b.out.cur.SenderID, a.Data}); err != nil {
			return n, err
		}
		n++
	}
	clear(b.added)
	b.added = b.added[:0]
	return n, nil
}

// pending is a message that is to be broadcast.
type pending struct {
	tag, flags, origin uint32
	data               []byte
}

// emit broadcasts a message, or keeps a copy of it until there is room.
func (b *Broker) emit(p pending) error {
	if len(b.backlog) == 0 {
		err := b.out.send(p.tag, p.flags, p.origin, p.data)
		if !errors.Is(err, ErrFull) {
			return err
		}
		b.full = true
	}
	p.data = append([]byte(nil), p.data...)
	b.backlog = append(b.backlog, p)
	return nil
}

// flush broadcasts what had to wait; ErrFull when there is still no room.
func (b *Broker) flush() error {
	for i, p := range b.backlog {
		if err := b.out.send(p.tag, p.flags, p.origin, p.data); err != nil {
			b.backlog = slices.Delete(b.backlog, 0, i)
			return err
		}
	}
	b.backlog = nil
	return nil
}

// tally counts messages that came from m.
func (b *Broker) tally(m *member, messages int, payload uint64, forwarded int) {
	m.messages.Add(uint64(messages))
	m.bytes.Add(payload)
	b.count.messages.Add(uint64(messages))
	b.count.bytes.Add(payload)
	b.count.forwarded.Add(uint64(forwarded))
}

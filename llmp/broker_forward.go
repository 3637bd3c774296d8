package llmp

import (
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"llmp/internal/wire"
)

// fairShare is how many bytes one client may have forwarded before the next
// has its turn.
const fairShare = 4 << 20

// Once forwards what all clients have sent until now, and lets in those that
// wait. It returns how many messages were handled. An error is the broker's
// own (no memory); a client's faults end that client alone.
func (b *Broker) Once() (int, error) {
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
	total, gone := 0, false
	for i := 0; i < len(b.hot); i++ { // announcements append to it
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
	if total > 0 {
		now := time.Now()
		b.lastActive = now
		for _, m := range b.hot {
			if m.lastRound == b.round {
				m.lastMessage.Store(now.UnixNano())
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
	for b.count.bytes.Load()-before < fairShare {
		k := 0
		if len(b.hooks) == 0 && !b.opts.OnlyEvents {
			k, err = b.forwardRun(m)
		}
		if k == 0 && err == nil {
			k, err = b.forwardOne(m)
		}
		n += k
		if k == 0 || err != nil {
			return n, err
		}
	}
	return n, nil
}

// errBroker marks errors that are the broker's own, not a client's.
var errBroker = errors.New("broker")

type brokerError struct{ err error }

func (e brokerError) Error() string        { return e.err.Error() }
func (e brokerError) Unwrap() error        { return e.err }
func (e brokerError) Is(target error) bool { return target == errBroker }

// forwardRun copies all ordinary messages that lie in a row, as far as both
// pages reach, with one copy, and commits them with one store. It returns how
// many; 0 means that the next message, if any, is for forwardOne.
func (b *Broker) forwardRun(m *member) (int, error) {
	in, out := m.r.cur, b.out.cur
	if in.SeenID >= in.Highest {
		in.Highest = atomic.LoadUint64(currentID(in.Base)) // acquire: as in next
	}
	dst := wire.PageHeader + out.Used
	if in.Next%wire.MsgAlign != 0 || dst%wire.MsgAlign != 0 || in.SeenID >= in.Highest {
		return 0, nil // a page's first message is padded differently
	}
	room := min(out.Total-min(out.Total, out.Used+wire.EOPReserve), fairShare)
	end, count := in.Next, 0
	for id := in.SeenID + 1; id <= in.Highest; id++ {
		h, ok := checkedHeader(in, end)
		size := wire.MsgHeader + h.padded
		if !ok || !ordinary(h.tag) || h.id != id || size%wire.MsgAlign != 0 || end-in.Next+size > room {
			break
		}
		end += size
		count++
	}
	if count == 0 {
		return 0, nil
	}
	n := end - in.Next
	copy(bytesAt(out.Base, dst, n), bytesAt(in.Base, in.Next, n))
	// The sender can still write to its page, so what counts is what was
	// copied: check it once more, on ours, and number it anew.
	taken, payload := b.renumber(dst, dst+n)
	if taken == 0 {
		return 0, nil // forwardOne will see what is wrong
	}
	used := out.Used - (dst - wire.PageHeader)
	in.LastOff = in.Next // not the last one's, but nobody asks for it here
	in.Next += used
	in.SeenID += uint64(taken)
	*u64(out.Base, wire.PageOffUsed) = out.Used
	*u32(out.Base, wire.PageHeader+out.Used+wire.MsgOffTag) = wire.TagUnset
	publish(out)
	b.tally(m, taken, payload, taken)
	return taken, nil
}

// renumber checks the copied run [off, end) on the broadcast page, gives its
// messages ids of this page and takes them into the cursor.
func (b *Broker) renumber(off, end uint64) (taken int, payload uint64) {
	out := b.out.cur
	for off < end {
		h := readHeader(out.Base, off)
		size := wire.MsgHeader + h.padded
		if h.padded > end-off || size > end-off || size%wire.MsgAlign != 0 || h.len > h.padded || !ordinary(h.tag) {
			break
		}
		out.LastID++
		*u64(out.Base, off+wire.MsgOffID) = out.LastID
		out.LastOff = off
		out.MaxAlloc = max(out.MaxAlloc, size)
		off += size
		payload += h.len
		taken++
	}
	out.Used = off - wire.PageHeader
	*u64(out.Base, wire.PageOffMaxAlloc) = out.MaxAlloc
	return taken, payload
}

// ordinary says whether a tag is neither the bus's own nor means something
// to a broker.
func ordinary(tag uint32) bool { return !wire.Reserved(tag) }

// forwardOne handles the next message, whatever it is; 0 when there is none.
func (b *Broker) forwardOne(m *member) (int, error) {
	in := m.r.cur
	h, what := next(in)
	switch what {
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
	msg := h.toMessage(in, in.LastOff)
	if wire.Reserved(h.tag) {
		b.tally(m, 1, 0, 0)
		return 1, b.obey(m, msg)
	}
	forwarded, err := b.offer(m, &msg)
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
		return fail(ErrClosed, "client %d gave up: it found the broker too slow", m.id)
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

// offer asks filters and hooks about a message and broadcasts it if they let
// it through; it returns how many messages were broadcast.
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
		if err := b.out.send(uint32(msg.Tag), uint32(msg.Flags), origin, msg.Data); err != nil {
			return n, err
		}
		n++
	} else {
		b.count.dropped.Add(1)
	}
	for len(b.added) > 0 {
		a := b.added[0]
		b.added = slices.Delete(b.added, 0, 1)
		if err := b.out.send(uint32(a.Tag), uint32(a.Flags), b.out.cur.SenderID, a.Data); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// tally counts messages that came from m.
func (b *Broker) tally(m *member, messages int, payload uint64, forwarded int) {
	m.messages.Add(uint64(messages))
	m.bytes.Add(payload)
	b.count.messages.Add(uint64(messages))
	b.count.bytes.Add(payload)
	b.count.forwarded.Add(uint64(forwarded))
}

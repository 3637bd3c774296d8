package llmp

import (
	"sync/atomic"
	"time"

	"llmp/internal/clock"
	"llmp/internal/wire"
)

// counters64 are written by the broker's goroutine, or under its lock, and
// read by any.
type counters64 struct {
	clients, clientsSeen, messages, bytes, forwarded, dropped atomic.Uint64
	badClients, cutOff, b2b, ignored                          atomic.Uint64
}

// Stats are a broker's counts.
type Stats struct {
	Clients       uint64 // connected now, other brokers included
	ClientsSeen   uint64 // since the start
	Messages      uint64 // handled
	Bytes         uint64 // payload of those
	Forwarded     uint64 // broadcast, the broker's own included
	Dropped       uint64 // by hooks and filters
	Pages         uint64 // broadcast pages in use
	SharedBytes   uint64 // shared memory of the broadcast side, private pages of joiners included
	ArchivedBytes uint64 // history on disk
	CutOff        uint64 // receivers given up on, see BrokerOptions.SlowTimeout
	BadClients    uint64 // clients removed because their page made no sense
	B2B           uint64 // brokers connected now
	Ignored       uint64 // announcements and remote messages that could not be carried out
	Lost          uint64 // pages of history that late joiners will not get: the disk was full, or somebody wrote to them
}

// ClientStats are one client's counts.
type ClientStats struct {
	ID       ClientID
	Kind     ClientKind
	Messages uint64
	Bytes    uint64        // payload
	Idle     time.Duration // since its last message, or its coming
}

// Stats returns the broker's counts. Any goroutine.
func (b *Broker) Stats() Stats {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.stats()
}

func (b *Broker) stats() Stats {
	c := &b.count
	s := Stats{
		Clients: c.clients.Load(), ClientsSeen: c.clientsSeen.Load(),
		Messages: c.messages.Load(), Bytes: c.bytes.Load(),
		Forwarded: c.forwarded.Load(), Dropped: c.dropped.Load(),
		CutOff: c.cutOff.Load(), BadClients: c.badClients.Load(), B2B: c.b2b.Load(),
		Ignored: c.ignored.Load(), Pages: uint64(len(b.pages.pages)),
	}
	s.ArchivedBytes, s.Lost = b.pages.archive.usage()
	s.SharedBytes = b.pages.footprint() + b.entries.footprint() + wire.BellSize
	return s
}

// ClientStats returns the counts of each client that is connected. Any
// goroutine.
func (b *Broker) ClientStats() []ClientStats {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.clientStats()
}

func (b *Broker) clientStats() []ClientStats {
	all := make([]ClientStats, 0, len(b.members))
	now := clock.Now()
	for _, m := range b.members {
		all = append(all, ClientStats{
			ID: m.id, Kind: m.kind, Messages: m.messages.Load(), Bytes: m.bytes.Load(),
			Idle: max(now.Sub(clock.Moment(m.lastMessage.Load())), 0),
		})
	}
	return all
}

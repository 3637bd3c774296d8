package llmp

import (
	"bytes"
	"context"
	"time"

	"llmp/internal/clock"
	"llmp/internal/frame"
	"llmp/internal/postcard"
)

// The statistics of a running broker, asked for on its port. The request is no
// TcpRequest of LibAFL's (its first byte would be an enum index of 0x6c), so a
// LibAFL broker logs it and hangs up.
var statsQuery = []byte("llmp stats 1")

func isStatsQuery(body []byte) bool { return bytes.Equal(body, statsQuery) }

// StatsReport is a broker's answer to QueryStats.
type StatsReport struct {
	Version  string // of the library the broker runs on
	Hostname string
	Uptime   time.Duration
	Stats    Stats
	Clients  []ClientStats
}

// Version is the version of this library; llmp.h says the same.
const Version = "0.1.0"

// QueryStats asks the broker on 127.0.0.1:port for its statistics. Errors:
// ErrRefused, ErrTimeout, ErrProtocol (no broker, or LibAFL's own, which keeps
// none), or the context's.
func QueryStats(ctx context.Context, port uint16) (StatsReport, error) {
	conn, err := dialRetrying(inContext{ctx}, port, NoWait)
	if err != nil {
		return StatsReport{}, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if _, err := readHello(conn, port); err != nil {
		return StatsReport{}, err
	}
	if err := frame.Write(conn, statsQuery); err != nil {
		return StatsReport{}, handshakeError(err, port)
	}
	body, err := frame.Read(conn)
	if err != nil {
		return StatsReport{}, fail(ErrProtocol, "the broker on port %d keeps no statistics: it is LibAFL's own, or older than this library", port)
	}
	return decodeReport(body)
}

func (b *Broker) report() StatsReport {
	b.mu.Lock()
	defer b.mu.Unlock()
	return StatsReport{
		Version: Version, Hostname: hostname(), Uptime: clock.Since(b.start),
		Stats: b.stats(), Clients: b.clientStats(),
	}
}

// numbers lists the fields of Stats in the order of the wire: a newer broker
// appends, an older one sends fewer.
func (s *Stats) numbers() []*uint64 {
	return []*uint64{
		&s.Clients, &s.ClientsSeen, &s.Messages, &s.Bytes, &s.Forwarded, &s.Dropped, &s.Pages,
		&s.SharedBytes, &s.ArchivedBytes, &s.CutOff, &s.BadClients, &s.B2B, &s.Ignored,
		&s.Lost,
	}
}

func (r StatsReport) encode() []byte {
	b := postcard.AppendString(nil, r.Version)
	b = postcard.AppendString(b, r.Hostname)
	stats := r.Stats.numbers()
	numbers := []uint64{uint64(r.Uptime), uint64(len(stats))}
	for _, n := range stats {
		numbers = append(numbers, *n)
	}
	numbers = append(numbers, uint64(len(r.Clients)))
	for _, c := range r.Clients {
		numbers = append(numbers, uint64(c.ID), uint64(c.Kind), c.Messages, c.Bytes, uint64(c.Idle))
	}
	for _, n := range numbers {
		b = postcard.AppendU64(b, n)
	}
	return b
}

func decodeReport(body []byte) (StatsReport, error) {
	var r StatsReport
	p := postcard.NewReader(body)
	r.Version, r.Hostname = p.String(), p.String()
	r.Uptime = time.Duration(p.U64())
	known := r.Stats.numbers()
	for i := range p.U64() {
		n := p.U64()
		if p.Err() != nil {
			break
		}
		if i < uint64(len(known)) {
			*known[i] = n
		}
	}
	for range p.U64() {
		c := ClientStats{ID: ClientID(p.U64()), Kind: ClientKind(p.U64())}
		c.Messages, c.Bytes, c.Idle = p.U64(), p.U64(), time.Duration(p.U64())
		if p.Err() != nil {
			break
		}
		r.Clients = append(r.Clients, c)
	}
	if err := p.Err(); err != nil {
		return StatsReport{}, fail(ErrProtocol, "the broker's statistics make no sense: %v", err)
	}
	return r, nil
}

package event

import (
	"math"
	"time"

	"llmp/internal/postcard"
)

const nanosPerSecond = 1_000_000_000

// ExecStats come with every event (LibAFL: ExecStats).
type ExecStats struct {
	// Seconds and Nanos are the sender's clock when it made the event, since
	// the start of 1970 in UTC. Decode returns Nanos below 1,000,000,000.
	Seconds uint64
	Nanos   uint32
	// Executions is how often the sender has run its target.
	Executions uint64
}

// Now returns stats with the present time.
func Now(executions uint64) ExecStats {
	t := time.Now()
	return ExecStats{Seconds: uint64(t.Unix()), Nanos: uint32(t.Nanosecond()), Executions: executions}
}

// Time returns the sender's clock. Seconds beyond 2^63-1 make no sense and
// give no sensible time.
func (s ExecStats) Time() time.Time { return time.Unix(int64(s.Seconds), int64(s.Nanos)) }

// normal carries whole seconds out of Nanos, as Rust's Duration does. It says
// false when they do not fit into Seconds.
func (s ExecStats) normal() (ExecStats, bool) {
	carry := uint64(s.Nanos / nanosPerSecond)
	if s.Seconds > math.MaxUint64-carry {
		return ExecStats{}, false
	}
	s.Seconds += carry
	s.Nanos %= nanosPerSecond
	return s, true
}

func (s ExecStats) append(dst []byte) ([]byte, error) {
	s, ok := s.normal()
	if !ok {
		return nil, invalid("a time of more than 2^64 seconds")
	}
	dst = postcard.AppendU64(dst, s.Seconds)
	dst = postcard.AppendU32(dst, s.Nanos)
	return postcard.AppendU64(dst, s.Executions), nil
}

func readExecStats(r *postcard.Reader) ExecStats {
	s, ok := ExecStats{Seconds: r.U64(), Nanos: r.U32(), Executions: r.U64()}.normal()
	if !ok {
		r.Refuse(errTime)
	}
	return s
}

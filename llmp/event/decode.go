package event

import (
	"bytes"
	"errors"

	"llmp/internal/format"
	"llmp/internal/postcard"
)

// Defaults of a Decoder.
const (
	DefaultMaxSize  = 128 << 20
	DefaultMaxStats = 1 << 16
)

// A Decoder reads events. The zero value has the default limits, which are far
// beyond what fuzzers send. LibAFL itself has none.
type Decoder struct {
	// MaxSize is the longest encoding, in bytes, after decompression; a
	// compressed payload can hold a thousand times its own length. 0 or
	// less: DefaultMaxSize.
	MaxSize int
	// MaxStats is the largest number of entries of a UserStatsMap. 0 or
	// less: DefaultMaxStats.
	MaxStats int
}

// Decode is the Decode of a Decoder with default limits.
func Decode(payload []byte, flags uint32) (Event, ExecStats, error) {
	return Decoder{}.Decode(payload, flags)
}

// Decode reads the payload of a message with tag Tag. Of the message's flags,
// only FlagCompressed matters. The event keeps no part of payload, which may
// lie in shared memory. Bytes behind the event are ignored, as LibAFL does.
//
// ErrUnknownEvent: the event is of a kind that LibAFL 0.16.1 does not have.
// ErrMalformed: the payload is damaged or no event. ErrTooBig: it exceeds a
// limit.
func (d Decoder) Decode(payload []byte, flags uint32) (Event, ExecStats, error) {
	maxSize := d.maxSize()
	if flags&FlagCompressed != 0 {
		in := inflaters.Get().(*inflater)
		defer in.release()
		var err error
		if payload, err = in.inflate(payload, maxSize); err != nil {
			return nil, ExecStats{}, err
		}
	} else if len(payload) > maxSize {
		return nil, ExecStats{}, tooBig(maxSize)
	}

	r := postcard.NewReader(payload)
	ev := d.readEvent(r)
	if r.Err() == nil && ev == nil {
		return nil, ExecStats{}, format.Errorf("%w: its index is beyond %d, the last that is known", ErrUnknownEvent, indexStop)
	}
	stats := readExecStats(r)
	switch err := r.Err(); {
	case errors.Is(err, errTooManyStats):
		return nil, ExecStats{}, format.Errorf("%w: %w", ErrTooBig, err)
	case err != nil:
		return nil, ExecStats{}, format.Errorf("%w: %w", ErrMalformed, err)
	}
	return ev, stats, nil
}

// Refusals that postcard knows nothing of.
var (
	errUUID         = errors.New("a UUID is not 16 bytes long")
	errZeroTag      = errors.New("the tag of a stat is zero")
	errTime         = errors.New("the time exceeds 2^64 seconds")
	errTooManyStats = errors.New("too many stats in one map")
)

func tooBig(limit int) error {
	return format.Errorf("%w: more than %d bytes", ErrTooBig, limit)
}

// readEvent reads index and fields. nil without an error: unknown index.
func (d Decoder) readEvent(r *postcard.Reader) Event {
	index := r.U32()
	if r.Err() != nil {
		return nil
	}
	switch index {
	case indexNewTestcase:
		return readNewTestcase(r)
	case indexHeartbeat:
		return Heartbeat{}
	case indexUserStats:
		return UserStats{Name: r.String(), Stat: readStat(r)}
	case indexUserStatsMap:
		limit := d.MaxStats
		if limit <= 0 {
			limit = DefaultMaxStats
		}
		return UserStatsMap{Stats: readStats(r, limit)}
	case indexObjective:
		return Objective{Input: readOptionalBytes(r), Size: r.Usize()}
	case indexLog:
		return Log{Severity: Severity(r.Variant(uint32(severities))), Message: r.String()}
	case indexStop:
		return Stop{}
	}
	return nil
}

func readNewTestcase(r *postcard.Reader) NewTestcase {
	e := NewTestcase{
		Input:      bytes.Clone(r.Bytes()),
		Observers:  readOptionalBytes(r),
		Exit:       readExit(r),
		CorpusSize: r.Usize(),
		Config:     readConfig(r),
	}
	if r.Option() {
		id := r.U32()
		e.ForwardID = &id
	}
	return e
}

func readOptionalBytes(r *postcard.Reader) []byte {
	if !r.Option() {
		return nil
	}
	return bytes.Clone(r.Bytes())
}

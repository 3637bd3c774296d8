package event

import "llmp/internal/postcard"

// Encode returns the payload of a message with this event, and the message's
// flags: FlagCompressed or 0. The message's tag is Tag. The payload is freshly
// allocated and shares nothing with ev.
//
// Strings that are not UTF-8 are made so, with U+FFFD in place of what is not.
// ErrInvalid: ev is nil or holds a value that has no encoding.
//
// There is no limit on size here; a Decoder has one, and a bus has one of its
// own for messages.
func Encode(ev Event, stats ExecStats) (payload []byte, flags uint32, err error) {
	if ev == nil {
		return nil, 0, invalid("nil")
	}
	b, err := ev.appendEvent(make([]byte, 0, ev.roughSize()+roughStats))
	if err == nil {
		b, err = stats.append(b)
	}
	if err != nil {
		return nil, 0, err
	}
	if len(b) < CompressFrom {
		return b, 0, nil
	}
	return deflate(b), FlagCompressed, nil
}

// Rough sizes: the longest form of all numbers of ExecStats and of NewTestcase.
const (
	roughStats = 25
	roughFixed = 64
	roughStat  = 48
)

func (e NewTestcase) roughSize() int  { return roughFixed + len(e.Input) + len(e.Observers) }
func (e Heartbeat) roughSize() int    { return 1 }
func (e UserStats) roughSize() int    { return roughStat }
func (e UserStatsMap) roughSize() int { return roughStat * (1 + len(e.Stats)) }
func (e Objective) roughSize() int    { return roughFixed + len(e.Input) }
func (e Log) roughSize() int          { return roughFixed + len(e.Message) }
func (e Stop) roughSize() int         { return 1 }

func (e NewTestcase) appendEvent(b []byte) ([]byte, error) {
	b = postcard.AppendBytes(append(b, indexNewTestcase), e.Input)
	b, err := e.Exit.append(appendOptionalBytes(b, e.Observers))
	if err != nil {
		return nil, err
	}
	if b, err = e.Config.append(postcard.AppendU64(b, e.CorpusSize)); err != nil {
		return nil, err
	}
	b = postcard.AppendBool(b, e.ForwardID != nil)
	if e.ForwardID != nil {
		b = postcard.AppendU32(b, *e.ForwardID)
	}
	return b, nil
}

func (Heartbeat) appendEvent(b []byte) ([]byte, error) { return append(b, indexHeartbeat), nil }

func (e UserStats) appendEvent(b []byte) ([]byte, error) {
	return e.Stat.append(postcard.AppendString(append(b, indexUserStats), e.Name))
}

func (e UserStatsMap) appendEvent(b []byte) ([]byte, error) {
	return appendStats(append(b, indexUserStatsMap), e.Stats)
}

func (e Objective) appendEvent(b []byte) ([]byte, error) {
	return postcard.AppendU64(appendOptionalBytes(append(b, indexObjective), e.Input), e.Size), nil
}

func (e Log) appendEvent(b []byte) ([]byte, error) {
	if e.Severity >= severities {
		return nil, invalid("severity %d, there are 0 to %d", e.Severity, severities-1)
	}
	b = postcard.AppendU32(append(b, indexLog), uint32(e.Severity))
	return postcard.AppendString(b, e.Message), nil
}

func (Stop) appendEvent(b []byte) ([]byte, error) { return append(b, indexStop), nil }

func appendOptionalBytes(b, v []byte) []byte {
	b = postcard.AppendBool(b, v != nil)
	if v != nil {
		b = postcard.AppendBytes(b, v)
	}
	return b
}

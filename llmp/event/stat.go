package event

import (
	"maps"
	"slices"

	"llmp/internal/postcard"
)

// Stat is a figure that a fuzzer reports (LibAFL: UserStats).
type Stat struct {
	// Tag says what the figure is about, see StatTagMap and the others;
	// 0: nothing is said.
	Tag uint64
	// Value must not be nil.
	Value Value
	// Aggregate says how the monitor joins the figures of all clients.
	Aggregate Aggregate
}

// A Value is one of Number, Float, Text, Ratio and Percent, as a value
// (LibAFL: UserStatsValue).
type Value interface{ appendValue(dst []byte) []byte }

// Kinds of Value.
type (
	// Number is a whole number.
	Number uint64
	// Float is any number.
	Float float64
	// Text cannot be aggregated (LibAFL: String).
	Text string
	// Ratio is shown as Part/Whole and what that is in percent. LibAFL's
	// monitor multiplies Part by 100: keep it below 2^57.
	Ratio struct{ Part, Whole uint64 }
	// Percent is a share of one: 0.5 is shown as 50%.
	Percent float64
)

// Indices of the variants of Value.
const (
	valueNumber = iota
	valueFloat
	valueText
	valueRatio
	valuePercent
	values
)

func (v Number) appendValue(b []byte) []byte {
	return postcard.AppendU64(append(b, valueNumber), uint64(v))
}

func (v Float) appendValue(b []byte) []byte {
	return postcard.AppendF64(append(b, valueFloat), float64(v))
}

func (v Text) appendValue(b []byte) []byte {
	return postcard.AppendString(append(b, valueText), string(v))
}

func (v Ratio) appendValue(b []byte) []byte {
	return postcard.AppendU64(postcard.AppendU64(append(b, valueRatio), v.Part), v.Whole)
}

func (v Percent) appendValue(b []byte) []byte {
	return postcard.AppendF64(append(b, valuePercent), float64(v))
}

func readValue(r *postcard.Reader) Value {
	switch r.Variant(values) {
	case valueFloat:
		return Float(r.F64())
	case valueText:
		return Text(r.String())
	case valueRatio:
		return Ratio{Part: r.U64(), Whole: r.U64()}
	case valuePercent:
		return Percent(r.F64())
	}
	return Number(r.U64())
}

// Aggregate is how figures of several clients become one (LibAFL: AggregatorOps).
type Aggregate uint32

// Ways to aggregate.
const (
	AggregateNone Aggregate = iota
	AggregateSum
	AggregateAvg
	AggregateMin
	AggregateMax
	aggregates
)

// String returns "none", "sum", "avg", "min" or "max".
func (a Aggregate) String() string {
	return nameOf([]string{"none", "sum", "avg", "min", "max"}, uint32(a))
}

func (s Stat) append(dst []byte) ([]byte, error) {
	if s.Value == nil {
		return nil, invalid("a stat without a value")
	}
	if s.Aggregate >= aggregates {
		return nil, invalid("aggregate %d, there are 0 to %d", s.Aggregate, aggregates-1)
	}
	dst = postcard.AppendBool(dst, s.Tag != 0)
	if s.Tag != 0 {
		dst = postcard.AppendU64(dst, s.Tag)
	}
	return postcard.AppendU32(s.Value.appendValue(dst), uint32(s.Aggregate)), nil
}

func readStat(r *postcard.Reader) (s Stat) {
	if r.Option() {
		if s.Tag = r.U64(); s.Tag == 0 {
			r.Refuse(errZeroTag) // a NonZero<u64> in LibAFL
		}
	}
	s.Value = readValue(r)
	s.Aggregate = Aggregate(r.Variant(uint32(aggregates)))
	return s
}

func appendStats(dst []byte, stats map[string]Stat) ([]byte, error) {
	dst = postcard.AppendU64(dst, uint64(len(stats)))
	for _, name := range slices.Sorted(maps.Keys(stats)) {
		var err error
		if dst, err = stats[name].append(postcard.AppendString(dst, name)); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

// leastStat is the length of the shortest named Stat: name, tag, index and
// number, aggregate.
const leastStat = 5

// readStats reads a map. Of equal names the last counts, as in LibAFL.
func readStats(r *postcard.Reader, limit int) map[string]Stat {
	n := r.Count(leastStat)
	if n > limit {
		r.Refuse(errTooManyStats)
		return nil
	}
	stats := make(map[string]Stat)
	for range n {
		name := r.String()
		stat := readStat(r)
		if r.Err() != nil {
			return nil
		}
		stats[name] = stat
	}
	return stats
}

// Tags of stats that LibAFL knows (crate libafl, src/monitors/stats/user_stats/mod.rs).
const (
	StatTagMap                  uint64 = 0xC07E9A6EC07E9A6E // coverage map
	StatTagAFLCyclesDone        uint64 = 0xAF157A75C1C135D0
	StatTagAFLPending           uint64 = 0x0AF157A75934D146
	StatTagAFLPendingFavored    uint64 = 0xAF157A75934D146F
	StatTagAFLPendingFav        uint64 = 0xAF157A75FA1702ED
	StatTagAFLOwnFinds          uint64 = 0xAF157A750C4F11D5
	StatTagAFLImported          uint64 = 0xAF157A751AAF07ED
	StatTagAFLCyclesWithoutFind uint64 = 0xAF157A75C1C0F1D5
	StatTagCalibrateStability   uint64 = 0x57AB1117157AB171
	StatTagCoreID               uint64 = 0xC093C093C093C093
)

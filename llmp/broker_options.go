package llmp

import (
	"strconv"
	"strings"
	"time"

	"llmp/shmem"
)

// BrokerOptions of a broker. The zero value means all defaults.
type BrokerOptions struct {
	// Provider of shared memory, for all members. Default shmem.Default().
	Provider shmem.Provider
	// PageSize is the size of the first broadcast map; as Options.PageSize.
	PageSize int
	// Bind is the numeric address to listen on. Default 127.0.0.1. Only
	// broker-to-broker traffic makes sense from elsewhere; it is neither
	// encrypted nor authenticated.
	Bind string
	// ExitAfter ends Run once so many clients have come and all have gone. 0: never.
	ExitAfter int
	// OnlyEvents drops everything but LibAFL's events (TagLibAFLEvent), so
	// that stock LibAFL fuzzers can share the bus with others.
	OnlyEvents bool
	// History is what a late joiner gets. Default HistoryAll.
	History History
	// ArchiveDir is where history beyond Budget goes. Default: an unlinked
	// file in the system's directory for temporary files.
	ArchiveDir string
	// Budget is how much shared memory the broadcast side may take, in
	// bytes. Default 64 MiB.
	Budget int64
	// SlowTimeout is how long a receiver that does not read may hold up a
	// full bus before it is cut off. Default 10 s. WaitForever: never.
	SlowTimeout time.Duration
	// Spin is how long Run looks for work before it sleeps. Default 0.
	Spin time.Duration

	plainPages bool // for tests: pages exactly as LibAFL's
}

const (
	defaultBudget      = 64 << 20
	defaultSlowTimeout = 10 * time.Second
)

// History says how much of what was broadcast a late joiner gets.
type History struct {
	kind  int
	bytes int64
}

const (
	historyAll = iota
	historyNone
	historyBytes
)

// HistoryAll gives a late joiner every message since the start, as LibAFL
// does: it is how fuzzers get the corpus.
var HistoryAll = History{kind: historyAll}

// HistoryNone gives it only what is sent from then on, and what happens to lie
// on the pages in use.
var HistoryNone = History{kind: historyNone}

// HistoryBytes gives it the newest messages, of n bytes at least where there
// are as many.
func HistoryBytes(n int64) History { return History{kind: historyBytes, bytes: n} }

// ParseHistory reads "all", "none" or a size: "1000000", "64MiB", "1 GiB".
func ParseHistory(s string) (History, error) {
	switch s {
	case "", "all":
		return HistoryAll, nil
	case "none":
		return HistoryNone, nil
	}
	n, err := ParseSize(s)
	if err != nil {
		return History{}, fail(ErrInvalid, "history %q: want all, none, or a size such as 64MiB", s)
	}
	return HistoryBytes(n), nil
}

// String is what ParseHistory reads.
func (h History) String() string {
	switch h.kind {
	case historyNone:
		return "none"
	case historyBytes:
		return strconv.FormatInt(h.bytes, 10)
	}
	return "all"
}

// ParseSize reads a number of bytes, with a unit of KiB, MiB, GiB or TiB if given.
func ParseSize(s string) (int64, error) {
	shift := 0
	num := s
	for i, unit := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if rest, ok := strings.CutSuffix(s, unit); ok {
			num, shift = strings.TrimSpace(rest), 10*(i+1)
		}
	}
	n, err := strconv.ParseInt(num, 10, 64)
	if err != nil || n < 0 || n<<shift>>shift != n {
		return 0, fail(ErrInvalid, "%q is no size: want a number of bytes, or one with KiB, MiB, GiB or TiB", s)
	}
	return n << shift, nil
}

// withDefaults checks o and fills in what is left out.
func (o BrokerOptions) withDefaults() (BrokerOptions, error) {
	var err error
	if o.PageSize, err = checkPageSize(o.PageSize); err != nil {
		return o, err
	}
	if o.Provider == nil {
		o.Provider = shmem.Default()
	}
	if o.Bind == "" {
		o.Bind = "127.0.0.1"
	}
	if o.Budget == 0 {
		o.Budget = defaultBudget
	}
	if o.Budget < 0 {
		return o, fail(ErrInvalid, "a budget of %d bytes", o.Budget)
	}
	if o.SlowTimeout == 0 {
		o.SlowTimeout = defaultSlowTimeout
	}
	if o.ExitAfter < 0 {
		return o, fail(ErrInvalid, "ExitAfter is %d, want 0 or more", o.ExitAfter)
	}
	if o.Spin < 0 {
		return o, fail(ErrInvalid, "Spin is %v, want 0 or more", o.Spin)
	}
	return o, nil
}

// senderOptions are those of the broker's own sender, and of its b2b proxies.
func (o BrokerOptions) senderOptions() Options {
	so, err := Options{Provider: o.Provider, PageSize: o.PageSize, plainPages: o.plainPages}.withDefaults()
	if err != nil {
		panic("options of a broker that was checked: " + err.Error())
	}
	return so
}

package llmp

import (
	"strconv"
	"strings"
	"time"

	"llmp/internal/sys"
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
	// ArchiveDir is where the history goes once all receivers have read it:
	// into a file that has no name and vanishes with the broker. Default: the
	// system's directory for temporary files ($TMPDIR or /tmp). Where the disk
	// is full, history is lost and Stats.Lost says how much; nothing waits.
	ArchiveDir string
	// Budget is how much shared memory the broadcast side may take, in
	// bytes, whatever is sent and however many join late. Default 64 MiB, or
	// 8 pages where these are larger. 16 pages or more do well, 4 is the least.
	// A message that takes more than half of it still passes: one at a time, and
	// while it does there is one page more, of its size and an eighth at most.
	// (Half: of 16 pages or more. The exact bound is in docs/concurrency.md.)
	// What a receiver that was cut off still has mapped is its own.
	//
	// An eighth of it is for clients that have not begun to receive, at 16 KiB
	// each. Where there are more, others have less; beyond half of it they are
	// refused.
	//
	// When it is reached, forwarding waits for the receivers, and then the
	// clients' own pages fill up and their sends wait: see
	// Options.SendTimeout. Nothing is lost.
	Budget int64
	// SlowTimeout is how long a receiver may hold the oldest page of a full
	// bus before it is cut off: it gets ErrNotFound once it has read its
	// page, and Stats.CutOff counts it. Default 10 s: longer than any pause
	// of a healthy process, and short enough that one client that was
	// stopped, by a debugger say, does not stop everybody else's work.
	// WaitForever: never, as long as its process lives.
	SlowTimeout time.Duration
	// Spin is how long Run looks for work before it sleeps. Default 0.
	Spin time.Duration

	plainPages bool // for tests: pages exactly as LibAFL's
}

const (
	defaultBudget      = 64 << 20
	smallestBudget     = 512 << 10 // the bell takes a sixth of that
	largestBudget      = 1 << 46
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
// on the page in use. Nothing goes to disk. A client that has connected but not
// begun to receive when the pages since then are needed again has missed
// something: its first receive is ErrNotFound.
var HistoryNone = History{kind: historyNone}

// HistoryBytes gives it the newest messages, of n bytes at least where there
// are as many.
func HistoryBytes(n int64) History { return History{kind: historyBytes, bytes: n} }

// keeps says whether pages that are not in use any more are kept.
func (h History) keeps() bool { return h.kind == historyAll || h.kind == historyBytes && h.bytes > 0 }

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
			num, shift = trimSpace(rest), 10*(i+1)
		}
	}
	n, err := strconv.ParseInt(num, 10, 64)
	if err != nil || n < 0 || n<<shift>>shift != n {
		return 0, fail(ErrInvalid, "%q is no size: want a number of bytes, or one with KiB, MiB, GiB or TiB", s)
	}
	return n << shift, nil
}

// trimSpace is strings.TrimSpace for ASCII.
func trimSpace(s string) string {
	space := func(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }
	for s != "" && space(s[0]) {
		s = s[1:]
	}
	for s != "" && space(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

// withDefaults checks o and fills in what is left out.
func (o BrokerOptions) withDefaults() (BrokerOptions, error) {
	var err error
	if o.PageSize, o.Budget, err = checkBudget(o.PageSize, o.Budget); err != nil {
		return o, err
	}
	if o.Provider == nil {
		o.Provider = shmem.Default()
	}
	if o.Bind == "" {
		o.Bind = "127.0.0.1"
	}
	if o.ArchiveDir != "" && !sys.IsDir(o.ArchiveDir) {
		return o, fail(ErrNotFound, "the archive directory %q is no directory: make it, or leave it out", o.ArchiveDir)
	}
	if o.History.kind == historyBytes && o.History.bytes < 0 {
		return o, fail(ErrInvalid, "a history of %d bytes", o.History.bytes)
	}
	if o.SlowTimeout == 0 {
		o.SlowTimeout = defaultSlowTimeout
	}
	if o.SlowTimeout < 0 && o.SlowTimeout != WaitForever {
		return o, fail(ErrInvalid, "SlowTimeout is %v, want more than 0, or WaitForever", o.SlowTimeout)
	}
	if o.ExitAfter < 0 {
		return o, fail(ErrInvalid, "ExitAfter is %d, want 0 or more", o.ExitAfter)
	}
	if o.Spin < 0 {
		return o, fail(ErrInvalid, "Spin is %v, want 0 or more", o.Spin)
	}
	return o, nil
}

// checkBudget checks two options that depend on each other, and fills in what
// is left out.
func checkBudget(pageSize int, budget int64) (int, int64, error) {
	if budget < 0 || budget > largestBudget {
		return 0, 0, fail(ErrInvalid, "a budget of %d bytes, want %d at most", budget, int64(largestBudget))
	}
	chosen := pageSize != 0
	pageSize, err := checkPageSize(pageSize)
	if err != nil {
		return 0, 0, err
	}
	switch {
	case budget == 0:
		budget = max(defaultBudget, 8*int64(pageSize))
	case !chosen:
		for pageSize > smallestPageSize && int64(pageSize) > budget/16 {
			pageSize /= 2
		}
	}
	if budget < smallestBudget || budget < 4*int64(pageSize) {
		return 0, 0, fail(ErrInvalid, "a budget of %d bytes is less than %d, or than 4 pages of %d: raise it, or make pages smaller",
			budget, int64(smallestBudget), pageSize)
	}
	return pageSize, budget, nil
}

// senderOptions are those of the broker's own sender, and of its b2b proxies.
func (o BrokerOptions) senderOptions() Options {
	so, err := Options{Provider: o.Provider, PageSize: o.PageSize, plainPages: o.plainPages}.withDefaults()
	if err != nil {
		panic("options of a broker that was checked: " + err.Error())
	}
	return so
}

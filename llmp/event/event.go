package event

// An Event is one of NewTestcase, Heartbeat, UserStats, UserStatsMap,
// Objective, Log and Stop (LibAFL: Event). Decode returns them as values.
type Event interface {
	// Kind is what LibAFL calls such events in its logs, "Testcase" say.
	Kind() string

	// appendEvent appends the variant's index and fields.
	appendEvent(dst []byte) ([]byte, error)
	// roughSize is how many bytes that takes, more or less.
	roughSize() int
}

// Indices of LibAFL's variants, in order of declaration.
const (
	indexNewTestcase = iota
	indexHeartbeat
	indexUserStats
	indexUserStatsMap
	indexObjective
	indexLog
	indexStop
)

// NewTestcase: a fuzzer put an input into its corpus. Brokers pass it on; the
// other fuzzers evaluate it.
type NewTestcase struct {
	// Input is the input itself (BytesInput). Decode never returns nil.
	Input []byte
	// Observers is the postcard encoding of the finder's observers, or nil
	// for none; empty but not nil is an encoding of no bytes.
	Observers []byte
	// Exit is how the execution ended.
	Exit Exit
	// CorpusSize is the number of entries in the finder's corpus.
	CorpusSize uint64
	// Config says which fuzzers may use Observers as their own.
	Config Config
	// ForwardID is the client that had the testcase first, when another one
	// forwards it; nil: not forwarded.
	ForwardID *uint32
}

// Heartbeat: the sender is alive. Its ExecStats are the message.
type Heartbeat struct{}

// UserStats: one figure for the monitor (LibAFL: UpdateUserStats).
type UserStats struct {
	Name string
	Stat Stat
}

// UserStatsMap: several figures for the monitor, by name (LibAFL:
// UpdateUserStatsMap). Decode never returns a nil map.
type UserStatsMap struct{ Stats map[string]Stat }

// Objective: a fuzzer found what it is looking for, mostly a crash.
type Objective struct {
	// Input is the input, or nil when the finder does not share it; empty
	// but not nil is an input of no bytes.
	Input []byte
	// Size is the number of objectives that the finder has.
	Size uint64
}

// Log: a line for the broker's log.
type Log struct {
	Severity Severity
	Message  string
}

// Stop asks every fuzzer on the bus to end. Brokers pass it on.
type Stop struct{}

// Kind returns "Testcase".
func (NewTestcase) Kind() string { return "Testcase" }

// Kind returns "Client Heartbeat".
func (Heartbeat) Kind() string { return "Client Heartbeat" }

// Kind returns "UserStats".
func (UserStats) Kind() string { return "UserStats" }

// Kind returns "UserStatsMap".
func (UserStatsMap) Kind() string { return "UserStatsMap" }

// Kind returns "Objective".
func (Objective) Kind() string { return "Objective" }

// Kind returns "Log".
func (Log) Kind() string { return "Log" }

// Kind returns "Stop".
func (Stop) Kind() string { return "Stop" }

// Severity grades a Log (LibAFL: LogSeverity).
type Severity uint32

// Severities.
const (
	Debug Severity = iota
	Info
	Warn
	Error
	severities
)

// String returns "debug", "info", "warn" or "error".
func (s Severity) String() string {
	return nameOf([]string{"debug", "info", "warn", "error"}, uint32(s))
}

// nameOf names a value of an enum, even one that does not exist.
func nameOf(names []string, v uint32) string {
	if v < uint32(len(names)) {
		return names[v]
	}
	return "invalid"
}

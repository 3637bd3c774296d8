package event

import "llmp/internal/postcard"

// ExitKind is how an execution ended (LibAFL: ExitKind, DiffExitKind).
type ExitKind uint32

// Exit kinds.
const (
	ExitOK ExitKind = iota
	ExitCrash
	ExitOOM
	ExitTimeout
	// ExitDiff: two executors that should agree did not.
	ExitDiff
	exitKinds
)

// String returns "ok", "crash", "oom", "timeout" or "diff".
func (k ExitKind) String() string {
	return nameOf([]string{"ok", "crash", "oom", "timeout", "diff"}, uint32(k))
}

// Exit is an ExitKind; with ExitDiff, Primary and Secondary are how the two
// executions ended. Otherwise they are not sent.
type Exit struct {
	Kind, Primary, Secondary ExitKind
}

func (e Exit) append(dst []byte) ([]byte, error) {
	if e.Kind >= exitKinds {
		return nil, invalid("exit kind %d, there are 0 to %d", e.Kind, exitKinds-1)
	}
	dst = postcard.AppendU32(dst, uint32(e.Kind))
	if e.Kind != ExitDiff {
		return dst, nil
	}
	if e.Primary >= exitKinds || e.Secondary >= exitKinds {
		return nil, invalid("exit kinds %d and %d of a diff, there are 0 to %d", e.Primary, e.Secondary, exitKinds-1)
	}
	return postcard.AppendU32(postcard.AppendU32(dst, uint32(e.Primary)), uint32(e.Secondary)), nil
}

func readExit(r *postcard.Reader) Exit {
	kind := func() ExitKind { return ExitKind(r.Variant(uint32(exitKinds))) }
	e := Exit{Kind: kind()}
	if e.Kind == ExitDiff {
		e.Primary, e.Secondary = kind(), kind()
	}
	return e
}

// ConfigKind tells the variants of Config apart.
type ConfigKind uint32

// Kinds of Config.
const (
	// ConfigAlwaysUnique: no other fuzzer is set up the same way, not even
	// another AlwaysUnique one. Observers are of use to nobody.
	ConfigAlwaysUnique ConfigKind = iota
	// ConfigFromName: the same as all with this NameHash.
	ConfigFromName
	// ConfigBuildID: the same as all with this BuildID.
	ConfigBuildID
	configKinds
)

// String returns "always unique", "from name" or "build id".
func (k ConfigKind) String() string {
	return nameOf([]string{"always unique", "from name", "build id"}, uint32(k))
}

// Config is how a fuzzer is set up (LibAFL: EventConfig). The zero value,
// always unique, is the right one for testcases from outside.
type Config struct {
	Kind ConfigKind
	// NameHash is LibAFL's ahash of the name, which differs between
	// processors with and without AES instructions. Copy it from a peer.
	NameHash uint64
	// BuildID is a UUID.
	BuildID [16]byte
}

func (c Config) append(dst []byte) ([]byte, error) {
	switch c.Kind {
	case ConfigAlwaysUnique:
		return append(dst, byte(c.Kind)), nil
	case ConfigFromName:
		return postcard.AppendU64(append(dst, byte(c.Kind)), c.NameHash), nil
	case ConfigBuildID:
		// The crate uuid writes a byte slice, hence with its length.
		return postcard.AppendBytes(append(dst, byte(c.Kind)), c.BuildID[:]), nil
	}
	return nil, invalid("config kind %d, there are 0 to %d", c.Kind, configKinds-1)
}

func readConfig(r *postcard.Reader) (c Config) {
	c.Kind = ConfigKind(r.Variant(uint32(configKinds)))
	switch c.Kind {
	case ConfigFromName:
		c.NameHash = r.U64()
	case ConfigBuildID:
		if b := r.Bytes(); len(b) == len(c.BuildID) {
			copy(c.BuildID[:], b)
		} else {
			r.Refuse(errUUID)
		}
	}
	return c
}

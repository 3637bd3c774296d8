package shmem

import (
	"runtime"

	"llmp/internal/format"
)

// Names of the providers, for ByName.
const (
	SysV  = "sysv"  // shmget and friends; LibAFL's default on Linux
	Posix = "posix" // shm_open; LibAFL's MmapShMemProvider
	Heap  = "heap"  // memory of this process alone, for tests
)

// Names lists what ByName knows and processes can share.
func Names() []string { return []string{SysV, Posix} }

// Default is the provider that LibAFL uses on this platform as well: SysV on
// Linux. Elsewhere it is one whose Create and Attach return ErrUnsupported.
func Default() Provider { return sysv{} }

// ByName finds a provider. ErrUnknownProvider names the ones there are,
// ErrUnsupported says that this platform lacks it.
func ByName(name string) (Provider, error) {
	var p Provider
	switch name {
	case SysV:
		p = sysv{}
	case Posix:
		p = posix{}
	case Heap:
		return heap{}, nil
	default:
		return nil, format.Errorf("%w: %q, want one of %s", ErrUnknownProvider, name, SysV+", "+Posix)
	}
	if !supported {
		return nil, unsupported(name)
	}
	return p, nil
}

func unsupported(what string) error {
	return format.Errorf("%w: %q on %s", ErrUnsupported, what, runtime.GOOS)
}

package shmem

import "llmp/internal/format"

// An Orphan is shared memory of this user that a dead process left behind.
type Orphan struct {
	Provider string // see Names
	ID       ID
	Size     uint64 // bytes
	PID      int    // the process that created it, dead
}

// Orphans lists what can be removed: private SysV segments (also those of
// other programs; they are the same to the system) that nobody is attached to,
// and this package's shm_open maps, whose creator is dead. What cannot be told
// for certain is left out. Processes still attached to a map found by name keep
// their memory when it is removed, but nobody else can attach any more.
//
// Linux only, ErrUnsupported elsewhere.
func Orphans() ([]Orphan, error) { return orphans() }

// Remove frees an orphan. It checks again and returns ErrNotExist when it is
// gone or in use by now.
func (o Orphan) Remove() error { return removeOrphan(o) }

func (o Orphan) String() string {
	return format.Sprintf("%s %s (%d bytes, created by process %d)", o.Provider, o.ID, o.Size, o.PID)
}

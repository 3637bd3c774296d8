//go:build !linux

package shmem

const supported = false

type (
	sysv  struct{}
	posix struct{}
)

func (sysv) Name() string                  { return SysV }
func (sysv) StableIDs() bool               { return true }
func (sysv) Create(int, int) (Map, error)  { return nil, unsupported(SysV) }
func (sysv) Attach(ID, int) (Map, error)   { return nil, unsupported(SysV) }
func (posix) Name() string                 { return Posix }
func (posix) StableIDs() bool              { return false }
func (posix) Create(int, int) (Map, error) { return nil, unsupported(Posix) }
func (posix) Attach(ID, int) (Map, error)  { return nil, unsupported(Posix) }

func orphans() ([]Orphan, error)  { return nil, unsupported("orphans") }
func removeOrphan(o Orphan) error { return unsupported(o.Provider) }

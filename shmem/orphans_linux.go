package shmem

import (
	"errors"
	"strconv"

	"golang.org/x/sys/unix"

	"llmp/internal/format"
	"llmp/internal/sys"
	"llmp/internal/sysvipc"
)

const supported = true

func orphans() ([]Orphan, error) {
	fromSysv, errSysv := sysvOrphans()
	fromPosix, errPosix := posixOrphans()
	return append(fromSysv, fromPosix...), errors.Join(errSysv, errPosix)
}

func removeOrphan(o Orphan) error {
	switch o.Provider {
	case SysV:
		return removeSysv(o)
	case Posix:
		return removePosix(o)
	}
	return format.Errorf("%w: %q", ErrUnknownProvider, o.Provider)
}

// dead is true only for a process that is certainly gone; a number that was
// given out again counts as alive.
func dead(pid int) bool { return pid > 0 && unix.Kill(pid, 0) == unix.ESRCH }

func notOrphaned(o Orphan) error {
	return format.Errorf("%w: %s %s is gone or in use again", ErrNotExist, o.Provider, o.ID)
}

func sysvOrphans() ([]Orphan, error) {
	segments, err := sysvipc.List()
	if err != nil {
		return nil, format.Errorf("list SysV segments: %w", err)
	}
	var found []Orphan
	for _, s := range segments {
		// A segment with a key was made to be found again.
		if s.Key != unix.IPC_PRIVATE || s.Attached != 0 || s.UID != unix.Geteuid() || !dead(s.Creator) {
			continue
		}
		id, err := ParseID(strconv.Itoa(s.ID))
		if err != nil {
			return found, err
		}
		found = append(found, Orphan{Provider: SysV, ID: id, Size: s.Size, PID: s.Creator})
	}
	return found, nil
}

func removeSysv(o Orphan) error {
	shmid, err := parseShmid(o.ID)
	if err != nil {
		return err
	}
	var stat unix.SysvShmDesc
	if _, err := unix.SysvShmCtl(shmid, unix.IPC_STAT, &stat); err != nil {
		return sysError("shmctl(IPC_STAT) of "+o.ID.String(), err, ErrNotExist)
	}
	if stat.Nattch != 0 || int(stat.Cpid) != o.PID || !dead(o.PID) {
		return notOrphaned(o)
	}
	if _, err := unix.SysvShmCtl(shmid, unix.IPC_RMID, nil); err != nil {
		return sysError("shmctl(IPC_RMID) of "+o.ID.String(), err, ErrNotExist)
	}
	return nil
}

func posixOrphans() ([]Orphan, error) {
	names, err := sys.Names(shmDir)
	if err != nil && !errors.Is(err, unix.ENOENT) {
		return nil, format.Errorf("list %s: %w", shmDir, err)
	}
	var found []Orphan
	for _, name := range names {
		id, err := ParseID("/" + name)
		if err != nil {
			continue // longer than our names
		}
		if o, ok := posixOrphan(id); ok {
			found = append(found, o)
		}
	}
	return found, nil
}

func posixOrphan(id ID) (Orphan, bool) {
	pid, ok := namePID(id.String())
	if !ok || !dead(pid) {
		return Orphan{}, false
	}
	var stat unix.Stat_t
	if unix.Lstat(shmPath(id), &stat) != nil || int(stat.Uid) != unix.Geteuid() || stat.Mode&unix.S_IFMT != unix.S_IFREG {
		return Orphan{}, false
	}
	return Orphan{Provider: Posix, ID: id, Size: uint64(stat.Size), PID: pid}, true
}

func removePosix(o Orphan) error {
	if err := checkShmName(o.ID.String()); err != nil {
		return err
	}
	if now, ok := posixOrphan(o.ID); !ok || now.PID != o.PID {
		return notOrphaned(o)
	}
	if err := unix.Unlink(shmPath(o.ID)); err != nil {
		return sysError("unlink of "+shmPath(o.ID), err, ErrNotExist)
	}
	return nil
}

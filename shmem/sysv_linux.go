package shmem

import (
	"strconv"

	"golang.org/x/sys/unix"

	"llmp/internal/format"
)

// sysv makes segments that are marked for removal as soon as their creator is
// attached. Linux still lets others attach by id, and frees the memory with the
// last attachment, however the processes end.
type sysv struct{}

func (sysv) Name() string    { return SysV }
func (sysv) StableIDs() bool { return true }

func (sysv) Create(size, annex int) (Map, error) {
	if err := checkSize(size, annex); err != nil {
		return nil, err
	}
	shmid, err := unix.SysvShmGet(unix.IPC_PRIVATE, size+annex, unix.IPC_CREAT|unix.IPC_EXCL|0o600)
	if err != nil {
		return nil, sysError(format.Sprintf("shmget of %d bytes", size+annex), err, ErrInvalidSize)
	}
	mem, err := unix.SysvShmAttach(shmid, 0, 0)
	if err != nil {
		err = sysError("shmat", err, ErrNotExist)
	}
	if _, rmErr := unix.SysvShmCtl(shmid, unix.IPC_RMID, nil); rmErr != nil && err == nil {
		_ = unix.SysvShmDetach(mem)
		err = sysError("shmctl(IPC_RMID)", rmErr, ErrNotExist)
	}
	if err != nil {
		return nil, err
	}
	return newSysvMap(shmid, mem, size), nil
}

func (sysv) Attach(id ID, size int) (Map, error) {
	if err := checkSize(size, 0); err != nil {
		return nil, err
	}
	shmid, err := parseShmid(id)
	if err != nil {
		return nil, err
	}
	mem, err := unix.SysvShmAttach(shmid, 0, 0)
	if err != nil {
		return nil, sysError("shmat of "+id.String(), err, ErrNotExist)
	}
	if len(mem) < size {
		_ = unix.SysvShmDetach(mem)
		return nil, tooSmall(id, len(mem), size)
	}
	return newSysvMap(shmid, mem, size), nil
}

// parseShmid accepts the one spelling that the kernel's number has, so that two
// different ids never name the same segment.
func parseShmid(id ID) (int, error) {
	text := id.String()
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != text {
		return 0, format.Errorf("%w: %q is no SysV segment number", ErrInvalidID, text)
	}
	return int(n), nil
}

type sysvMap struct {
	view
	shmid int
}

func newSysvMap(shmid int, mem []byte, size int) *sysvMap {
	m := &sysvMap{view: view{size: size, mem: mem}, shmid: shmid}
	copy(m.id[:], strconv.Itoa(shmid))
	return m
}

func (m *sysvMap) Attached() (int, bool) {
	stat, ok := m.stat()
	return int(stat.Nattch), ok
}

// AllStay goes by the time of the last detachment, which the kernel sets when
// a process ends or executes another program, too, and which is 0 before.
func (m *sysvMap) AllStay() (int, bool) {
	stat, ok := m.stat()
	return int(stat.Nattch), ok && stat.Dtime == 0
}

func (m *sysvMap) stat() (stat unix.SysvShmDesc, ok bool) {
	if m.mem == nil {
		return stat, false
	}
	_, err := unix.SysvShmCtl(m.shmid, unix.IPC_STAT, &stat)
	return stat, err == nil
}

func (m *sysvMap) Prefault() { prefault(m.mem) }

func (m *sysvMap) Close() error {
	mem := m.take()
	if mem == nil {
		return nil
	}
	if err := unix.SysvShmDetach(mem); err != nil {
		return sysError("shmdt of "+m.id.String(), err, ErrNotExist)
	}
	return nil
}

package shmem

import (
	"errors"
	"strings"

	"golang.org/x/sys/unix"

	"llmp/internal/format"
)

// posix makes maps as shm_open does: files in /dev/shm, mode 0600, named by
// their creator, who removes the name when it closes the map. The system
// removes nothing when the creator is killed; Orphans finds what is left.
type posix struct{}

const (
	shmDir    = "/dev/shm"
	nameTries = 1000 // names that leftovers may occupy before Create gives up
)

func (posix) Name() string    { return Posix }
func (posix) StableIDs() bool { return false }

func (posix) Create(size, annex int) (Map, error) {
	if err := checkSize(size, annex); err != nil {
		return nil, err
	}
	id, fd, err := createNamed()
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	mem, err := sizeAndMap(fd, size+annex)
	if err != nil {
		_ = unix.Unlink(shmPath(id))
		return nil, err
	}
	return &posixMap{view: view{id: id, size: size, mem: mem}, owner: unix.Getpid()}, nil
}

func createNamed() (ID, int, error) {
	for range nameTries {
		id, err := ParseID(nextName())
		if err != nil {
			return id, -1, err
		}
		fd, err := openShm(id, unix.O_CREAT|unix.O_EXCL)
		switch {
		case errors.Is(err, unix.EEXIST): // left by an earlier process of this pid
		case errors.Is(err, unix.ENOENT):
			return id, -1, format.Errorf("%w: no %s, mount a tmpfs there", ErrUnsupported, shmDir)
		case err != nil:
			return id, -1, sysError("shm_open of a new map", err, ErrInvalidID)
		default:
			return id, fd, nil
		}
	}
	return ID{}, -1, format.Errorf("%w: %d names in %s are taken, remove what dead processes left there", ErrNoMemory, nameTries, shmDir)
}

// sizeAndMap allocates the memory now rather than at the first touch: when
// /dev/shm is full (64 MiB in many containers), that is an error here but would
// be a SIGBUS there.
func sizeAndMap(fd, size int) ([]byte, error) {
	op := format.Sprintf("shared memory of %d bytes", size)
	if err := retry(func() error { return unix.Ftruncate(fd, int64(size)) }); err != nil {
		return nil, sysError(op, err, ErrInvalidSize)
	}
	err := retry(func() error { return unix.Fallocate(fd, 0, 0, int64(size)) })
	if err != nil && !errors.Is(err, unix.EOPNOTSUPP) {
		return nil, sysError(op, err, ErrInvalidSize)
	}
	return mapFile(fd, size)
}

func (posix) Attach(id ID, size int) (Map, error) {
	if err := checkSize(size, 0); err != nil {
		return nil, err
	}
	id, err := ParseID(id.String()) // without what lies behind the NUL
	if err != nil {
		return nil, err
	}
	if err := checkShmName(id.String()); err != nil {
		return nil, err
	}
	op := "shm_open of " + id.String()
	fd, err := openShm(id, 0)
	if err != nil {
		return nil, sysError(op, err, ErrInvalidID)
	}
	defer unix.Close(fd)
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return nil, sysError(op, err, ErrInvalidID)
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, format.Errorf("%w: %s is no regular file", ErrInvalidID, id)
	}
	real := int(stat.Size)
	if real < size || int64(real) != stat.Size {
		return nil, tooSmall(id, real, size)
	}
	mem, err := mapFile(fd, real)
	if err != nil {
		return nil, err
	}
	return &posixMap{view: view{id: id, size: size, mem: mem}}, nil
}

func mapFile(fd, size int) ([]byte, error) {
	mem, err := unix.Mmap(fd, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, sysError(format.Sprintf("mmap of %d bytes", size), err, ErrInvalidSize)
	}
	return mem, nil
}

// openShm opens the file of a map whose name was checked. O_NONBLOCK is for
// whatever else may lie there under that name.
func openShm(id ID, flags int) (fd int, err error) {
	flags |= unix.O_RDWR | unix.O_NOFOLLOW | unix.O_CLOEXEC | unix.O_NONBLOCK
	err = retry(func() error {
		fd, err = unix.Open(shmPath(id), flags, 0o600)
		return err
	})
	return fd, err
}

func shmPath(id ID) string { return shmDir + id.String() }

func checkShmName(name string) error {
	base, slash := strings.CutPrefix(name, "/")
	if !slash || base == "" || base == "." || base == ".." || strings.Contains(base, "/") {
		return format.Errorf("%w: %q, want / and a name without further slashes", ErrInvalidID, name)
	}
	return nil
}

func retry(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}

type posixMap struct {
	view
	owner int // pid of the creator; 0: attached. A forked child is not the creator.
}

func (m *posixMap) Attached() (int, bool) { return 0, false }
func (m *posixMap) AllStay() (int, bool)  { return 0, false }

func (m *posixMap) Prefault() { prefault(m.mem) }

func (m *posixMap) Close() error {
	mem := m.take()
	if mem == nil {
		return nil
	}
	if m.owner == unix.Getpid() {
		_ = unix.Unlink(shmPath(m.id)) // gone already: somebody cleaned up
	}
	if err := unix.Munmap(mem); err != nil {
		return sysError("munmap of "+m.id.String(), err, ErrNotExist)
	}
	return nil
}

package sys

import (
	"errors"
	"io"
	"math/rand/v2"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// ReadFile reads a whole file, such as one of /proc.
func ReadFile(path string) ([]byte, error) {
	fd, err := open(path, unix.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	text := make([]byte, 0, 1024) // more than a line of /proc
	for {
		n, err := ignoringEINTR(func() (int, error) { return unix.Read(fd, text[len(text):cap(text)]) })
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return text, nil
		}
		text = text[:len(text)+n]
		if len(text) == cap(text) {
			text = append(text, 0)[:len(text)]
		}
	}
}

// Readlink is where a symbolic link leads, in 255 bytes at most.
func Readlink(path string) (string, error) {
	var to [256]byte
	n, err := ignoringEINTR(func() (int, error) { return unix.Readlink(path, to[:]) })
	if err != nil {
		return "", err
	}
	if n == len(to) {
		return "", unix.ENAMETOOLONG
	}
	return string(to[:n]), nil
}

// Names lists a directory.
func Names(dir string) ([]string, error) {
	fd, err := open(dir, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var names []string
	entries := make([]byte, 8192)
	for {
		n, err := ignoringEINTR(func() (int, error) { return unix.ReadDirent(fd, entries) })
		if err != nil || n == 0 {
			return names, err
		}
		_, _, names = unix.ParseDirent(entries[:n], -1, names)
	}
}

// IsDir says whether a directory is there.
func IsDir(path string) bool {
	var stat unix.Stat_t
	_, err := ignoringEINTR(func() (int, error) { return 0, unix.Stat(path, &stat) })
	return err == nil && stat.Mode&unix.S_IFMT == unix.S_IFDIR
}

// Hostname is this machine's name.
func Hostname() (string, error) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "", err
	}
	return unix.ByteSliceToString(u.Nodename[:]), nil
}

// A File is an open file.
type File struct{ fd int }

// MakeTemp makes a file that has no name, so that it goes with this process. It
// lies in dir, or where the system has temporary files if that is "".
func MakeTemp(dir string) (*File, error) {
	if dir == "" {
		if dir, _ = syscall.Getenv("TMPDIR"); dir == "" {
			dir = "/tmp"
		}
	}
	for {
		// Not O_TMPFILE: not every file system has that.
		path := dir + "/llmp-history-" + strconv.FormatUint(rand.Uint64(), 36)
		fd, err := open(path, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL)
		if errors.Is(err, unix.EEXIST) {
			continue
		}
		if err != nil {
			return nil, err
		}
		_ = unix.Unlink(path)
		return &File{fd}, nil
	}
}

// ReadAt is that of io.ReaderAt.
func (f *File) ReadAt(b []byte, off int64) (int, error) {
	done := 0
	for done < len(b) {
		n, err := ignoringEINTR(func() (int, error) { return unix.Pread(f.fd, b[done:], off+int64(done)) })
		if err != nil {
			return done, err
		}
		if n == 0 {
			return done, io.EOF
		}
		done += n
	}
	return done, nil
}

// WriteAt is that of io.WriterAt.
func (f *File) WriteAt(b []byte, off int64) (int, error) {
	done := 0
	for done < len(b) {
		n, err := ignoringEINTR(func() (int, error) { return unix.Pwrite(f.fd, b[done:], off+int64(done)) })
		if err != nil {
			return done, err
		}
		done += n
	}
	return done, nil
}

// Punch gives n bytes back to the disk, where the file system can.
func (f *File) Punch(off, n int64) {
	_ = unix.Fallocate(f.fd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, n)
}

// Close closes the file. No call may be under way.
func (f *File) Close() error { return unix.Close(f.fd) }

func open(path string, flags int) (int, error) {
	return ignoringEINTR(func() (int, error) { return unix.Open(path, flags|unix.O_CLOEXEC|unix.O_LARGEFILE, 0o600) })
}

// ignoringEINTR makes a call again that a signal has interrupted.
func ignoringEINTR(call func() (int, error)) (int, error) {
	for {
		if n, err := call(); err != unix.EINTR {
			return n, err
		}
	}
}

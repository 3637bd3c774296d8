package llmp

import (
	"os"

	"golang.org/x/sys/unix"
)

// punch gives n bytes of a store back to the disk, where the file system can.
func punch(s store, off, n int64) {
	f, ok := s.(*os.File)
	if !ok {
		return
	}
	_ = unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, n)
}

package shmem

import (
	"errors"

	"golang.org/x/sys/unix"

	"llmp/internal/format"
)

// sysError gives a failed system call its kind. What EINVAL means depends on
// the call.
func sysError(op string, err, invalid error) error {
	errno, ok := errors.AsType[unix.Errno](err)
	if !ok {
		return format.Errorf("%s: %w", op, err)
	}
	kind, hint := error(nil), ""
	switch errno {
	case unix.EINVAL:
		kind = invalid
	case unix.ENOENT, unix.EIDRM, unix.ENXIO:
		kind = ErrNotExist
	case unix.EACCES, unix.EPERM, unix.ELOOP, unix.EISDIR:
		kind = ErrPermission
	case unix.EFBIG:
		kind = ErrInvalidSize
	case unix.ENOSYS:
		kind = ErrUnsupported
	case unix.ENOSPC, unix.ENOMEM, unix.EMFILE, unix.ENFILE, unix.EDQUOT:
		kind = ErrNoMemory
		hint = " (limits: kernel.shmall, kernel.shmmni, vm.max_map_count, the size of /dev/shm, RLIMIT_AS, RLIMIT_NOFILE)"
	default:
		return format.Errorf("%s: %w", op, err)
	}
	return format.Errorf("%w: %s: %w%s", kind, op, err, hint)
}

package llmp

import (
	"errors"

	"llmp/internal/format"
	"llmp/shmem"
)

// The errors of this package, for errors.Is. What is returned wraps one of
// them in a sentence that says what happened and what to do. Each stands for
// one code of llmp.h.
var (
	// ErrInvalid: an argument or the state of the handle does not allow the call.
	ErrInvalid = errors.New("invalid argument or state")
	// ErrNoMemory: the system has no more (shared) memory to give.
	ErrNoMemory = errors.New("out of memory or shared memory")
	// ErrIO: a system call failed.
	ErrIO = errors.New("input/output error")
	// ErrTimeout: the time is over.
	ErrTimeout = errors.New("timed out")
	// ErrFull: the receiver is far behind and Options.SendTimeout is over.
	// Nothing was sent and nothing is lost: send again later.
	ErrFull = errors.New("the bus is full")
	// ErrClosed: the handle was closed, or the other side said EXITING or died.
	ErrClosed = errors.New("closed")
	// ErrCorrupt: a page, frame, description or variable makes no sense.
	ErrCorrupt = errors.New("corrupt data")
	// ErrForked: the handle belongs to the parent process.
	ErrForked = errors.New("handle of the parent process")
	// ErrPermission: the map or port belongs to somebody else.
	ErrPermission = errors.New("permission denied")
	// ErrUnsupported: this platform or build cannot do it.
	ErrUnsupported = errors.New("not supported here")
	// ErrBusy: the port is taken, or an allocation is open.
	ErrBusy = errors.New("busy")
	// ErrNotFound: no such map or variable.
	ErrNotFound = errors.New("not found")
	// ErrTooBig: the message is larger than a page or a frame can carry.
	ErrTooBig = errors.New("message too large")
	// ErrRefused: nobody listens on that port.
	ErrRefused = errors.New("no broker listens there")
	// ErrProtocol: who listens there does not speak this protocol.
	ErrProtocol = errors.New("protocol error")
	// ErrInternal: a bug in this package.
	ErrInternal = errors.New("internal error")
)

// fail wraps a sentinel in a sentence.
func fail(kind error, text string, operands ...any) error {
	return format.Errorf("%w: %s", kind, format.Sprintf(text, operands...))
}

// mapError turns an error of a shared memory provider into one of ours and
// says what was being done.
func mapError(err error, doing string) error {
	kind := ErrIO
	hint := ""
	switch {
	case errors.Is(err, shmem.ErrNotExist):
		kind, hint = ErrNotFound, " (its owner may have closed it or ended; check that both sides use the same provider)"
	case errors.Is(err, shmem.ErrTooSmall):
		kind, hint = ErrCorrupt, " (the size given is wrong, or the id names another map)"
	case errors.Is(err, shmem.ErrInvalidID):
		kind, hint = ErrInvalid, " (check that both sides use the same provider)"
	case errors.Is(err, shmem.ErrInvalidSize):
		kind = ErrInvalid
	case errors.Is(err, shmem.ErrPermission):
		kind, hint = ErrPermission, " (all members of a bus must run as the same user)"
	case errors.Is(err, shmem.ErrNoMemory):
		kind, hint = ErrNoMemory, " (see `llmp doctor` for the system's limits, `llmp clean` for left-overs)"
	case errors.Is(err, shmem.ErrUnsupported):
		kind = ErrUnsupported
	}
	return format.Errorf("%w: %s: %w%s", kind, doing, err, hint)
}

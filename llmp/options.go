package llmp

import (
	"math/bits"
	"time"

	"llmp/internal/wire"
	"llmp/shmem"
)

// DefaultPort is where brokers listen unless told otherwise, as in LibAFL's examples.
const DefaultPort = 1337

// Time-outs with a meaning of their own. A time-out of 0 means its default.
const (
	WaitForever time.Duration = -1
	NoWait      time.Duration = -2
)

// Options of a client, sender or receiver. The zero value means all defaults.
type Options struct {
	// Port of the broker, for Connect. Default 1337.
	Port uint16
	// Provider of shared memory; it must be the broker's. Default shmem.Default().
	Provider shmem.Provider
	// PageSize is the size of the first map in bytes: a power of two from
	// 4 KiB to 1 GiB. Default 1 MiB, as LibAFL.
	PageSize int
	// SendTimeout is how long a send waits on a full bus before ErrFull.
	// Default: as long as the receiver lives. NoWait: not at all.
	SendTimeout time.Duration
	// ConnectTimeout is how long Connect waits for a broker. Default 10 s.
	// WaitForever: until the context ends. NoWait: one try.
	ConnectTimeout time.Duration
	// MaxPendingPages is how many pages may wait unread before the bus
	// counts as full, 2 to 1024. Default 4.
	MaxPendingPages int
	// SkipOwn makes receive pass over this client's own messages.
	SkipOwn bool
	// Spin is how long a blocking receive looks before it sleeps. Default 0.
	Spin time.Duration

	// For tests: pages without an annex, exactly as LibAFL's, and receivers
	// that are counted as LibAFL's are.
	plainPages, counted bool
}

const (
	defaultConnectTimeout  = 10 * time.Second
	defaultMaxPendingPages = 4
	smallestPageSize       = 4096
	largestPageSize        = 1 << 30
)

// withDefaults checks o and fills in what is left out.
func (o Options) withDefaults() (Options, error) {
	if o.Port == 0 {
		o.Port = DefaultPort
	}
	if o.Provider == nil {
		o.Provider = shmem.Default()
	}
	var err error
	if o.PageSize, err = checkPageSize(o.PageSize); err != nil {
		return o, err
	}
	if o.ConnectTimeout == 0 {
		o.ConnectTimeout = defaultConnectTimeout
	}
	if o.SendTimeout == 0 {
		o.SendTimeout = WaitForever
	}
	switch {
	case o.MaxPendingPages == 0:
		o.MaxPendingPages = defaultMaxPendingPages
	case o.MaxPendingPages < 2 || o.MaxPendingPages > 1024:
		return o, fail(ErrInvalid, "MaxPendingPages is %d, want 2 to 1024", o.MaxPendingPages)
	}
	if o.Spin < 0 {
		return o, fail(ErrInvalid, "Spin is %v, want 0 or more", o.Spin)
	}
	return o, nil
}

func checkPageSize(n int) (int, error) {
	if n == 0 {
		return wire.InitialMap, nil
	}
	if n < smallestPageSize || n > largestPageSize || bits.OnesCount64(uint64(n)) != 1 {
		return 0, fail(ErrInvalid, "page size is %d bytes, want a power of two from %d to %d",
			n, smallestPageSize, largestPageSize)
	}
	return n, nil
}

// annexSize is how much memory beyond the declared size a new page gets.
func (o Options) annexSize() int {
	if o.plainPages {
		return 0
	}
	return wire.AnnexSize
}

package main

// #include <stdlib.h>
// #include "llmp.h"
import "C"

import (
	"math"
	"time"
	"unsafe"

	"llmp/internal/format"
	"llmp/llmp"
	"llmp/shmem"
)

func invalid(text string, operands ...any) error {
	return format.Errorf("%w: %s", llmp.ErrInvalid, format.Sprintf(text, operands...))
}

// clientOptions converts what options.c has checked. Waiting on a full bus is
// done in C (send.c), so the core is told not to.
func clientOptions(o *C.llmp_client_options) (llmp.Options, error) {
	p, err := provider(o.provider)
	return llmp.Options{
		Provider:        p,
		PageSize:        bounded(uint64(o.page_size)),
		SendTimeout:     llmp.NoWait,
		ConnectTimeout:  timeout(o.connect_timeout_ms),
		MaxPendingPages: int(o.max_pending_pages),
		SkipOwn:         o.skip_own != 0,
	}, err
}

func brokerOptions(o *C.llmp_broker_options) (llmp.BrokerOptions, error) {
	p, err := provider(o.provider)
	if err != nil {
		return llmp.BrokerOptions{}, err
	}
	history, err := llmp.ParseHistory(C.GoString(o.history))
	return llmp.BrokerOptions{
		Provider:    p,
		PageSize:    bounded(uint64(o.page_size)),
		Bind:        C.GoString(o.bind),
		ExitAfter:   bounded(uint64(o.exit_after_clients)),
		OnlyEvents:  o.only_events != 0,
		History:     history,
		ArchiveDir:  C.GoString(o.archive_dir),
		Budget:      int64(bounded(uint64(o.budget))),
		SlowTimeout: timeout(o.slow_timeout_ms),
		Spin:        time.Duration(o.spin_us) * time.Microsecond,
	}, err
}

// provider finds shared memory by name; nil, the default, for NULL.
func provider(name *C.char) (shmem.Provider, error) {
	if name == nil {
		return nil, nil
	}
	p, err := shmem.ByName(C.GoString(name))
	if err != nil {
		return nil, invalid("option provider: %v", err)
	}
	return p, nil
}

// timeout converts milliseconds; the constants of llmp.h become those of llmp.
func timeout(ms C.int64_t) time.Duration {
	switch {
	case ms == C.LLMP_WAIT_FOREVER:
		return llmp.WaitForever
	case ms == C.LLMP_DONT_WAIT:
		return llmp.NoWait
	}
	return time.Duration(min(int64(ms), math.MaxInt64/int64(time.Millisecond))) * time.Millisecond
}

// bounded is a number that the core will refuse if it does not fit an int.
func bounded(n uint64) int { return int(min(n, math.MaxInt)) }

// name is the first part of the names of environment variables.
func name(s *C.char) (string, error) {
	if s == nil {
		return "", invalid("name is NULL")
	}
	return C.GoString(s), nil
}

// getenv looks at the environment as it is now. The one that the Go runtime
// knows is from when the library was loaded.
func getenv(key string) (string, bool) {
	k := C.CString(key)
	defer C.free(unsafe.Pointer(k))
	v := C.getenv(k)
	return C.GoString(v), v != nil
}

// setenv sets variables where C finds them too.
func setenv(vars [][2]string, err error) error {
	if err != nil {
		return err
	}
	for _, v := range vars {
		key, value := C.CString(v[0]), C.CString(v[1])
		failed := C.setenv(key, value, 1)
		C.free(unsafe.Pointer(key))
		C.free(unsafe.Pointer(value))
		if failed != 0 {
			return format.Errorf("%w: no room for the environment variable %s", llmp.ErrNoMemory, v[0])
		}
	}
	return nil
}

// mapID converts the id of a map from a string of the caller.
func mapID(s *C.char) (shmem.ID, error) {
	if s == nil {
		return shmem.ID{}, invalid("shm_id is NULL")
	}
	id, err := shmem.ParseID(C.GoString(s))
	if err != nil {
		return id, invalid("shm_id: %v", err)
	}
	return id, nil
}

func mapFromC(m *C.llmp_map, what string) (llmp.MapDescription, error) {
	if m == nil {
		return llmp.MapDescription{}, invalid("the %s map is NULL", what)
	}
	d := llmp.MapDescription{Size: uint64(m.size), Offset: uint64(m.offset)}
	copy(d.ID[:], unsafe.Slice((*byte)(unsafe.Pointer(&m.id)), len(m.id)))
	switch {
	case d.ID[0] == 0 || d.ID[len(d.ID)-1] != 0:
		return d, invalid("the id of the %s map is empty or has no NUL at its end", what)
	case m.reserved != 0:
		return d, invalid("the %s map has %d in its field reserved, want 0", what, uint64(m.reserved))
	}
	return d, nil
}

func mapToC(d llmp.MapDescription) C.llmp_map {
	m := C.llmp_map{size: C.uint64_t(d.Size), offset: C.uint64_t(d.Offset)}
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&m.id)), len(m.id)), d.ID[:])
	return m
}

func descriptionFromC(c *C.llmp_client_description) (d llmp.ClientDescription, err error) {
	if d.Sender, err = mapFromC(&c.sender, "sender's"); err != nil {
		return d, err
	}
	d.Receiver, err = mapFromC(&c.receiver, "receiver's")
	return d, err
}

func descriptionToC(d llmp.ClientDescription) C.llmp_client_description {
	return C.llmp_client_description{sender: mapToC(d.Sender), receiver: mapToC(d.Receiver)}
}

// bytesOf is memory of the caller as a slice.
func bytesOf(p unsafe.Pointer, n C.size_t) []byte { return unsafe.Slice((*byte)(p), int(n)) }

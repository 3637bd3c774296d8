// Package shmem provides named shared memory that several processes map.
//
// It knows maps and ids, nothing of what lies in them. Which provider a bus
// uses is a convention of its members: a map's id means nothing to another
// provider. LibAFL on Linux uses SysV.
package shmem

import "errors"

// Errors, for errors.Is. The errors returned wrap one of these and say more.
var (
	// ErrNotExist: no map has this id (any more).
	ErrNotExist = errors.New("no such shared memory map")
	// ErrTooSmall: the map is smaller than was asked for.
	ErrTooSmall = errors.New("shared memory map is smaller than declared")
	// ErrPermission: the map belongs to somebody else.
	ErrPermission = errors.New("no permission for shared memory map")
	// ErrNoMemory: the system's limit on memory, maps or descriptors is reached.
	ErrNoMemory = errors.New("out of shared memory")
	// ErrInvalidID: the id is not one that this provider gives out.
	ErrInvalidID = errors.New("malformed shared memory id")
	// ErrInvalidSize: the size is 0, negative or beyond what can be mapped.
	ErrInvalidSize = errors.New("invalid shared memory size")
	// ErrUnsupported: this platform has no such provider.
	ErrUnsupported = errors.New("shared memory provider not supported on this platform")
	// ErrUnknownProvider: no provider has this name.
	ErrUnknownProvider = errors.New("unknown shared memory provider")
)

// A Provider creates maps and attaches to those of others. Providers are safe
// for use by several goroutines.
type Provider interface {
	// Name is what ByName finds it under: "sysv", "posix", "heap".
	Name() string
	// Create makes a map of size+annex zeroed bytes, readable and writable
	// by this user only. The annex is memory beyond the size that is
	// declared to others; whoever attaches with the same provider sees it,
	// a LibAFL peer does not. The map vanishes with its last attachment
	// where the system can do that (SysV on Linux), else when its creator
	// closes it.
	Create(size, annex int) (Map, error)
	// Attach maps an existing map of which size bytes are declared.
	// ErrNotExist, ErrTooSmall, ErrPermission, ErrInvalidID, ErrInvalidSize.
	Attach(id ID, size int) (Map, error)
	// StableIDs says whether an id names the same memory as long as anyone
	// is attached to it, so that an attached map may be found again by id.
	StableIDs() bool
}

// A Map is a piece of shared memory. Its bytes can change at any time under
// the hands of another process. A Map is not safe for concurrent Close.
type Map interface {
	// ID is what others attach by.
	ID() ID
	// Bytes is the declared part of the memory. It is invalid after Close;
	// touching it then crashes the program.
	Bytes() []byte
	// Annex is the memory beyond; empty when the creator made none.
	Annex() []byte
	// Attached counts the attachments of all processes (SysV: shm_nattch).
	// ok is false where the system keeps no such count.
	Attached() (n int, ok bool)
	// AllStay is Attached where nobody who ever attached has detached since,
	// or ended: then n are all who ever came, and whoever is known to have
	// attached is one of them. ok is false where that is not so, or not known.
	AllStay() (n int, ok bool)
	// Prefault backs all bytes with memory now, so that first touches cost
	// nothing later. Contents do not change.
	Prefault()
	// Close detaches. Closing twice does nothing.
	Close() error
}

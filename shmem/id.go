package shmem

import (
	"bytes"

	"llmp/internal/format"
)

// IDLen is the size of an ID in bytes.
const IDLen = 20

// ID names a map: at most 19 characters, padded with NUL bytes. With SysV
// shared memory it is shmget's number in decimal, with shm_open the name.
type ID [IDLen]byte

// ParseID makes an ID from its text.
func ParseID(s string) (ID, error) {
	var id ID
	if s == "" || len(s) >= IDLen {
		return id, format.Errorf("%w: map id %q has %d characters, want 1 to %d", ErrInvalidID, s, len(s), IDLen-1)
	}
	if bytes.IndexByte([]byte(s), 0) >= 0 {
		return id, format.Errorf("%w: map id %q holds a NUL byte", ErrInvalidID, s)
	}
	copy(id[:], s)
	return id, nil
}

// String returns the text before the first NUL byte.
func (id ID) String() string {
	if i := bytes.IndexByte(id[:], 0); i >= 0 {
		return string(id[:i])
	}
	return string(id[:])
}

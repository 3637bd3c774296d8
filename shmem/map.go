package shmem

import (
	"math"

	"llmp/internal/format"
)

// MaxSize is the largest size of a map, annex not counted, in bytes (4 GiB).
const MaxSize int64 = 1 << 32

// view is what the maps of all providers have in common.
type view struct {
	id   ID
	size int
	mem  []byte // declared bytes, then the annex; nil once closed
}

func (v *view) ID() ID { return v.id }

func (v *view) Bytes() []byte {
	if v.mem == nil {
		return nil
	}
	return v.mem[:v.size:v.size]
}

func (v *view) Annex() []byte {
	if v.mem == nil {
		return nil
	}
	return v.mem[v.size:]
}

// take empties the view for Close; nil says that it was closed before.
func (v *view) take() []byte {
	mem := v.mem
	v.mem = nil
	return mem
}

func checkSize(size, annex int) error {
	if size <= 0 || int64(size) > MaxSize {
		return format.Errorf("%w: %d bytes, want 1 to %d", ErrInvalidSize, size, MaxSize)
	}
	if annex < 0 || int64(annex) > MaxSize || annex > math.MaxInt-size {
		return format.Errorf("%w: annex of %d bytes beyond a map of %d", ErrInvalidSize, annex, size)
	}
	return nil
}

func tooSmall(id ID, real, declared int) error {
	return format.Errorf("%w: %s has %d bytes, declared were %d", ErrTooSmall, id, real, declared)
}

package frame

import (
	"llmp/internal/postcard"
	"llmp/internal/wire"
)

// MapInfo names a shared memory map (ShMemDescription): its declared size in
// bytes and its id, NUL-padded. Neither is checked here.
type MapInfo struct {
	Size uint64
	ID   [wire.MapIDLen]byte
}

func appendMapInfo(dst []byte, m MapInfo) []byte {
	return append(postcard.AppendU64(dst, m.Size), m.ID[:]...)
}

func readMapInfo(r *postcard.Reader) (m MapInfo) {
	m.Size = r.Usize()
	copy(m.ID[:], r.Fixed(wire.MapIDLen))
	return m
}

package frame

import (
	"llmp/internal/postcard"
	"llmp/internal/wire"
)

// A MapPlace is a map and a place on it (LlmpDescription). Offset counts bytes
// from the end of the page header to the message that was sent or received
// last, and means something only with HasOffset; without, there was none.
type MapPlace struct {
	Size      uint64
	ID        [wire.MapIDLen]byte
	Offset    uint64
	HasOffset bool
}

// EncodeDescription returns the postcard bytes of a client's description
// (LlmpClientDescription).
func EncodeDescription(sender, receiver MapPlace) []byte {
	return appendMapPlace(appendMapPlace(nil, sender), receiver)
}

// DecodeDescription reads what EncodeDescription or LibAFL wrote.
// ErrMalformed: it is no description, or more bytes follow it.
func DecodeDescription(b []byte) (sender, receiver MapPlace, err error) {
	r := postcard.NewReader(b)
	sender, receiver = readMapPlace(r), readMapPlace(r)
	if err := r.Finish(); err != nil {
		return MapPlace{}, MapPlace{}, malformed("client description", err)
	}
	return sender, receiver, nil
}

func appendMapPlace(dst []byte, m MapPlace) []byte {
	dst = appendMapInfo(dst, MapInfo{Size: m.Size, ID: m.ID})
	dst = postcard.AppendBool(dst, m.HasOffset)
	if m.HasOffset {
		dst = postcard.AppendU64(dst, m.Offset)
	}
	return dst
}

func readMapPlace(r *postcard.Reader) MapPlace {
	info := readMapInfo(r)
	m := MapPlace{Size: info.Size, ID: info.ID, HasOffset: r.Option()}
	if m.HasOffset {
		m.Offset = r.U64()
	}
	return m
}

//go:build race

package llmp

import (
	"llmp/internal/cursor"
	"llmp/internal/wire"
)

// written is how many bytes of committed messages lie behind in, up to a stretch
// or a little more. What is not committed is no matter to copyStretch, which
// checks what it has copied, but to the race detector it is.
func written(in *cursor.Recv) uint64 {
	n, room := uint64(0), in.Size-min(in.Size, in.Next)
	for count := in.Highest - in.SeenID; count > 0 && n < stretch && n+wire.MsgHeader <= room; count-- {
		n += wire.MsgHeader + min(*u64(in.Base, in.Next+n+wire.MsgOffPadded), room)
	}
	return min(n, room)
}

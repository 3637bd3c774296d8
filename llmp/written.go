//go:build !race

package llmp

import (
	"llmp/internal/cursor"
	"llmp/internal/wire"
)

// written is how many bytes the sender says it has written behind in. Some of
// them may not be committed yet, and change while they are copied.
func written(in *cursor.Recv) uint64 {
	end := wire.PageHeader + *u64(in.Base, wire.PageOffUsed)
	return end - min(end, in.Next)
}

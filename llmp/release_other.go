//go:build !(gc && amd64) || race

package llmp

import "sync/atomic"

// storeRelease stores v such that whoever loads it with acquire sees all that
// was written before.
func storeRelease(to *uint64, v uint64) { atomic.StoreUint64(to, v) }

//go:build gc && !race

package llmp

// storeRelease stores v such that whoever loads it with acquire sees all that
// was written before. On this machine every store does that (stores are seen in
// their order), if only the compiler keeps the order, too. It cannot do else: it
// does not see into assembly, so all before the call is written by then.
// sync/atomic would do, but its store is also a fence for all later loads (XCHG),
// which costs as much as the rest of a small Send; see publish for why none is
// needed. With the race detector, which has to see the store, it is used.
//
//go:noescape
func storeRelease(to *uint64, v uint64)

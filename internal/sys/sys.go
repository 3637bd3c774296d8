// Package sys is the little of package os that the bus needs. It stands in for
// that package, which with what comes along would be larger than all that it is
// needed for. Process ids, page sizes and the environment are those of package
// syscall, on every system.
package sys

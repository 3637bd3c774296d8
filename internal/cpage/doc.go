// Package cpage calls the page code of the C library, capi/page.h, from Go, so
// that tests can hold it against its twin in package llmp. Only tests import
// it, and only where cgo is there; without cgo it is empty.
//
// page.h and wire.h are links to those in capi: the go command builds a package
// anew when a file in its own folder changed, and in no other.
package cpage

// Package cevent calls the event codec of the C library, capi/event_codec.h,
// from Go, so that its tests can hold it against its twin, llmp/event. Only
// tests need it, and only where cgo is there; without cgo it is empty.
//
// event_codec.h is a link to the file in capi, as in internal/cpage.
package cevent

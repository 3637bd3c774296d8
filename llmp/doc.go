// Package llmp is the core of the bus: pages, senders, receivers, clients and
// brokers that speak LLMP (Low Level Message Passing) as LibAFL 0.16.1 does,
// byte for byte, so that Go programs share a bus with LibAFL's fuzzers and,
// through the C library built on this package, with C, C++ and Python.
//
//	bus, err := llmp.Connect(ctx, llmp.Options{Port: 1337})
//	if err != nil { … }
//	defer bus.Close()
//	err = bus.Send(0x1234, []byte("hello"))
//	msg, err := bus.RecvContext(ctx)
//
// Each client writes messages into shared memory pages that only it writes; a
// broker copies them to one broadcast page that everyone reads. Inside a page
// there is no lock and no system call. The format is described in
// docs/protocol.md, what two processes may race on in docs/concurrency.md.
//
// # Threads
//
// A handle (Client, Sender, Receiver, Broker) is for one goroutine at a time,
// but one goroutine may send while another receives on the same Client. Where
// more is allowed, the method says so.
//
// # Lifetimes
//
// Message.Data points into shared memory. It is valid until the next receive
// call on that handle, or its Close; touching it later can crash the program.
// Clone what you want to keep.
//
// # Trust
//
// Nothing another process writes into shared memory or sends over TCP makes
// this package panic: lengths are checked and read once. But a process of the
// same user can change the bytes of a message after it was received.
package llmp

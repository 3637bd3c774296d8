package main

// #include "go_call.h"
// #include "handle.h"
import "C"

import (
	"math"
	"strconv"
	"strings"
	"unsafe"

	"llmp/llmp"
)

// broker is what the token of a broker stands for.
type broker struct {
	*llmp.Broker
	loop *llmp.Loop // of the run under way
}

// withBroker makes one call on the broker behind a token.
func withBroker(token unsafe.Pointer, r *C.struct_go_result, call func(*broker) error) {
	answer(r, func() error {
		b, err := object[*broker](token)
		if err != nil {
			return err
		}
		return call(b)
	})
}

//export go_broker_new
func go_broker_new(o *C.llmp_broker_options, stop *C.page_u32, wake **C.page_u32, r *C.struct_go_result) {
	answer(r, func() error {
		opts, err := brokerOptions(o)
		if err != nil {
			return err
		}
		b, err := llmp.NewBroker(opts)
		if err != nil {
			return err
		}
		b.MoveStopWord((*uint32)(unsafe.Pointer(stop)))
		*wake = (*C.page_u32)(unsafe.Pointer(b.WakeWord()))
		r.token = keep(&broker{Broker: b})
		return nil
	})
}

//export go_broker_listen
func go_broker_listen(token unsafe.Pointer, port C.uint16_t, r *C.struct_go_result) {
	withBroker(token, r, func(b *broker) error {
		got, err := b.Listen(uint16(port))
		r.code = C.int32_t(got)
		return err
	})
}

//export go_broker_connect_b2b
func go_broker_connect_b2b(token unsafe.Pointer, host *C.char, port C.uint16_t, r *C.struct_go_result) {
	answerLater(r, func() error {
		b, err := object[*broker](token)
		switch {
		case err != nil:
			return err
		case host == nil:
			return invalid("host is NULL")
		case port == 0:
			return portZero()
		}
		return b.ConnectB2BOnly(joinHostPort(C.GoString(host), int(port)))
	})
}

// joinHostPort does what net's function of this name does: that package is
// larger than all of this library.
func joinHostPort(host string, port int) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(port)
}

//export go_broker_add_client
func go_broker_add_client(token unsafe.Pointer, id *C.char, size C.size_t, r *C.struct_go_result) {
	withBroker(token, r, func(b *broker) error {
		m, err := mapID(id)
		if err != nil {
			return err
		}
		given, err := b.AddClient(m, bounded(uint64(size)))
		r.code = C.int32_t(given)
		return err
	})
}

// go_broker_hook makes the core call the hooks of a handle (callbacks.go).
//
//export go_broker_hook
func go_broker_hook(token, handle unsafe.Pointer, shown *C.llmp_msg, r *C.struct_go_result) {
	withBroker(token, r, func(b *broker) error {
		b.AddHook(hooksOf(handle, shown))
		return nil
	})
}

//export go_broker_once
func go_broker_once(token unsafe.Pointer, r *C.struct_go_result) {
	withBroker(token, r, func(b *broker) error {
		n, err := b.Once()
		r.code = C.int32_t(min(n, math.MaxInt32))
		return err
	})
}

// go_broker_loop begins a run.
//
//export go_broker_loop
func go_broker_loop(token unsafe.Pointer, r *C.struct_go_result) {
	withBroker(token, r, func(b *broker) error {
		b.loop = b.NewLoop()
		return nil
	})
}

// go_broker_round is one round of it; it never waits.
//
//export go_broker_round
func go_broker_round(token unsafe.Pointer, out *C.struct_go_round, r *C.struct_go_result) {
	withBroker(token, r, func(b *broker) error {
		round, err := b.loop.RoundOnly()
		r.code = C.int32_t(min(round.Handled, math.MaxInt32))
		out.over = C.bool(round.Over)
		out.seq = C.uint32_t(round.Seq)
		out.sleep = C.int64_t(round.Sleep)
		return err
	})
}

//export go_broker_send
func go_broker_send(token unsafe.Pointer, tag, flags C.uint32_t, data unsafe.Pointer, n C.size_t, r *C.struct_go_result) {
	withBroker(token, r, func(b *broker) error {
		return b.Send(llmp.Tag(tag), llmp.Flags(flags), bytesOf(data, n))
	})
}

//export go_broker_map
func go_broker_map(token unsafe.Pointer, out *C.llmp_map, r *C.struct_go_result) {
	withBroker(token, r, func(b *broker) error {
		*out = mapToC(b.Map())
		return nil
	})
}

//export go_broker_stats
func go_broker_stats(token unsafe.Pointer, out *C.llmp_stats, r *C.struct_go_result) {
	withBroker(token, r, func(b *broker) error {
		s := b.Stats()
		*out = C.llmp_stats{
			clients: C.uint64_t(s.Clients), clients_seen: C.uint64_t(s.ClientsSeen),
			messages: C.uint64_t(s.Messages), bytes: C.uint64_t(s.Bytes),
			forwarded: C.uint64_t(s.Forwarded), dropped: C.uint64_t(s.Dropped),
			pages: C.uint64_t(s.Pages), shared_bytes: C.uint64_t(s.SharedBytes),
			archived_bytes: C.uint64_t(s.ArchivedBytes), cut_off: C.uint64_t(s.CutOff),
			bad_clients: C.uint64_t(s.BadClients), b2b: C.uint64_t(s.B2B),
			lost: C.uint64_t(s.Lost),
		}
		return nil
	})
}

//export go_broker_client_stats
func go_broker_client_stats(token unsafe.Pointer, rows *C.llmp_client_stats, room C.size_t, r *C.struct_go_result) {
	withBroker(token, r, func(b *broker) error {
		all := b.ClientStats()
		r.code = C.int32_t(min(len(all), math.MaxInt32))
		out := unsafe.Slice(rows, min(uint64(room), uint64(len(all))))
		for i := range out {
			c := &all[i]
			out[i] = C.llmp_client_stats{
				id: C.uint32_t(c.ID), kind: C.uint32_t(c.Kind),
				messages: C.uint64_t(c.Messages), bytes: C.uint64_t(c.Bytes),
				idle_ms: C.uint64_t(c.Idle.Milliseconds()),
			}
		}
		return nil
	})
}

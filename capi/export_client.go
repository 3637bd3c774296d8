package main

// #include "go_call.h"
// #include "handle.h"
import "C"

import (
	"unsafe"

	"llmp/llmp"
)

// makeClient is what all constructors of a client have in common.
func makeClient(o *C.llmp_client_options, send *cSend, recv *cRecv, r *C.struct_go_result,
	open func(llmp.Options) (*llmp.Client, error)) error {
	opts, err := clientOptions(o)
	if err != nil {
		return err
	}
	c, err := open(opts)
	if err != nil {
		return err
	}
	moveSend(c.Sender(), send)
	moveRecv(c.Receiver(), recv)
	r.token = keep(c)
	return nil
}

//export go_client_connect
func go_client_connect(port C.uint16_t, o *C.llmp_client_options, send *cSend, recv *cRecv, r *C.struct_go_result) {
	answerLater(r, func() error {
		return makeClient(o, send, recv, r, func(opts llmp.Options) (*llmp.Client, error) {
			if port == 0 {
				return nil, portZero()
			}
			opts.Port = uint16(port)
			return llmp.ConnectOnly(opts)
		})
	})
}

func portZero() error { return invalid("port is 0, want 1 to 65535") }

//export go_client_new
func go_client_new(id *C.char, size C.size_t, sender C.uint32_t, o *C.llmp_client_options, send *cSend, recv *cRecv, r *C.struct_go_result) {
	answer(r, func() error {
		return makeClient(o, send, recv, r, func(opts llmp.Options) (*llmp.Client, error) {
			m, err := mapID(id)
			if err != nil {
				return nil, err
			}
			return llmp.NewClient(m, bounded(uint64(size)), llmp.ClientID(sender), opts)
		})
	})
}

//export go_client_new_from_env
func go_client_new_from_env(prefix *C.char, o *C.llmp_client_options, send *cSend, recv *cRecv, r *C.struct_go_result) {
	answer(r, func() error {
		return makeClient(o, send, recv, r, func(opts llmp.Options) (*llmp.Client, error) {
			n, err := name(prefix)
			if err != nil {
				return nil, err
			}
			return llmp.NewClientFromEnvFunc(getenv, n, opts)
		})
	})
}

//export go_client_attach_env
func go_client_attach_env(prefix *C.char, o *C.llmp_client_options, send *cSend, recv *cRecv, r *C.struct_go_result) {
	answer(r, func() error {
		return makeClient(o, send, recv, r, func(opts llmp.Options) (*llmp.Client, error) {
			n, err := name(prefix)
			if err != nil {
				return nil, err
			}
			return llmp.AttachEnvFunc(getenv, n, opts)
		})
	})
}

//export go_client_attach_maps
func go_client_attach_maps(sender, receiver *C.llmp_map, o *C.llmp_client_options, send *cSend, recv *cRecv, r *C.struct_go_result) {
	answer(r, func() error {
		return makeClient(o, send, recv, r, func(opts llmp.Options) (*llmp.Client, error) {
			s, err := mapFromC(sender, "sender's")
			if err != nil {
				return nil, err
			}
			from, err := mapFromC(receiver, "receiver's")
			if err != nil {
				return nil, err
			}
			return llmp.AttachMaps(s, from, opts)
		})
	})
}

//export go_client_new_p2p
func go_client_new_p2p(sender C.uint32_t, o *C.llmp_client_options, send *cSend, recv *cRecv, r *C.struct_go_result) {
	answer(r, func() error {
		return makeClient(o, send, recv, r, func(opts llmp.Options) (*llmp.Client, error) {
			return llmp.NewP2P(llmp.ClientID(sender), opts)
		})
	})
}

//export go_client_describe
func go_client_describe(token unsafe.Pointer, out *C.llmp_client_description, r *C.struct_go_result) {
	answer(r, func() error {
		c, err := object[*llmp.Client](token)
		if err != nil {
			return err
		}
		d, err := c.Describe()
		if err == nil {
			*out = descriptionToC(d)
		}
		return err
	})
}

//export go_description_encode
func go_description_encode(d *C.llmp_client_description, buf unsafe.Pointer, room C.size_t, r *C.struct_go_result) {
	answer(r, func() error {
		description, err := descriptionFromC(d)
		if err != nil {
			return err
		}
		wire, err := description.MarshalBinary()
		if err != nil {
			return err
		}
		if room < C.size_t(len(wire)) {
			return invalid("the buffer has %d bytes, this description %d: LLMP_DESCRIPTION_MAX (%d) always does",
				uint64(room), len(wire), C.LLMP_DESCRIPTION_MAX)
		}
		r.code = C.int32_t(copy(bytesOf(buf, C.size_t(len(wire))), wire))
		return nil
	})
}

//export go_description_decode
func go_description_decode(out *C.llmp_client_description, buf unsafe.Pointer, n C.size_t, r *C.struct_go_result) {
	answer(r, func() error {
		// One byte more than there can be is enough to be refused.
		var d llmp.ClientDescription
		if err := d.UnmarshalBinary(bytesOf(buf, min(n, C.LLMP_DESCRIPTION_MAX+1))); err != nil {
			return err
		}
		*out = descriptionToC(d)
		return nil
	})
}

//export go_detach
func go_detach(port C.uint16_t, id C.uint32_t, r *C.struct_go_result) {
	answerLater(r, func() error {
		if port == 0 {
			return portZero()
		}
		return llmp.DetachOnly(uint16(port), llmp.ClientID(id))
	})
}

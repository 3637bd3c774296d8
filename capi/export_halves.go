package main

// #include "go_call.h"
// #include "handle.h"
import "C"

import (
	"unsafe"

	"llmp/llmp"
)

// makeSender is what all constructors of a sender have in common.
func makeSender(o *C.llmp_client_options, send *cSend, r *C.struct_go_result,
	open func(llmp.Options) (*llmp.Sender, error)) error {
	opts, err := clientOptions(o)
	if err != nil {
		return err
	}
	s, err := open(opts)
	if err != nil {
		return err
	}
	moveSend(s, send)
	r.token = keep(s)
	return nil
}

//export go_sender_new
func go_sender_new(id C.uint32_t, o *C.llmp_client_options, send *cSend, r *C.struct_go_result) {
	answer(r, func() error {
		return makeSender(o, send, r, func(opts llmp.Options) (*llmp.Sender, error) {
			return llmp.NewSender(llmp.ClientID(id), opts)
		})
	})
}

//export go_sender_attach_env
func go_sender_attach_env(prefix *C.char, o *C.llmp_client_options, send *cSend, r *C.struct_go_result) {
	answer(r, func() error {
		return makeSender(o, send, r, func(opts llmp.Options) (*llmp.Sender, error) {
			n, err := name(prefix)
			if err != nil {
				return nil, err
			}
			return llmp.AttachSenderEnvFunc(getenv, n, opts)
		})
	})
}

//export go_sender_attach_map
func go_sender_attach_map(m *C.llmp_map, o *C.llmp_client_options, send *cSend, r *C.struct_go_result) {
	answer(r, func() error {
		return makeSender(o, send, r, func(opts llmp.Options) (*llmp.Sender, error) {
			d, err := mapFromC(m, "sender's")
			if err != nil {
				return nil, err
			}
			return llmp.AttachSender(d, opts)
		})
	})
}

// go_sender_map is for a client's sending half as well.
//
//export go_sender_map
func go_sender_map(token unsafe.Pointer, out *C.llmp_map, r *C.struct_go_result) {
	answer(r, func() error {
		s, err := sendingHalf(token)
		if err == nil {
			*out = mapToC(s.Map())
		}
		return err
	})
}

// makeReceiver is what all constructors of a receiver have in common.
func makeReceiver(o *C.llmp_client_options, recv *cRecv, r *C.struct_go_result,
	open func(llmp.Options) (*llmp.Receiver, error)) error {
	opts, err := clientOptions(o)
	if err != nil {
		return err
	}
	half, err := open(opts)
	if err != nil {
		return err
	}
	moveRecv(half, recv)
	r.token = keep(half)
	return nil
}

//export go_receiver_attach_map
func go_receiver_attach_map(m *C.llmp_map, o *C.llmp_client_options, recv *cRecv, r *C.struct_go_result) {
	answer(r, func() error {
		return makeReceiver(o, recv, r, func(opts llmp.Options) (*llmp.Receiver, error) {
			d, err := mapFromC(m, "receiver's")
			if err != nil {
				return nil, err
			}
			return llmp.AttachReceiver(d, opts)
		})
	})
}

//export go_receiver_attach_env
func go_receiver_attach_env(prefix *C.char, o *C.llmp_client_options, recv *cRecv, r *C.struct_go_result) {
	answer(r, func() error {
		return makeReceiver(o, recv, r, func(opts llmp.Options) (*llmp.Receiver, error) {
			n, err := name(prefix)
			if err != nil {
				return nil, err
			}
			return llmp.AttachReceiverEnvFunc(getenv, n, opts)
		})
	})
}

//export go_receiver_map
func go_receiver_map(token unsafe.Pointer, out *C.llmp_map, r *C.struct_go_result) {
	answer(r, func() error {
		half, err := receivingHalf(token)
		if err == nil {
			*out = mapToC(half.Map())
		}
		return err
	})
}

package main

// #include "callbacks.h"
import "C"

import (
	"unsafe"

	"llmp/llmp"
)

// This file exports nothing: the preamble of a file that does may hold
// declarations only, and hooks are called from here.

// hooksOf is one hook that stands for all the hooks of a broker handle. The
// message is handed over in *shared, which is C memory, so nothing is allocated.
func hooksOf(handle unsafe.Pointer, shared *C.llmp_msg) llmp.Hook {
	return func(_ *llmp.Broker, client llmp.ClientID, m *llmp.Message) llmp.Verdict {
		*shared = C.llmp_msg{
			tag: C.uint32_t(m.Tag), sender: C.uint32_t(m.Sender), flags: C.uint32_t(m.Flags), id: C.uint64_t(m.ID),
			data: unsafe.Pointer(unsafe.SliceData(m.Data)), len: C.size_t(len(m.Data)),
		}
		if C.hooks_run(handle, C.uint32_t(client)) != C.LLMP_HOOK_FORWARD {
			return llmp.Drop
		}
		m.Tag, m.Flags = llmp.Tag(shared.tag), llmp.Flags(shared.flags)
		m.Data = bytesOf(shared.data, shared.len)
		return llmp.Forward
	}
}

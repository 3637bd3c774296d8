package shmem_test

import (
	"bytes"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"llmp/shmem"
)

// resident counts the pages of a mapping that are in memory.
func resident(t *testing.T, mem []byte) (n int) {
	t.Helper()
	pages := make([]byte, (len(mem)+4095)/4096)
	if _, _, errno := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(&mem[0])), uintptr(len(mem)),
		uintptr(unsafe.Pointer(&pages[0]))); errno != 0 {
		t.Fatal(errno)
	}
	for _, p := range pages {
		n += int(p & 1)
	}
	return n
}

func TestPrefaultBringsPagesIn(t *testing.T) {
	const pages = 16
	for name, prefault := range map[string]func(m shmem.Map){
		"madvise": shmem.Map.Prefault,
		"touch":   func(m shmem.Map) { shmem.Touch(m.Bytes()) },
	} {
		t.Run(name, func(t *testing.T) {
			m := create(t, shmem.Default(), pages*4096, 0)
			for i := range 8 {
				m.Bytes()[5*4096+i] = byte(i + 1)
			}
			before := bytes.Clone(m.Bytes()[5*4096 : 6*4096])
			m2 := create(t, shmem.Default(), pages*4096, 0)
			if n := resident(t, m2.Bytes()); n != 0 {
				t.Errorf("%d pages before", n)
			}
			prefault(m2)
			if n := resident(t, m2.Bytes()); n != pages {
				t.Errorf("%d pages afterwards, want %d", n, pages)
			}
			prefault(m)
			if !bytes.Equal(before, m.Bytes()[5*4096:6*4096]) {
				t.Error("contents changed")
			}
		})
	}
}

package llmp

import (
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"llmp/internal/wire"
	"llmp/shmem"
)

// resident counts the bytes of a page that are in memory.
func resident(t *testing.T, pg *page) (n int) {
	t.Helper()
	mem := pg.m.Bytes()
	vec := make([]byte, (len(mem)+4095)/4096)
	if _, _, errno := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(&mem[0])), uintptr(len(mem)),
		uintptr(unsafe.Pointer(&vec[0]))); errno != 0 {
		t.Fatal(errno)
	}
	for _, p := range vec {
		n += int(p&1) * 4096
	}
	return n
}

// TestNextPageIsMadeAhead: once a sender has used a quarter of its first page, the
// next one is made and backed with memory by another thread. A sender that sends
// little takes no more memory than it has used.
func TestNextPageIsMadeAhead(t *testing.T) {
	p := provider(t, shmem.SysV)
	s, err := NewSender(7, Options{Provider: p})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	own := s.past.(*ownPages)
	send := func() {
		t.Helper()
		if err := s.Send(1, make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		send()
	}
	if n := resident(t, s.page); n > 8192 {
		t.Errorf("%d bytes are in memory for three messages", n)
	}
	if n := own.maker.footprint(); n != 0 {
		t.Errorf("%d bytes were made ahead for three messages", n)
	}
	for s.cur.Used < s.page.size/4 {
		send()
	}
	own.maker.wg.Wait()
	if own.maker.ready == nil {
		t.Fatal("no page is ready after a quarter")
	}
	ahead := own.maker.ready
	if n := resident(t, ahead); n != len(ahead.m.Bytes()) {
		t.Errorf("%d of %d bytes of the next page are in memory", n, len(ahead.m.Bytes()))
	}
	first := s.page
	for s.page == first {
		send()
	}
	if s.page != ahead {
		t.Error("the sender went on to another page")
	}
	if id := *u32(s.page.base, wire.PageOffSender); id != 7 {
		t.Errorf("the page says it is of sender %d", id)
	}
	if fill := first.size - *u64(first.base, wire.PageOffUsed); fill > 2048 {
		t.Errorf("%d bytes of the first page were not used", fill)
	}
}

//go:build linux

package shmem_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"llmp/internal/testkit"
	"llmp/shmem"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// each runs a test for every provider of this platform.
func each(t *testing.T, test func(t *testing.T, p shmem.Provider)) {
	for _, name := range append(shmem.Names(), shmem.Heap) {
		p, err := shmem.ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) { test(t, p) })
	}
}

func create(t *testing.T, p shmem.Provider, size, annex int) shmem.Map {
	t.Helper()
	m, err := p.Create(size, annex)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeMap(t, m) })
	return m
}

func attach(t *testing.T, p shmem.Provider, id shmem.ID, size int) shmem.Map {
	t.Helper()
	m, err := p.Attach(id, size)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeMap(t, m) })
	return m
}

func closeMap(t *testing.T, m shmem.Map) {
	t.Helper()
	if err := m.Close(); err != nil {
		t.Errorf("close %s: %v", m.ID(), err)
	}
}

// wantAttachError attaches where that must fail.
func wantAttachError(t *testing.T, p shmem.Provider, id shmem.ID, size int, want error) {
	t.Helper()
	m, err := p.Attach(id, size)
	if err == nil {
		m.Close()
	}
	if !errors.Is(err, want) {
		t.Errorf("attach %q with %d bytes: got %v, want %v", id, size, err, want)
	}
}

func parse(t *testing.T, text string) shmem.ID {
	t.Helper()
	id, err := shmem.ParseID(text)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func allZero(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

func TestNewMapsAreZeroedAlignedAndAsLargeAsAsked(t *testing.T) {
	each(t, func(t *testing.T, p shmem.Provider) {
		for _, size := range []int{1, 4095, 4096, 4097, 1 << 20} {
			for _, annex := range []int{0, 1, 4096} {
				m := create(t, p, size, annex)
				b, a := m.Bytes(), m.Annex()
				if len(b) != size || cap(b) != size || len(a) != annex {
					t.Errorf("size %d, annex %d: got %d (capacity %d) and %d", size, annex, len(b), cap(b), len(a))
				}
				if !allZero(b) || !allZero(a) {
					t.Errorf("size %d, annex %d: not zeroed", size, annex)
				}
				if at := uintptr(unsafe.Pointer(&b[0])); at%uintptr(os.Getpagesize()) != 0 {
					t.Errorf("size %d, annex %d: begins at %#x, not on a page", size, annex, at)
				}
				b[size-1] = 1
				if annex > 0 {
					a[annex-1] = 1
				}
			}
		}
	})
}

func TestAnAttachedMapIsTheSameMemory(t *testing.T) {
	each(t, func(t *testing.T, p shmem.Provider) {
		one := create(t, p, 5000, 100)
		two := attach(t, p, one.ID(), 5000)
		if one.ID() != two.ID() {
			t.Errorf("ids differ: %s and %s", one.ID(), two.ID())
		}
		copy(one.Bytes(), "from the first")
		copy(two.Bytes()[4990:], "the second")
		copy(two.Annex(), "annex")
		if !bytes.Equal(one.Bytes(), two.Bytes()) || !bytes.Equal(one.Annex(), two.Annex()) {
			t.Error("the two see different bytes")
		}
		if got := string(one.Bytes()[4990:]); got != "the second" {
			t.Errorf("the creator sees %q", got)
		}
		if got := string(one.Annex()[:5]); got != "annex" {
			t.Errorf("the creator sees %q in the annex", got)
		}
	})
}

func TestAnnexIsWhatLiesBeyondTheDeclaredSize(t *testing.T) {
	each(t, func(t *testing.T, p shmem.Provider) {
		m := create(t, p, 8192, 100)
		for declared, annex := range map[int]int{1: 8291, 8192: 100, 8292: 0} {
			a := attach(t, p, m.ID(), declared)
			if len(a.Bytes()) != declared || len(a.Annex()) != annex {
				t.Errorf("declared %d: got %d and an annex of %d, want %d", declared, len(a.Bytes()), len(a.Annex()), annex)
			}
		}
	})
}

func TestSizesThatCannotBe(t *testing.T) {
	each(t, func(t *testing.T, p shmem.Provider) {
		m := create(t, p, 4096, 0)
		beyond := shmem.MaxSize + 1
		for _, size := range []int{0, -1, math.MinInt, math.MaxInt, int(beyond)} {
			wantAttachError(t, p, m.ID(), size, shmem.ErrInvalidSize)
		}
		for _, s := range [][2]int{{0, 0}, {0, 4096}, {-1, 2}, {math.MaxInt, 0}, {int(beyond), 0}, {1, -1}, {1, math.MaxInt}} {
			m, err := p.Create(s[0], s[1])
			if err == nil {
				m.Close()
			}
			if !errors.Is(err, shmem.ErrInvalidSize) {
				t.Errorf("create %d + %d: got %v", s[0], s[1], err)
			}
		}
	})
}

func TestTooSmallForWhatWasDeclared(t *testing.T) {
	each(t, func(t *testing.T, p shmem.Provider) {
		m := create(t, p, 4096, 4)
		wantAttachError(t, p, m.ID(), 4101, shmem.ErrTooSmall)
		if n, ok := m.Attached(); ok && n != 1 {
			t.Errorf("%d attachments after the refusal", n)
		}
	})
}

func TestMalformedIDs(t *testing.T) {
	bad := map[string][]string{
		shmem.SysV: {"-1", "+1", "01", "1 ", " 1", "0x1", "1_0", "1.0", "2147483648", "9223372036854775808",
			"999999999999999999", "/llmp_1_001", "heap-1", "\xff"},
		shmem.Posix: {"name", "/", "//", "/.", "/..", "/a/b", "/../etc/passwd", "../shm/x", "1", "heap-1"},
		shmem.Heap:  {"1", "heap-", "heap--1", "heap-x", "heap", "/heap-1"},
	}
	each(t, func(t *testing.T, p shmem.Provider) {
		wantAttachError(t, p, shmem.ID{}, 1, shmem.ErrInvalidID)
		wantAttachError(t, p, shmem.ID{1: '1'}, 1, shmem.ErrInvalidID)
		for _, endless := range []string{"00000000000000000001", "/llmp_12345678901234", "heap-123456789012345"} {
			wantAttachError(t, p, shmem.ID([]byte(endless)), 1, shmem.ErrInvalidID)
		}
		for _, text := range bad[p.Name()] {
			wantAttachError(t, p, parse(t, text), 1, shmem.ErrInvalidID)
		}
	})
}

func TestIDsThatNobodyHas(t *testing.T) {
	free := map[string]string{shmem.SysV: "2147483647", shmem.Posix: "/llmp_no_such_map", shmem.Heap: "heap-9999999999"}
	each(t, func(t *testing.T, p shmem.Provider) {
		wantAttachError(t, p, parse(t, free[p.Name()]), 1, shmem.ErrNotExist)
		m := create(t, p, 4096, 0)
		closeMap(t, m)
		wantAttachError(t, p, m.ID(), 4096, shmem.ErrNotExist)
	})
}

// An id may come from another process with anything behind its end.
func TestBytesBehindTheEndOfAnIDAreIgnored(t *testing.T) {
	each(t, func(t *testing.T, p shmem.Provider) {
		m := create(t, p, 4096, 0)
		id := m.ID()
		copy(id[len(id.String())+1:], "x")
		if got := attach(t, p, id, 4096).ID(); got != m.ID() {
			t.Errorf("attached as % x, want % x", got, m.ID())
		}
	})
}

func TestMapsVanishWhenTheyShould(t *testing.T) {
	each(t, func(t *testing.T, p shmem.Provider) {
		one := create(t, p, 4096, 0)
		two := attach(t, p, one.ID(), 4096)
		closeMap(t, one)
		two.Bytes()[7] = 7 // the memory stays as long as anyone is attached
		if p.StableIDs() {
			if three := attach(t, p, one.ID(), 4096); three.Bytes()[7] != 7 {
				t.Error("the id names other memory")
			} else {
				closeMap(t, three)
			}
		} else {
			wantAttachError(t, p, one.ID(), 4096, shmem.ErrNotExist)
		}
		closeMap(t, two)
		wantAttachError(t, p, one.ID(), 4096, shmem.ErrNotExist)
	})
}

func TestClose(t *testing.T) {
	each(t, func(t *testing.T, p shmem.Provider) {
		m := create(t, p, 4096, 1)
		closeMap(t, m)
		closeMap(t, m)
		if m.Bytes() != nil || m.Annex() != nil {
			t.Error("a closed map still shows memory")
		}
		if _, ok := m.Attached(); ok {
			t.Error("a closed map counts attachments")
		}
		m.Prefault()
	})
}

func TestAttachmentsAreCounted(t *testing.T) {
	each(t, func(t *testing.T, p shmem.Provider) {
		m := create(t, p, 4096, 0)
		stay := true // until the first leaves
		want := func(n int) {
			t.Helper()
			if got, ok := m.Attached(); ok != (p.Name() != shmem.Posix) || ok && got != n {
				t.Errorf("got %d %v, want %d", got, ok, n)
			}
			if got, ok := m.AllStay(); ok != (stay && p.Name() != shmem.Posix) || ok && got != n {
				t.Errorf("all stay: got %d %v, want %d %v", got, ok, n, stay)
			}
		}
		want(1)
		a, b := attach(t, p, m.ID(), 4096), attach(t, p, m.ID(), 1)
		want(3)
		stay = false
		closeMap(t, a)
		want(2)
		closeMap(t, b)
		want(1)
	})
}

func TestPrefaultChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, p shmem.Provider) {
		m := create(t, p, 3*4096+1, 4096)
		m.Bytes()[0], m.Bytes()[4096], m.Annex()[4095] = 1, 2, 3
		for _, m := range []shmem.Map{m, attach(t, p, m.ID(), 3*4096+1)} {
			before := bytes.Clone(m.Bytes())
			m.Prefault()
			if !bytes.Equal(before, m.Bytes()) || m.Annex()[4095] != 3 {
				t.Error("contents changed")
			}
		}
	})
}

func TestHammer(t *testing.T) {
	each(t, func(t *testing.T, p shmem.Provider) {
		shared := create(t, p, 4096, 0)
		var wait sync.WaitGroup
		for g := range 4 {
			wait.Go(func() {
				for range 100 {
					if err := createAttachClose(p, shared.ID(), byte(g+1)); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wait.Wait()
		if n, ok := shared.Attached(); ok && n != 1 {
			t.Errorf("%d attachments are left", n)
		}
	})
}

func createAttachClose(p shmem.Provider, shared shmem.ID, mark byte) error {
	own, err := p.Create(4096, 64)
	if err != nil {
		return err
	}
	again, err := p.Attach(own.ID(), 4096)
	if err != nil {
		return err
	}
	other, err := p.Attach(shared, 4096)
	if err != nil {
		return err
	}
	own.Bytes()[0] = mark
	if got := again.Bytes()[0]; got != mark {
		return fmt.Errorf("%s holds %d, want %d: somebody else has the same map", own.ID(), got, mark)
	}
	return errors.Join(own.Close(), again.Close(), other.Close())
}

func TestByName(t *testing.T) {
	each(t, func(t *testing.T, p shmem.Provider) {
		if again, err := shmem.ByName(p.Name()); err != nil || again != p {
			t.Errorf("%s does not find itself: %v, %v", p.Name(), again, err)
		}
	})
	for _, name := range []string{"", "SysV", "mmap"} {
		_, err := shmem.ByName(name)
		if !errors.Is(err, shmem.ErrUnknownProvider) {
			t.Errorf("%q: %v", name, err)
		} else if text := err.Error(); !strings.Contains(text, "sysv, posix") || strings.Contains(text, shmem.Heap) {
			t.Errorf("%q: the providers for users are sysv and posix, it says %q", name, text)
		}
	}
}

func TestIDText(t *testing.T) {
	for _, text := range []string{"1", "/llmp_4194304_abcde"} {
		if got := parse(t, text).String(); got != text {
			t.Errorf("%q came back as %q", text, got)
		}
	}
	for _, text := range []string{"", "12345678901234567890", "a\x00b"} {
		if _, err := shmem.ParseID(text); !errors.Is(err, shmem.ErrInvalidID) {
			t.Errorf("%q: %v", text, err)
		}
	}
	full := shmem.ID([]byte("12345678901234567890")) // no NUL at all
	if got := full.String(); len(got) != shmem.IDLen {
		t.Errorf("an id without an end reads %q", got)
	}
}

package shmem_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"llmp/internal/testkit"
	"llmp/shmem"
)

// orphanOf finds what a process left; others may leave things meanwhile.
func orphanOf(t *testing.T, pid int) (shmem.Orphan, bool) {
	t.Helper()
	all, err := shmem.Orphans()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range all {
		if o.PID == pid {
			return o, true
		}
	}
	return shmem.Orphan{}, false
}

func TestOrphansAreFoundAndRemoved(t *testing.T) {
	for provider, role := range map[string]string{shmem.SysV: "unattached segment", shmem.Posix: "create"} {
		t.Run(provider, func(t *testing.T) {
			child := testkit.Spawn(t, role, provider)
			id := parse(t, child.ReadLine())
			if o, ok := orphanOf(t, child.PID); ok {
				t.Fatalf("of a living process: %v", o)
			}
			child.Kill()
			o, ok := orphanOf(t, child.PID)
			if want := (shmem.Orphan{Provider: provider, ID: id, Size: 4096, PID: child.PID}); o != want {
				t.Fatalf("found %+v %v, want %+v", o, ok, want)
			}
			if text := o.String(); !strings.Contains(text, id.String()) || !strings.Contains(text, strconv.Itoa(child.PID)) {
				t.Errorf("reads %q", text)
			}
			wrong := o
			wrong.PID = 1
			if err := wrong.Remove(); !errors.Is(err, shmem.ErrNotExist) {
				t.Errorf("removed for another process: %v", err)
			}
			if err := o.Remove(); err != nil {
				t.Fatal(err)
			}
			if o, ok := orphanOf(t, child.PID); ok {
				t.Errorf("still there: %v", o)
			}
			if err := o.Remove(); !errors.Is(err, shmem.ErrNotExist) {
				t.Errorf("removed twice: %v", err)
			}
		})
	}
}

func TestASegmentInUseIsNoOrphan(t *testing.T) {
	child := testkit.Spawn(t, "unattached segment")
	id := parse(t, child.ReadLine())
	child.Kill()
	o, ok := orphanOf(t, child.PID)
	if !ok {
		t.Fatal("not found")
	}
	m := attach(t, shmem.Default(), id, 4096)
	if o, ok := orphanOf(t, child.PID); ok {
		t.Errorf("found although attached: %v", o)
	}
	if err := o.Remove(); !errors.Is(err, shmem.ErrNotExist) {
		t.Errorf("removed although attached: %v", err)
	}
	closeMap(t, m)
	if err := o.Remove(); err != nil {
		t.Error(err)
	}
}

func TestASegmentWithAKeyIsNoOrphan(t *testing.T) {
	child := testkit.Spawn(t, "keyed segment")
	shmid, err := strconv.Atoi(child.ReadLine())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if _, err := unix.SysvShmCtl(shmid, unix.IPC_RMID, nil); err != nil {
			t.Error(err)
		}
	}()
	child.Kill()
	if o, ok := orphanOf(t, child.PID); ok {
		t.Errorf("found: %v", o)
	}
}

func TestOrphansOfUnknownProviders(t *testing.T) {
	for provider, want := range map[string]error{
		"":          shmem.ErrUnknownProvider,
		shmem.Heap:  shmem.ErrUnknownProvider,
		shmem.SysV:  shmem.ErrInvalidID,
		shmem.Posix: shmem.ErrInvalidID,
	} {
		if err := (shmem.Orphan{Provider: provider}).Remove(); !errors.Is(err, want) {
			t.Errorf("%q: got %v, want %v", provider, err, want)
		}
	}
}

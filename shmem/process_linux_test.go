package shmem_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"llmp/internal/sysvipc"
	"llmp/internal/testkit"
	"llmp/shmem"
)

// Roles of this test binary in other processes. Each prints what its parent
// waits for and then stays until its standard input ends or it is killed.
func init() {
	testkit.Role("reply", roleReply)
	testkit.Role("create", roleCreate)
	testkit.Role("unattached segment", func([]string) error { return leaveSegment(unix.IPC_PRIVATE) })
	testkit.Role("keyed segment", func([]string) error { return leaveSegment(os.Getpid()) })
	testkit.Role("stranger", roleStranger)
}

func stay() error {
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// attachArgs attaches to the map that a role's arguments name.
func attachArgs(args []string) (shmem.Map, error) {
	p, err := shmem.ByName(args[0])
	if err != nil {
		return nil, err
	}
	id, err := shmem.ParseID(args[1])
	if err != nil {
		return nil, err
	}
	return p.Attach(id, 4096)
}

// roleReply attaches to a map, expects "ping" in it and writes "pong".
func roleReply(args []string) error {
	m, err := attachArgs(args)
	if err != nil {
		return err
	}
	defer m.Close()
	fmt.Println(string(m.Bytes()[:4]), len(m.Annex()))
	copy(m.Annex(), "pong")
	fmt.Println("written")
	return stay()
}

// roleCreate makes a map and prints its id.
func roleCreate(args []string) error {
	p, err := shmem.ByName(args[0])
	if err != nil {
		return err
	}
	m, err := p.Create(4096, 0)
	if err != nil {
		return err
	}
	copy(m.Bytes(), "child")
	fmt.Println(m.ID())
	if err := stay(); err != nil {
		return err
	}
	return m.Close()
}

// leaveSegment does what a creator has done that dies before it attaches.
func leaveSegment(key int) error {
	id, err := unix.SysvShmGet(key, 4096, unix.IPC_CREAT|unix.IPC_EXCL|0o600)
	if err != nil {
		return err
	}
	fmt.Println(id)
	return stay()
}

// roleStranger attaches as a user without rights and prints what happens.
func roleStranger(args []string) error {
	if os.Geteuid() == 0 {
		const nobody = 65534
		if err := syscall.Setuid(nobody); err != nil {
			return err
		}
	}
	_, err := attachArgs(args)
	fmt.Println(errors.Is(err, shmem.ErrPermission), err)
	return nil
}

// eachShared runs a test for every provider that other processes see.
func eachShared(t *testing.T, test func(t *testing.T, p shmem.Provider)) {
	each(t, func(t *testing.T, p shmem.Provider) {
		if p.Name() != shmem.Heap {
			test(t, p)
		}
	})
}

func TestAnotherProcessAttaches(t *testing.T) {
	eachShared(t, func(t *testing.T, p shmem.Provider) {
		m := create(t, p, 4096, 100)
		copy(m.Bytes(), "ping")
		child := testkit.Spawn(t, "reply", p.Name(), m.ID().String())
		if got := child.ReadLine(); got != "ping 100" {
			t.Errorf("the child saw %q", got)
		}
		child.ReadLine()
		if got := string(m.Annex()[:4]); got != "pong" {
			t.Errorf("the child's answer is %q", got)
		}
		if n, ok := m.Attached(); ok && n != 2 {
			t.Errorf("%d attachments, want 2", n)
		}
		if n, ok := m.AllStay(); ok != (p.Name() == shmem.SysV) || ok && n != 2 {
			t.Errorf("all stay: got %d %v, want 2", n, ok)
		}
		child.Kill()
		if n, ok := m.AllStay(); ok {
			t.Errorf("all of %d are said to have stayed, but the child was killed", n)
		}
		if n, ok := m.Attached(); ok && n != 1 {
			t.Errorf("%d attachments after the child was killed, want 1", n)
		}
		if got := string(m.Annex()[:4]); got != "pong" {
			t.Errorf("after the child was killed the memory holds %q", got)
		}
	})
}

func TestMapsBelongToTheirUserAlone(t *testing.T) {
	m := create(t, shmem.Default(), 4096, 0)
	segments, err := sysvipc.List()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(segments, func(s sysvipc.Segment) bool { return strconv.Itoa(s.ID) == m.ID().String() })
	if i < 0 || segments[i].Mode&0o777 != 0o600 || segments[i].Creator != os.Getpid() {
		t.Errorf("not there with mode 0600: %+v", segments)
	}
	p, err := shmem.ByName(shmem.Posix)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(shmFile(create(t, p, 4096, 0).ID()))
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestAttachingNeedsPermission(t *testing.T) {
	eachShared(t, func(t *testing.T, p shmem.Provider) {
		m := create(t, p, 4096, 0)
		// For a test run by root the stranger gives up root, for others its
		// own map is locked.
		var err error
		if p.Name() == shmem.Posix {
			err = os.Chmod(shmFile(m.ID()), 0)
		} else {
			err = lockSegment(m.ID())
		}
		if err != nil {
			t.Fatal(err)
		}
		child := testkit.Spawn(t, "stranger", p.Name(), m.ID().String())
		if got := child.ReadLine(); got[:4] != "true" {
			t.Errorf("want ErrPermission, got %s", got)
		}
	})
}

// lockSegment takes all permissions from a segment: chmod 0.
func lockSegment(id shmem.ID) error {
	shmid, err := strconv.Atoi(id.String())
	if err != nil {
		return err
	}
	desc := unix.SysvShmDesc{Perm: unix.SysvIpcPerm{Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid()), Mode: 0}}
	_, err = unix.SysvShmCtl(shmid, unix.IPC_SET, &desc)
	return err
}

func shmFile(id shmem.ID) string { return filepath.Join("/dev/shm", id.String()) }

func TestAKilledCreatorLeavesNoSegment(t *testing.T) {
	p := shmem.Default()
	child := testkit.Spawn(t, "create", p.Name())
	alone := parse(t, child.ReadLine())
	child.Kill()
	wantAttachError(t, p, alone, 4096, shmem.ErrNotExist)

	child = testkit.Spawn(t, "create", p.Name())
	shared := attach(t, p, parse(t, child.ReadLine()), 4096)
	child.Kill()
	if n, ok := shared.Attached(); !ok || n != 1 || string(shared.Bytes()[:5]) != "child" {
		t.Errorf("a map of a killed creator: %d attachments, holds %q", n, shared.Bytes()[:5])
	}
	closeMap(t, shared)
	wantAttachError(t, p, shared.ID(), 4096, shmem.ErrNotExist)
}

// TestLargestMap needs 4 GiB of address space, but touches two pages.
func TestLargestMap(t *testing.T) {
	size := shmem.MaxSize
	m := create(t, shmem.Default(), int(size), 4096)
	m.Bytes()[size-1], m.Annex()[4095] = 1, 2
	a := attach(t, shmem.Default(), m.ID(), int(size))
	if int64(len(a.Bytes())) != size || a.Bytes()[size-1] != 1 || a.Annex()[4095] != 2 {
		t.Errorf("%d bytes, the last %d; annex %d", len(a.Bytes()), a.Bytes()[size-1], a.Annex()[4095])
	}
}

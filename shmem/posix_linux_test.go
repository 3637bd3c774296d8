package shmem_test

import (
	"errors"
	"hash/crc32"
	"os"
	"strconv"
	"strings"
	"testing"

	"llmp/shmem"
)

func posixProvider(t *testing.T) shmem.Provider {
	t.Helper()
	p, err := shmem.ByName(shmem.Posix)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestNamesFitAndCarryThePID(t *testing.T) {
	seen := map[string]bool{}
	for range 2000 {
		name := shmem.NextName()
		if len(name) >= shmem.IDLen || name[0] != '/' || seen[name] {
			t.Fatalf("name %q is too long, not absolute or given out twice", name)
		}
		if pid, ok := shmem.NamePID(name); !ok || pid != os.Getpid() {
			t.Fatalf("%q: process %d %v", name, pid, ok)
		}
		seen[name] = true
	}
}

func TestForeignNamesHaveNoPID(t *testing.T) {
	ours := shmem.NextName()
	namespace := strings.LastIndexByte(ours, '_') + 1
	for _, name := range []string{
		"", "/", "/llmp_", "/llmp_1", "/llmp__001", "/llmp_x_001", "/llmp_-1_001", "/llmp_0_001", "/libafl_1_001", "/sem.llmp_1_001",
		ours[:namespace+2],                           // no counter
		ours[:namespace] + "ZZ" + ours[namespace+2:], // another pid namespace
	} {
		if pid, ok := shmem.NamePID(name); ok {
			t.Errorf("%q gave process %d", name, pid)
		}
	}
}

func TestATakenNameIsPassedOver(t *testing.T) {
	p := posixProvider(t)
	one := create(t, p, 4096, 0)
	shmem.RewindNames()
	two := create(t, p, 4096, 0)
	if one.ID() == two.ID() {
		t.Errorf("both are %s", one.ID())
	}
}

func TestOnlyRegularFilesAreAttached(t *testing.T) {
	p := posixProvider(t)
	m := create(t, p, 4096, 0)
	name := "/llmp-" + strconv.Itoa(os.Getpid())
	path := "/dev/shm" + name
	for kind, put := range map[string]func() error{
		"link":   func() error { return os.Symlink(shmFile(m.ID()), path) },
		"folder": func() error { return os.Mkdir(path, 0o700) },
	} {
		if err := put(); err != nil {
			t.Fatal(err)
		}
		if a, err := p.Attach(parse(t, name), 1); !errors.Is(err, shmem.ErrPermission) {
			t.Errorf("%s: got %v, %v", kind, a, err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRemovedByOthersIsNoErrorOnClose(t *testing.T) {
	m := create(t, posixProvider(t), 4096, 0)
	if err := os.Remove(shmFile(m.ID())); err != nil {
		t.Fatal(err)
	}
	closeMap(t, m)
}

func TestChecksumIsThatOfTheStandard(t *testing.T) {
	for _, s := range []string{"", "123456789", "pid:[4026531836]", "pid:[4026532999]"} {
		if got, want := shmem.CRC32(s), crc32.ChecksumIEEE([]byte(s)); got != want {
			t.Errorf("%q: %#x, want %#x", s, got, want)
		}
	}
}

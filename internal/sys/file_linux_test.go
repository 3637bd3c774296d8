package sys_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"llmp/internal/sys"
)

func TestReadFile(t *testing.T) {
	for _, size := range []int{0, 1, 1023, 1024, 1025, 100_000} {
		path := filepath.Join(t.TempDir(), "file")
		want := bytes.Repeat([]byte{'x'}, size)
		if err := os.WriteFile(path, want, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := sys.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: read %d, %v", size, len(got), err)
		}
	}
	if _, err := sys.ReadFile(filepath.Join(t.TempDir(), "none")); !errors.Is(err, unix.ENOENT) {
		t.Errorf("no file: %v", err)
	}
	if _, err := sys.ReadFile(t.TempDir()); !errors.Is(err, unix.EISDIR) {
		t.Errorf("a directory: %v", err)
	}
}

func TestReadlink(t *testing.T) {
	path := filepath.Join(t.TempDir(), "link")
	for _, length := range []int{1, 255, 256, 4000} {
		to := string(bytes.Repeat([]byte{'x'}, length))
		_ = os.Remove(path)
		if err := os.Symlink(to, path); err != nil {
			t.Fatal(err)
		}
		got, err := sys.Readlink(path)
		if length < 256 && (err != nil || got != to) || length >= 256 && !errors.Is(err, unix.ENAMETOOLONG) {
			t.Errorf("%d characters: %q, %v", length, got, err)
		}
	}
}

func TestNames(t *testing.T) {
	dir := t.TempDir()
	var want []string
	for i := range 2000 { // more than are read at a time
		name := "file-" + strconv.Itoa(i)
		want = append(want, name)
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := sys.Names(dir)
	slices.Sort(want)
	slices.Sort(got)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%d names, %v; want %d", len(got), err, len(want))
	}
	if _, err := sys.Names(dir + "/none"); !errors.Is(err, unix.ENOENT) {
		t.Errorf("no directory: %v", err)
	}
}

func TestIsDir(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{dir: true, file: false, dir + "/none": false, "": false} {
		if got := sys.IsDir(path); got != want {
			t.Errorf("%q: %v, want %v", path, got, want)
		}
	}
}

func TestHostname(t *testing.T) {
	want, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := sys.Hostname(); err != nil || got != want {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
}

func TestTempFileHasNoName(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	for _, where := range []string{dir, ""} {
		f, err := sys.MakeTemp(where)
		if err != nil {
			t.Fatal(err)
		}
		if names, err := sys.Names(dir); err != nil || len(names) != 0 {
			t.Errorf("in %q: %q, %v", where, names, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := sys.MakeTemp(dir + "/none"); !errors.Is(err, unix.ENOENT) {
		t.Errorf("no directory: %v", err)
	}
}

func TestReadAtAndWriteAt(t *testing.T) {
	f, err := sys.MakeTemp(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want := bytes.Repeat([]byte("0123456789"), 10_000)
	if n, err := f.WriteAt(want, 5); n != len(want) || err != nil {
		t.Fatalf("wrote %d, %v", n, err)
	}
	got := make([]byte, len(want)+1)
	if n, err := f.ReadAt(got[:len(want)], 5); n != len(want) || err != nil || !bytes.Equal(got[:n], want) {
		t.Errorf("read %d, %v", n, err)
	}
	if n, err := f.ReadAt(got, 5); n != len(want) || err != io.EOF {
		t.Errorf("beyond the end: read %d, %v", n, err)
	}
	f.Punch(0, 8192)
	if n, err := f.ReadAt(got[:1], int64(len(want))); n != 1 || err != nil {
		t.Errorf("behind what was given back: read %d, %v", n, err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := f.WriteAt(want, 0); !errors.Is(err, unix.EBADF) {
		t.Errorf("closed: %v", err)
	}
}

package testkit

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/sys/unix"

	"llmp/internal/sysvipc"
)

func scanSystem(s scene) {
	scanFiles(s)
	scanMappings(s)
	scanProcesses(s)
	scanSegments(s)
	scanShmFiles(s)
}

// scanFiles: open descriptors, without those of the Go runtime's poller.
func scanFiles(s scene) {
	const dir = "/proc/self/fd"
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		target, err := os.Readlink(filepath.Join(dir, e.Name()))
		if err != nil || target == "anon_inode:[eventpoll]" || target == "anon_inode:[eventfd]" {
			continue
		}
		what := fmt.Sprintf("open file %s: %s", e.Name(), target)
		s[what] = leftover{what: what}
	}
}

// scanMappings: shared memory that is attached, whoever created it.
func scanMappings(s scene) {
	maps, _ := os.ReadFile("/proc/self/maps")
	for line := range strings.Lines(string(maps)) {
		if strings.Contains(line, " /SYSV") || strings.Contains(line, " /dev/shm/") {
			what := "attached memory " + strings.TrimSpace(line)
			s[what] = leftover{what: what}
		}
	}
}

// scanProcesses: descendants by parenthood, and those that lost their parent
// by the mark in their environment.
func scanProcesses(s scene) {
	self := os.Getpid()
	mark := runVar + "=" + strconv.Itoa(self)
	parents := map[int]int{}
	stats := map[int]string{}
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == self {
			continue
		}
		stat, err := os.ReadFile(filepath.Join("/proc", e.Name(), "stat"))
		if err != nil {
			continue // ended meanwhile
		}
		// "7 (name, any bytes) S 1 ..."
		_, behind, _ := strings.Cut(string(stat[strings.LastIndexByte(string(stat), ')'):]), " ")
		var state string
		var parent int
		if _, err := fmt.Sscan(behind, &state, &parent); err != nil {
			continue
		}
		environ, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "environ"))
		if strings.Contains("\x00"+string(environ), "\x00"+mark+"\x00") {
			parent = self
		}
		parents[pid], stats[pid] = parent, strings.Join(strings.Fields(string(stat))[:4], " ")
	}
	for pid := range parents {
		ancestor := pid
		for range len(parents) { // numbers can be reused while we read: no endless circles
			if ancestor = parents[ancestor]; ancestor == self || ancestor == 0 {
				break
			}
		}
		if ancestor == self {
			own(pid)
			s[fmt.Sprint("process ", pid)] = leftover{
				what:   "process not waited for: " + stats[pid],
				remove: func() { _ = unix.Kill(pid, unix.SIGKILL) },
			}
		}
	}
}

// scanSegments: SysV segments that one of our processes created or used last.
func scanSegments(s scene) {
	segments, _ := sysvipc.List()
	for _, seg := range segments {
		if seg.UID != os.Geteuid() || !isOwn(seg.Creator) && !isOwn(seg.LastUser) {
			continue
		}
		s[fmt.Sprint("segment ", seg.ID)] = leftover{
			what:   fmt.Sprintf("SysV segment %+v", seg),
			remove: func() { _, _ = unix.SysvShmCtl(seg.ID, unix.IPC_RMID, nil) },
		}
	}
}

// scanShmFiles: files of shm_open with one of our process ids in their name.
func scanShmFiles(s scene) {
	entries, _ := os.ReadDir("/dev/shm")
	for _, e := range entries {
		for _, number := range strings.FieldsFunc(e.Name(), func(r rune) bool { return !unicode.IsDigit(r) }) {
			if pid, err := strconv.Atoi(number); err == nil && isOwn(pid) {
				path := filepath.Join("/dev/shm", e.Name())
				s[path] = leftover{what: path, remove: func() { _ = os.Remove(path) }}
			}
		}
	}
}

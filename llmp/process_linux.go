package llmp

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"syscall"

	"llmp/internal/sys"
)

// Fields of /proc/PID/stat behind the name; proc_pid_stat(5) counts them from
// 1, and these as 3, 9, 20 and 22.
const (
	statState   = 0
	statFlags   = 6
	statThreads = 17
	statStart   = 19

	flagExiting = 0x4 // PF_EXITING: set before the process's maps go
)

// processStart is when a process started, in clock ticks since boot, and how it
// fares.
func processStart(pid int) (start uint64, how liveness) {
	stat, err := sys.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if errors.Is(err, syscall.ENOENT) {
		return 0, processGone
	}
	if err != nil {
		return 0, processUnclear
	}
	// pid (name) state …: the name can hold anything, brackets too.
	rest := string(stat[bytes.LastIndexByte(stat, ')')+1:])
	var fields [statStart + 1]string
	for i := range fields {
		var found bool
		if rest, found = strings.CutPrefix(rest, " "); !found {
			return 0, processUnclear
		}
		end := strings.IndexByte(rest, ' ')
		if end < 0 {
			return 0, processUnclear
		}
		fields[i], rest = rest[:end], rest[end:]
	}
	number := func(i int) uint64 {
		n, _ := strconv.ParseUint(fields[i], 10, 64) // 0 where the system writes something else
		return n
	}
	start = number(statStart)
	dead := fields[statState] == "Z" || fields[statState] == "X"
	switch {
	case dead && number(statThreads) <= 1:
		return start, processGone
	case dead || number(statFlags)&flagExiting != 0: // or its first thread alone
		return start, processUnclear
	}
	return start, processRuns
}

// pidNamespace is the number of this process's namespace of pids.
func pidNamespace() uint32 {
	link, err := sys.Readlink("/proc/self/ns/pid") // pid:[4026531836]
	if err != nil {
		return 0
	}
	n, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimPrefix(link, "pid:["), "]"), 10, 32)
	if err != nil {
		return 0
	}
	return uint32(n)
}

package llmp

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"strings"
)

// processStart is when a process started, in clock ticks since boot. alive is
// false when it is no more, or only waits for its parent to take note.
func processStart(pid int) (start uint64, alive bool) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, !errors.Is(err, os.ErrNotExist)
	}
	// pid (name) state …: the name can hold anything, brackets too.
	_, rest, found := bytes.Cut(stat[max(bytes.LastIndexByte(stat, ')'), 0):], []byte(") "))
	fields := strings.Fields(string(rest))
	const state, started = 0, 19 // proc_pid_stat(5) counts them from 1, as 3 and 22
	if !found || len(fields) <= started {
		return 0, true
	}
	if fields[state] == "Z" || fields[state] == "X" {
		return 0, false
	}
	start, err = strconv.ParseUint(fields[started], 10, 64)
	if err != nil {
		return 0, true
	}
	return start, true
}

// pidNamespace is the number of this process's namespace of pids.
func pidNamespace() uint32 {
	link, err := os.Readlink("/proc/self/ns/pid") // pid:[4026531836]
	if err != nil {
		return 0
	}
	n, err := strconv.ParseUint(strings.Trim(strings.TrimPrefix(link, "pid:"), "[]"), 10, 32)
	if err != nil {
		return 0
	}
	return uint32(n)
}

package interop

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"llmp/internal/sysvipc"
)

// A place is a piece of shared memory: a segment's number or a file's path.
type place string

// sharedMemory lists all there is, with the processes that made it.
func sharedMemory() map[place]int {
	found := map[place]int{}
	segments, _ := sysvipc.List()
	for _, s := range segments {
		found[place(strconv.Itoa(s.ID))] = s.Creator
	}
	// The names of both providers that use shm_open hold the process id.
	for _, pattern := range []string{"libafl_*_*", "llmp_*_*"} {
		paths, _ := filepath.Glob(filepath.Join("/dev/shm", pattern))
		for _, path := range paths {
			if pid, err := strconv.Atoi(strings.Split(filepath.Base(path), "_")[1]); err == nil {
				found[place(path)] = pid
			}
		}
	}
	return found
}

// leftovers lists what these processes made and was not there before. (Process
// ids are given out again, so an older run's leftovers may look like theirs.)
func leftovers(before map[place]int, pids []int) []place {
	var left []place
	for place, pid := range sharedMemory() {
		if _, old := before[place]; !old && slices.Contains(pids, pid) {
			left = append(left, place)
		}
	}
	return left
}

// removeLeftovers cleans up behind a process that was killed.
func removeLeftovers(pid int) {
	for place, creator := range sharedMemory() {
		if creator != pid {
			continue
		}
		if id, err := strconv.Atoi(string(place)); err == nil {
			_, _ = unix.SysvShmCtl(id, unix.IPC_RMID, nil)
		} else {
			_ = os.Remove(string(place))
		}
	}
}

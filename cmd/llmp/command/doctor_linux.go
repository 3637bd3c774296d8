package command

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"llmp/internal/sysvipc"
)

// Thresholds below which a bus may run short.
const (
	wantSegment  = 1 << 30   // the largest page
	wantSegments = 128       // free ones: four a client and some for the broker
	wantMemory   = 256 << 20 // in /dev/shm, and of pages for SysV
	wantFiles    = 256       // descriptors
)

func checkSystem() []finding {
	return []finding{checkSegmentSize(), checkSegmentCount(), checkSegmentTotal(),
		checkDevShm(), checkFiles(), checkFutex(), checkBarrier()}
}

// kernelLimit reads a number of /proc/sys/kernel.
func kernelLimit(name string) (uint64, error) {
	text, err := os.ReadFile("/proc/sys/kernel/" + name)
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
}

func unreadable(check string, err error) finding {
	return finding{check, warned, "cannot tell: " + err.Error(), "mount /proc"}
}

func checkSegmentSize() finding {
	limit, err := kernelLimit("shmmax")
	if err != nil {
		return unreadable("shmmax", err)
	}
	if limit < wantSegment {
		return finding{"shmmax", warned, fmt.Sprintf("a SysV segment has at most %s", formatBytes(limit)),
			fmt.Sprintf("for large messages: sysctl -w kernel.shmmax=%d", wantSegment)}
	}
	return finding{"shmmax", fine, "segments can be as large as a page can get", ""}
}

func checkSegmentCount() finding {
	limit, err := kernelLimit("shmmni")
	if err != nil {
		return unreadable("shmmni", err)
	}
	segments, err := sysvipc.List()
	if err != nil {
		return unreadable("shmmni", err)
	}
	used := uint64(len(segments))
	detail := fmt.Sprintf("%d of %d segments in use", used, limit)
	if used+wantSegments > limit {
		return finding{"shmmni", warned, detail,
			"remove left-overs with 'llmp clean' ('ipcs -m' lists all), or: sysctl -w kernel.shmmni=4096"}
	}
	return finding{"shmmni", fine, detail, ""}
}

func checkSegmentTotal() finding {
	pages, err := kernelLimit("shmall")
	if err != nil {
		return unreadable("shmall", err)
	}
	pageSize := uint64(os.Getpagesize())
	if pages < wantMemory/pageSize {
		return finding{"shmall", warned, fmt.Sprintf("all SysV segments together have at most %s", formatBytes(pages*pageSize)),
			fmt.Sprintf("sysctl -w kernel.shmall=%d", wantSegment/pageSize)}
	}
	return finding{"shmall", fine, "no tight limit on all segments together", ""}
}

func checkDevShm() finding {
	const dir = "/dev/shm"
	remedy := "only the posix provider needs it; in a container: docker run --shm-size=1g"
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return finding{dir, warned, err.Error(), remedy}
	}
	free := fs.Bavail * uint64(fs.Bsize)
	if free < wantMemory {
		return finding{dir, warned, formatBytes(free) + " free", remedy}
	}
	return finding{dir, fine, formatBytes(free) + " free", ""}
}

func checkFiles() finding {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return finding{"open files", warned, err.Error(), "look with 'ulimit -n'"}
	}
	detail := fmt.Sprintf("a process may open %d", limit.Cur)
	if limit.Cur < wantFiles {
		return finding{"open files", warned, detail, fmt.Sprintf("ulimit -n %d", wantFiles)}
	}
	return finding{"open files", fine, detail, ""}
}

func checkFutex() finding {
	if err := tryFutex(); err != nil {
		return finding{"futex", broken, err.Error(), "allow futex in the sandbox's seccomp profile"}
	}
	return finding{"futex", fine, "sleepers can be woken", ""}
}

func checkBarrier() finding {
	const globalExpedited = 1 << 1 // MEMBARRIER_CMD_GLOBAL_EXPEDITED
	commands, _, errno := unix.Syscall(unix.SYS_MEMBARRIER, 0, 0, 0)
	if errno != 0 || commands&globalExpedited == 0 {
		return finding{"membarrier", warned, "not there: it works, but sends cost a fence each",
			"Linux 4.16 or newer, and a seccomp profile that allows membarrier"}
	}
	return finding{"membarrier", fine, "sends need no fence", ""}
}

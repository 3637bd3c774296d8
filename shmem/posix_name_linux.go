package shmem

import (
	"fmt"
	"hash/crc32"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// Names read /llmp_PID_NNCOUNT: the creator's process id in decimal; two
// characters for its pid namespace, because containers may share /dev/shm but
// not their process ids; a counter in base 36 that fills the rest of the 19
// characters and starts again when it overflows. O_EXCL finds the free ones.
const namePrefix = "/llmp_"

var names atomic.Uint64

func nextName() string {
	head := fmt.Sprintf("%s%d_%s", namePrefix, os.Getpid(), pidNamespace())
	limit := uint64(1)
	for range IDLen - 1 - len(head) {
		limit *= 36
	}
	return head + strconv.FormatUint(names.Add(1)%limit, 36)
}

// namePID returns the process id in a name of this pid namespace.
func namePID(name string) (pid int, ok bool) {
	rest, ok := strings.CutPrefix(name, namePrefix)
	if !ok {
		return 0, false
	}
	number, rest, ok := strings.Cut(rest, "_")
	if !ok || len(rest) < 3 || rest[:2] != pidNamespace() {
		return 0, false
	}
	pid, err := strconv.Atoi(number)
	return pid, err == nil && pid > 0
}

var pidNamespace = sync.OnceValue(func() string {
	link, _ := os.Readlink("/proc/self/ns/pid")
	sum := strconv.FormatUint(uint64(crc32.ChecksumIEEE([]byte(link)))%(36*36), 36)
	return strings.Repeat("0", 2-len(sum)) + sum
})

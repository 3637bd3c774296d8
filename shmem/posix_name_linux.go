package shmem

import (
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"llmp/internal/format"
	"llmp/internal/sys"
)

// Names read /llmp_PID_NNCOUNT: the creator's process id in decimal; two
// characters for its pid namespace, because containers may share /dev/shm but
// not their process ids; a counter in base 36 that fills the rest of the 19
// characters and starts again when it overflows. O_EXCL finds the free ones.
const namePrefix = "/llmp_"

var names atomic.Uint64

func nextName() string {
	head := format.Sprintf("%s%d_%s", namePrefix, unix.Getpid(), pidNamespace())
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
	link, _ := sys.Readlink("/proc/self/ns/pid")
	sum := strconv.FormatUint(uint64(crc32(link))%(36*36), 36)
	return "00"[len(sum):] + sum
})

// crc32 is the checksum of IEEE 802.3, as in hash/crc32: that package has it
// fast, and five kilobytes of it.
func crc32(s string) uint32 {
	sum := ^uint32(0)
	for i := range len(s) {
		sum ^= uint32(s[i])
		for range 8 {
			sum = sum>>1 ^ 0xedb88320&-(sum&1)
		}
	}
	return ^sum
}

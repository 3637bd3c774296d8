package testkit

import (
	"fmt"
	"runtime"
	"strings"

	"llmp/shmem"
)

// scan takes down what this process and its children hold.
func scan() scene {
	s := scene{}
	scanGoroutines(s)
	for i := range shmem.HeapMaps() {
		s[fmt.Sprint("heap map ", i)] = leftover{what: "heap map that is not closed"}
	}
	scanSystem(s)
	return s
}

// forever are goroutines that the standard library starts once and never ends.
var forever = []string{"os/signal.loop", "os/signal.signal_recv", "runtime.ensureSigM"}

func scanGoroutines(s scene) {
	for _, stack := range strings.Split(allStacks(), "\n\n") {
		name, _, _ := strings.Cut(stack, " [") // "goroutine 7 [running]:"
		s[name] = leftover{what: stack}
		for _, f := range forever {
			if strings.Contains(stack, f) {
				delete(s, name)
			}
		}
	}
}

func allStacks() string {
	buf := make([]byte, 1<<16)
	for {
		if n := runtime.Stack(buf, true); n < len(buf) {
			return string(buf[:n])
		}
		buf = make([]byte, 2*len(buf))
	}
}

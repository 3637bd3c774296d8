// Package interop tests this project's libraries against LibAFL's own LLMP
// (the published crate ll_mp) and against each other, in real processes.
//
// Every language has a program with the commands of the Rust peer (see USAGE in
// src/main.rs); a test starts some of them and compares what they report with
// what was to come. The names of the tests read sender_x_receiver.
package interop

import (
	"fmt"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	before := sharedMemory()
	status := m.Run()
	if left := leftovers(before, allPIDs()); status == 0 && len(left) > 0 {
		fmt.Fprintf(os.Stderr, "shared memory left behind: %v\n", left)
		status = 1
	}
	removeBuilds()
	os.Exit(status)
}

// Package testkit helps the tests of all packages: it fails a package that
// leaves anything behind, re-executes test binaries in other roles, replays
// random seeds and loads golden bytes. Only tests import it.
package testkit

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"
)

// runVar marks every descendant of a test run, also one that lost its parent.
const runVar = "LLMP_TESTKIT_RUN"

// What ends by itself (a goroutine on its way out, a process that was just
// killed) is given settleTries * settlePause to do so.
const (
	settleTries = 60
	settlePause = 50 * time.Millisecond
)

// Main runs a package's tests:
//
//	func TestMain(m *testing.M) { testkit.Main(m) }
//
// The package fails when goroutines, open files, attached or created shared
// memory, or child processes are left that were not there at the start. Child
// processes are then killed and created shared memory is removed. Other
// packages' tests may run at the same time: only what this process, or one that
// it started by Spawn or Start, made is counted.
func Main(m *testing.M) {
	if name, ok := os.LookupEnv(roleVar); ok {
		os.Exit(play(name))
	}
	if err := os.Setenv(runVar, strconv.Itoa(os.Getpid())); err != nil {
		panic(err)
	}
	before := scan()
	code := m.Run()
	if left := settle(before); len(left) > 0 {
		fmt.Fprintln(os.Stderr, "FAIL: left behind by the tests of this package:")
		for _, l := range left {
			fmt.Fprintln(os.Stderr, " ", l.what)
			if l.remove != nil {
				l.remove()
			}
		}
		code = max(code, 1)
	}
	os.Exit(code)
}

// A leftover is something that can be left behind.
type leftover struct {
	what   string
	remove func() // nil: ends with the process
}

// A scene is all there is at one moment, each under a key that stays the same.
type scene map[string]leftover

// settle returns what is there but was not before.
func settle(before scene) []leftover {
	left := added(before)
	for i := 0; i < settleTries && len(left) > 0; i++ {
		time.Sleep(settlePause)
		left = added(before)
	}
	return left
}

func added(before scene) []leftover {
	var left []leftover
	for key, l := range scan() {
		if _, ok := before[key]; !ok {
			left = append(left, l)
		}
	}
	return left
}

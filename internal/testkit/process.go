package testkit

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	roleVar = "LLMP_TESTKIT_ROLE"
	// A child that still runs after this time is killed: a hang costs one test.
	childLimit = time.Minute
)

var (
	roles = map[string]func(args []string) error{}

	pidsMu sync.Mutex
	pids   = map[int]bool{os.Getpid(): true}
)

// own notes that a process belongs to this test run, so that what it leaves
// behind is counted even after its death.
func own(pid int) {
	pidsMu.Lock()
	defer pidsMu.Unlock()
	pids[pid] = true
}

func isOwn(pid int) bool {
	pidsMu.Lock()
	defer pidsMu.Unlock()
	return pids[pid]
}

// Role names something the test binary can do in a process of its own, for
// Spawn. Call it from init. The process exits with 0 when f returns nil, else
// with 1 and the error on standard error.
func Role(name string, f func(args []string) error) { roles[name] = f }

func play(name string) int {
	_ = os.Unsetenv(roleVar)
	f := roles[name]
	if f == nil {
		fmt.Fprintf(os.Stderr, "testkit: no role %q\n", name)
		return 1
	}
	go func() { // the parent holds the other end, so it closes even by SIGKILL
		_, _ = io.Copy(io.Discard, os.NewFile(lifeline, "lifeline"))
		os.Exit(1)
	}()
	if err := f(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "role %s: %v\n", name, err)
		return 1
	}
	return 0
}

// lifeline is the descriptor on which a role sees that its parent is gone.
const lifeline = 3

// A Process is a child that a test talks to.
type Process struct {
	PID   int
	Stdin io.WriteCloser

	t      testing.TB
	cmd    *exec.Cmd
	stdout *bufio.Reader
	stderr bytes.Buffer
	limit  *time.Timer
	wait   func() error
}

// Spawn runs the test binary in a role (see Role). It does not outlive the
// test.
func Spawn(t testing.TB, role string, args ...string) *Process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	cmd := exec.Command(exe, args...)
	cmd.Env = append(os.Environ(), roleVar+"="+role)
	cmd.ExtraFiles = []*os.File{read}
	t.Cleanup(func() { write.Close() })
	return Start(t, cmd)
}

// Start starts any command with pipes to its standard input and output. It is
// killed when the test ends or after a minute; what it wrote to standard error
// goes to the test's log.
func Start(t testing.TB, cmd *exec.Cmd) *Process {
	t.Helper()
	p := &Process{t: t, cmd: cmd}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	// A pipe of our own: Wait may then be called while output is unread.
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = write, &p.stderr
	cmd.WaitDelay = time.Second // for standard error that a grandchild keeps open
	err = cmd.Start()
	write.Close()
	if err != nil {
		read.Close()
		t.Fatal(err)
	}
	own(cmd.Process.Pid)
	p.PID, p.Stdin, p.stdout = cmd.Process.Pid, stdin, bufio.NewReader(read)
	p.wait = sync.OnceValue(cmd.Wait)
	p.limit = time.AfterFunc(childLimit, func() { _ = cmd.Process.Kill() })
	t.Cleanup(func() {
		p.Kill()
		read.Close()
		if p.stderr.Len() > 0 {
			t.Logf("standard error of process %d:\n%s", p.PID, p.stderr.String())
		}
	})
	return p
}

// ReadLine returns the next line the child prints. The test fails when it ends
// instead.
func (p *Process) ReadLine() string {
	p.t.Helper()
	line, err := p.stdout.ReadString('\n')
	if err != nil {
		state := p.Wait()
		p.t.Fatalf("process %d ended (%v) before it printed a line: %q %v", p.PID, state, line, err)
	}
	return strings.TrimSuffix(line, "\n")
}

// WriteLine sends a line to the child's standard input.
func (p *Process) WriteLine(line string) {
	p.t.Helper()
	if _, err := io.WriteString(p.Stdin, line+"\n"); err != nil {
		p.t.Fatalf("write to process %d: %v", p.PID, err)
	}
}

// Wait closes the child's standard input and waits until it ends; nil if it
// exited with 0. Its error says what it wrote to standard error.
func (p *Process) Wait() error {
	_ = p.Stdin.Close()
	err := p.wait()
	p.limit.Stop()
	if err != nil && p.stderr.Len() > 0 {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(p.stderr.String()))
	}
	return err
}

// Kill ends the child with SIGKILL and waits until it is gone.
func (p *Process) Kill() {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Errorf("kill process %d: %v", p.PID, err)
	}
	_ = p.Wait() // its fate is known
}

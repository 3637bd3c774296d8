package interop

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for one line, or for a process to end. The
// programs give up earlier, and say why.
const patience = 90 * time.Second

// An event is a line that a program printed.
type event struct {
	Event    string
	Port     int
	ClientID uint32 `json:"client_id"`
	Index    int
	Sender   uint32
	Tag      uint32
	Flags    uint32
	Len      int
	SHA256   string
	Postcard string
	ID       string
	Size     int
	Sent     int
	Received int
	Error    string
	// Of a test case.
	Exit       uint32
	Corpus     uint64
	Executions uint64
}

// A process is a program under test, and what it prints.
type process struct {
	t      *testing.T
	name   string
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	events chan event
	stderr bytes.Buffer // whole once ended is closed
	ended  chan struct{}
	status error
}

var spawned struct {
	sync.Mutex
	pids []int
}

func allPIDs() []int {
	spawned.Lock()
	defer spawned.Unlock()
	return append([]int(nil), spawned.pids...)
}

// start runs a program. It is ended with the test, whatever happens.
func start(t *testing.T, name string, command ...string) *process {
	t.Helper()
	p := &process{
		t: t, name: name, cmd: exec.Command(command[0], command[1:]...),
		events: make(chan event, 1<<16), ended: make(chan struct{}),
	}
	p.cmd.Stderr = &p.stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	spawned.Lock()
	spawned.pids = append(spawned.pids, p.cmd.Process.Pid)
	spawned.Unlock()
	go p.read(stdout)
	t.Cleanup(p.kill)
	return p
}

func (p *process) read(stdout io.Reader) {
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			e = event{Event: "no JSON: " + lines.Text()}
		}
		p.events <- e
	}
	close(p.events)
	p.status = p.cmd.Wait()
	close(p.ended)
}

// kill ends what a failed test left running, and removes its shared memory.
func (p *process) kill() {
	select {
	case <-p.ended:
		return
	default:
	}
	_ = p.stdin.Close()
	select {
	case <-p.ended:
	case <-time.After(5 * time.Second):
		_ = p.cmd.Process.Kill()
		for range p.events { // read must not block on a full channel
		}
		<-p.ended
	}
	removeLeftovers(p.cmd.Process.Pid)
}

// next returns the next line, which must be of this kind.
func (p *process) next(kind string) event {
	p.t.Helper()
	select {
	case e, ok := <-p.events:
		if !ok {
			p.t.Fatalf("%s ended (%v) instead of saying %q; stderr: %s", p.name, p.wait(), kind, p.complaint())
		}
		if e.Event != kind {
			p.t.Fatalf("%s says %q (%s), want %q", p.name, e.Event, e.Error, kind)
		}
		return e
	case <-time.After(patience):
		p.t.Fatalf("%s did not say %q within %v", p.name, kind, patience)
	}
	panic("not reached")
}

// messages returns the next n lines, which must be messages.
func (p *process) messages(n int) []event {
	p.t.Helper()
	all := make([]event, n)
	for i := range all {
		all[i] = p.next("message")
		if all[i].Index != i {
			p.t.Fatalf("%s reports message %d as number %d", p.name, i, all[i].Index)
		}
	}
	return all
}

// done expects that the program has done its work and ends well, and leaves
// nothing behind.
func (p *process) done() event {
	p.t.Helper()
	e := p.next("done")
	if e, more := <-p.events; more {
		p.t.Fatalf("%s says %q (%s) after it was done", p.name, e.Event, e.Error)
	}
	if err := p.wait(); err != nil {
		p.t.Fatalf("%s: %v; stderr: %s", p.name, err, p.complaint())
	}
	return e
}

// stop closes stdin, on which some programs wait, and expects done.
func (p *process) stop() {
	p.t.Helper()
	_ = p.stdin.Close()
	p.done()
}

func (p *process) wait() error {
	p.t.Helper()
	select {
	case <-p.ended:
		return p.status
	case <-time.After(patience):
		p.t.Fatalf("%s does not end", p.name)
	}
	panic("not reached")
}

// complaint is what an ended process wrote to stderr, or its first kilobyte.
func (p *process) complaint() string {
	text := strings.TrimSpace(p.stderr.String())
	return text[:min(len(text), 1024)]
}

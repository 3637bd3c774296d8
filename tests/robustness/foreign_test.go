package robustness

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"llmp/internal/sysvipc"
	"llmp/internal/testkit"
	"llmp/llmp"
)

// buildProbe compiles the receiver in C.
func buildProbe(t *testing.T) string {
	t.Helper()
	return buildC(t, "receiver")
}

// buildC compiles a program of probe/; "" where there is no library or compiler,
// which the log then says.
func buildC(t *testing.T, name string) string {
	t.Helper()
	lib, err := filepath.Abs("../../build/libllmp.so.1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(lib); err != nil {
		t.Log("without programs in C: run scripts/build-library.sh first")
		return ""
	}
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Log("without programs in C: there is no cc")
		return ""
	}
	path := filepath.Join(t.TempDir(), name)
	out, err := exec.Command(cc, "-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-I../../include", "probe/"+name+".c",
		lib, "-Wl,-rpath,"+filepath.Dir(lib), "-o", path).CombinedOutput()
	if err != nil {
		t.Fatalf("probe/%s.c: %v\n%s", name, err, out)
	}
	return path
}

// playC starts the receiver in C, which speaks as the one in Go does.
func (b *bus) playC(path string, args ...string) *player {
	b.t.Helper()
	p := &player{Process: testkit.Start(b.t, exec.Command(path, append([]string{b.port}, args...)...)), name: "C receiver"}
	p.expect(b.t, "joined")
	return p
}

// A libafl is the Rust peer of tests/interop as a receiver. All of its lines
// are read at the end: until then they wait in a file.
type libafl struct {
	*testkit.Process
	report string
}

// joinLibAFL starts it; nil where there is no cargo.
func joinLibAFL(t *testing.T, b *bus) *libafl {
	t.Helper()
	cargo, err := exec.LookPath("cargo")
	if err != nil {
		t.Log("without LibAFL: there is no cargo")
		return nil
	}
	build := exec.Command(cargo, "build", "--release", "--quiet", "--target-dir", "target")
	build.Dir = "../interop"
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building tests/interop: %v\n%s", err, out)
	}
	l := &libafl{report: filepath.Join(t.TempDir(), "report")}
	peer, err := filepath.Abs("../interop/target/release/llmp-peer")
	if err != nil {
		t.Fatal(err)
	}
	// The shell goes when the peer does: exec.
	l.Process = testkit.Start(t, exec.Command("sh", "-c", `exec "$0" "$@" >`+l.report,
		peer, "recv", "--port", b.port, "--count", "0"))
	return l
}

// pause stops it for a while.
func (l *libafl) pause(t *testing.T, d time.Duration) {
	t.Helper()
	if l == nil {
		return
	}
	p := player{Process: l.Process, name: "LibAFL's client"}
	p.signal(t, syscall.SIGSTOP)
	time.Sleep(d)
	p.signal(t, syscall.SIGCONT)
}

// murder kills it, and removes its pages, which LibAFL itself marks for removal
// only when it ends in good order.
func (l *libafl) murder(t *testing.T) {
	t.Helper()
	if l == nil {
		return
	}
	l.Kill()
	segments, err := sysvipc.List()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range segments {
		if s.Creator == l.PID {
			_, _ = unix.SysvShmCtl(s.ID, unix.IPC_RMID, nil)
		}
	}
}

// check compares what LibAFL's client got with what was sent. The broker has ended.
func (l *libafl) check(t *testing.T, sent ledger) {
	t.Helper()
	if l == nil {
		return
	}
	if err := l.Wait(); err != nil {
		t.Errorf("LibAFL's client ended badly: %v", err)
	}
	text, err := os.ReadFile(l.report)
	if err != nil {
		t.Fatal(err)
	}
	got := ledger{}
	for line := range strings.Lines(string(text)) {
		var e struct {
			Event, Error, SHA256 string
			Tag                  llmp.Tag
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(errors.Join(err, errors.New(line)))
		}
		switch {
		case e.Event == "error":
			t.Errorf("LibAFL's client: %s", e.Error)
		case e.Event == "message" && e.Tag >= firstTag:
			if sum := sha256.Sum256(payload(e.Tag, got[e.Tag])); e.SHA256 != hex.EncodeToString(sum[:]) {
				t.Fatalf("LibAFL's client got something else than message %d of sender %#x", got[e.Tag], uint32(e.Tag))
			}
			got[e.Tag]++
		}
	}
	if !got.reached(sent) {
		t.Errorf("LibAFL's client got %v of %v", got, sent)
	}
	t.Logf("LibAFL's client got messages of %d senders", len(got))
}

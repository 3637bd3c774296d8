package testkit

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"llmp/shmem"
)

func TestMain(m *testing.M) { Main(m) }

func init() {
	Role("echo", echo)
	Role("fail", func([]string) error { return errors.New("as told") })
	Role("leave segment", leaveSegment)
}

// echo prints its arguments, then what it reads.
func echo(args []string) error {
	fmt.Println(strings.Join(args, " "))
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		fmt.Println(in.Text())
	}
	return nil
}

func leaveSegment([]string) error {
	id, err := unix.SysvShmGet(unix.IPC_PRIVATE, 4096, unix.IPC_CREAT|0o600)
	fmt.Println(id)
	return err
}

func TestEachKindOfLeftoverIsSeen(t *testing.T) {
	kinds := []struct {
		name, want string
		leave      func(*testing.T) (remove func())
	}{
		{"goroutine", "leaveGoroutine", leaveGoroutine},
		{"file", "open file", leaveFile},
		{"heap map", "heap map", leaveMap(shmem.Heap)},
		{"segment", "SysV segment", leaveMap(shmem.SysV)},
		{"attachment", "attached memory", leaveMap(shmem.SysV)},
		{"file in /dev/shm", "/dev/shm/llmp_" + strconv.Itoa(os.Getpid()), leaveMap(shmem.Posix)},
		{"child", "process not waited for", func(t *testing.T) func() { return Spawn(t, "echo").Kill }},
		{"child without a parent", "process not waited for", leaveOrphan},
		{"segment of a dead child", "SysV segment", leaveChildsSegment},
	}
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			before := scan()
			t.Run("leave", func(t *testing.T) {
				remove := k.leave(t)
				defer remove()
				if left := fmt.Sprint(added(before)); !strings.Contains(left, k.want) {
					t.Errorf("not seen: want %q in %s", k.want, left)
				}
			})
			for _, l := range settle(before) {
				t.Errorf("seen although removed: %s", l.what)
			}
		})
	}
}

func leaveGoroutine(*testing.T) func() {
	stop := make(chan struct{})
	go func() { <-stop }()
	return func() { close(stop) }
}

func leaveFile(t *testing.T) func() {
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	return func() { f.Close() }
}

func leaveMap(provider string) func(*testing.T) func() {
	return func(t *testing.T) func() {
		p, err := shmem.ByName(provider)
		if err != nil {
			t.Fatal(err)
		}
		m, err := p.Create(4096, 0)
		if err != nil {
			t.Fatal(err)
		}
		return func() { m.Close() }
	}
}

// leaveOrphan starts a process whose parent, a shell, ends before it.
func leaveOrphan(t *testing.T) func() {
	sh := Start(t, exec.Command("sh", "-c", "sleep 60 >/dev/null 2>&1 & echo $!"))
	pid, err := strconv.Atoi(sh.ReadLine())
	if err != nil {
		t.Fatal(err)
	}
	if err := sh.Wait(); err != nil {
		t.Fatal(err)
	}
	return func() { _ = unix.Kill(pid, unix.SIGKILL) }
}

func leaveChildsSegment(t *testing.T) func() {
	p := Spawn(t, "leave segment")
	id, err := strconv.Atoi(p.ReadLine())
	if err != nil {
		t.Fatal(err)
	}
	p.Kill()
	return func() { _, _ = unix.SysvShmCtl(id, unix.IPC_RMID, nil) }
}

// TestMainFailsThePackage runs itself in a second test process, where it leaves
// a child behind.
func TestMainFailsThePackage(t *testing.T) {
	const leave = "LLMP_TESTKIT_LEAVE"
	if os.Getenv(leave) != "" {
		if err := exec.Command("sleep", "60").Start(); err != nil {
			t.Fatal(err)
		}
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestMainFailsThePackage$")
	cmd.Env = append(os.Environ(), leave+"=1")
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), "process not waited for") {
		t.Errorf("want exit code 1 and the process named, got %v:\n%s", err, out)
	}
}

func TestSpawnTalksToARole(t *testing.T) {
	p := Spawn(t, "echo", "some", "words")
	if got := p.ReadLine(); got != "some words" {
		t.Errorf("arguments arrived as %q", got)
	}
	p.WriteLine("a line")
	if got := p.ReadLine(); got != "a line" {
		t.Errorf("a line came back as %q", got)
	}
	if err := p.Wait(); err != nil {
		t.Error(err)
	}
}

func TestARolesErrorReachesTheParent(t *testing.T) {
	for role, want := range map[string]string{"fail": "as told", "never heard of": "no role"} {
		if err := Spawn(t, role).Wait(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("role %q: got %v, want an error with %q", role, err, want)
		}
	}
}

func TestKillByPID(t *testing.T) {
	p := Spawn(t, "echo")
	p.ReadLine()
	p.Kill()
	if err := unix.Kill(p.PID, 0); err != unix.ESRCH {
		t.Errorf("signal 0 to the killed process: %v, want ESRCH", err)
	}
}

func TestSeed(t *testing.T) {
	t.Setenv("LLMP_SEED", "1")
	_ = os.Unsetenv("LLMP_SEED") // Setenv brings back what it was
	if first, second := Seed(t), Seed(t); first == second {
		t.Error("two seeds are alike")
	}
	t.Setenv("LLMP_SEED", "18446744073709551615")
	if got := Seed(t); got != 1<<64-1 {
		t.Errorf("LLMP_SEED gave %d", got)
	}
	if a, b := Rand(t).Uint64(), Rand(t).Uint64(); a != b {
		t.Errorf("one seed gave %d and %d", a, b)
	}
}

func TestGolden(t *testing.T) {
	var vectors struct {
		Page struct {
			MapSize int `json:"map_size"`
			Fresh   Hex `json:"fresh_hex"`
		}
	}
	t.Chdir(filepath.Join(moduleRoot(t), "testdata", "wire"))
	Golden(t, LibAFL, &vectors)
	if p := vectors.Page; p.MapSize != 1<<20 || len(p.Fresh) < 48 || p.Fresh[0] != 0xf1 {
		t.Errorf("read %d and % x", p.MapSize, p.Fresh)
	}
}

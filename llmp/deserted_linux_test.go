package llmp

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"llmp/internal/testkit"
	"llmp/shmem"
)

func init() {
	testkit.Role("deserter", roleDeserter)
	testkit.Role("lingerer", roleLingerer)
}

// connectAs joins the bus as a role's arguments say: PORT PROVIDER.
func connectAs(args []string) (*Client, error) {
	port, err := strconv.ParseUint(args[0], 10, 16)
	if err != nil {
		return nil, err
	}
	p, err := shmem.ByName(args[1])
	if err != nil {
		return nil, err
	}
	return Connect(context.Background(), Options{Port: uint16(port), Provider: p})
}

// roleDeserter joins the bus on a port, with a provider, sends a message and ends
// without a word.
func roleDeserter(args []string) error {
	c, err := connectAs(args)
	if err != nil {
		return err
	}
	if err := c.Send(1, []byte("last words")); err != nil {
		return err
	}
	fmt.Println("sent")
	os.Exit(0)
	return nil
}

// TestDeadClientsAreForgotten: what they sent arrives, then they and their pages
// go; a client that lives and is silent stays.
func TestDeadClientsAreForgotten(t *testing.T) {
	for _, name := range []string{shmem.SysV, shmem.Posix} {
		t.Run(name, func(t *testing.T) { deadClientsAreForgotten(t, provider(t, name)) })
	}
}

func deadClientsAreForgotten(t *testing.T, p shmem.Provider) {
	usual := desertedFor
	t.Cleanup(func() { desertedFor = usual }) // when the broker has ended
	desertedFor = 100 * time.Millisecond
	b, port := runBroker(t, BrokerOptions{Provider: p})
	living := connect(t, port, p)
	const dead = 5
	for range dead {
		child := testkit.Spawn(t, "deserter", strconv.Itoa(int(port)), p.Name())
		t.Cleanup(func() { removeOrphansOf(t, child.PID) })
		if line := child.ReadLine(); line != "sent" {
			t.Fatalf("the client said %q", line)
		}
		if err := child.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	ctx := within(t, 60*time.Second)
	for range dead {
		if _, err := living.RecvContext(ctx); err != nil {
			t.Fatal(err)
		}
	}
	for b.Stats().Clients != 1 {
		if ctx.Err() != nil {
			t.Fatalf("%d clients are still there, want the one that lives", b.Stats().Clients)
		}
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(5 * desertedFor)
	if n := b.Stats().Clients; n != 1 {
		t.Errorf("%d clients, want the one that lives and is silent", n)
	}
}

// removeOrphansOf removes what a process that died has left behind.
func removeOrphansOf(t *testing.T, pid int) {
	t.Helper()
	all, err := shmem.Orphans()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range all {
		if o.PID == pid && o.Provider == shmem.Posix {
			if err := o.Remove(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestKilledJoinerOnPosix: a joiner of ours that was killed amid the history is
// known to be dead though nobody counts attachments; the one who waits for its
// turn need not wait for the slow time-out.
func TestKilledJoinerOnPosix(t *testing.T) {
	const n, size = 3000, 1000
	p := provider(t, shmem.Posix)
	b, port := runBroker(t, BrokerOptions{Provider: p, PageSize: 64 << 10, Budget: 1 << 20, SlowTimeout: time.Hour, ArchiveDir: t.TempDir()})
	a, live := connect(t, port, p), connect(t, port, p)
	sendNumbered(t, a, live, 0, n, size)
	var killed []*testkit.Process
	for range b.maxFilling() {
		child := testkit.Spawn(t, "lingerer", strconv.Itoa(int(port)), p.Name())
		if line := child.ReadLine(); line != "reading" {
			t.Fatalf("the joiner said %q", line)
		}
		t.Cleanup(func() { removeOrphansOf(t, child.PID) })
		killed = append(killed, child)
	}
	for _, child := range killed {
		child.Kill()
	}
	readNumbered(t, connect(t, port, p), 0, n)
	if s := b.Stats(); s.CutOff != 0 {
		t.Errorf("%d were cut off: nobody was to be", s.CutOff)
	}
}

// roleLingerer joins the bus on a port, with a provider, reads one message and no
// more.
func roleLingerer(args []string) error {
	c, err := connectAs(args)
	if err != nil {
		return err
	}
	if _, err := c.RecvContext(context.Background()); err != nil {
		return err
	}
	fmt.Println("reading")
	_, err = os.Stdin.Read(make([]byte, 1))
	return err
}

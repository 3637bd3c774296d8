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

func init() { testkit.Role("deserter", roleDeserter) }

// roleDeserter joins the bus on a port, sends a message and ends without a word.
func roleDeserter(args []string) error {
	port, err := strconv.ParseUint(args[0], 10, 16)
	if err != nil {
		return err
	}
	c, err := Connect(context.Background(), Options{Port: uint16(port)})
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
	usual := desertedFor
	t.Cleanup(func() { desertedFor = usual }) // when the broker has ended
	desertedFor = 100 * time.Millisecond
	p := provider(t, shmem.SysV)
	b, port := runBroker(t, BrokerOptions{Provider: p})
	living := connect(t, port, p)
	const dead = 5
	for range dead {
		child := testkit.Spawn(t, "deserter", strconv.Itoa(int(port)))
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

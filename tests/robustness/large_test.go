package robustness

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
	"unsafe"

	"llmp/internal/testkit"
	"llmp/llmp"
)

func init() { testkit.Role("large", playLarge) }

// playLarge: PORT send|recv. Sends or receives a message of the largest size, and
// a small one after it; probe/large.c does the same in C. It waits for a line
// before and for the end of its input after that.
func playLarge(args []string) error {
	port, err := strconv.ParseUint(args[0], 10, 16)
	if err != nil {
		return err
	}
	c, err := llmp.Connect(context.Background(), llmp.Options{Port: uint16(port), SkipOwn: true})
	if err != nil {
		return err
	}
	defer c.Close()
	fmt.Println("joined")
	in := bufio.NewReader(os.Stdin)
	if _, err := in.ReadString('\n'); err != nil {
		return err
	}
	if args[1] == "send" {
		err = sendLarge(c)
	} else {
		err = receiveLarge(c)
	}
	if err != nil {
		fmt.Println(err)
		return err
	}
	_, _ = in.ReadString('\n')
	return nil
}

// wordsOf is a payload as 64-bit words; word i of the message is largeWord(i).
func wordsOf(b []byte) []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/8)
}

func largeWord(i int) uint64 { return uint64(i+1) * 0x9e3779b97f4a7c15 }

func sendLarge(c *llmp.Client) error {
	if _, err := c.Alloc(llmp.MaxPayload + 1); !errors.Is(err, llmp.ErrTooBig) {
		return fmt.Errorf("one byte too many was not refused: %v", err)
	}
	data, err := c.Alloc(llmp.MaxPayload)
	if err != nil {
		return err
	}
	words := wordsOf(data)
	for i := range words {
		words[i] = largeWord(i)
	}
	if err := c.Commit(firstTag, 0, len(data)); err != nil {
		return err
	}
	if err := c.Send(firstTag, []byte("small")); err != nil {
		return err
	}
	fmt.Println("sent")
	return nil
}

func receiveLarge(c *llmp.Client) error {
	m, err := c.RecvContext(context.Background())
	if err != nil {
		return err
	}
	if m.Tag != firstTag || len(m.Data) != llmp.MaxPayload {
		return fmt.Errorf("%d bytes came under tag %#x", len(m.Data), uint32(m.Tag))
	}
	for i, w := range wordsOf(m.Data) {
		if w != largeWord(i) {
			return fmt.Errorf("byte %d is wrong", 8*i)
		}
	}
	if m, err = c.RecvContext(context.Background()); err != nil {
		return err
	}
	if string(m.Data) != "small" {
		return errors.New("the next message is wrong")
	}
	fmt.Println("received")
	return nil
}

// availableMemory is how many bytes can be had without swapping.
func availableMemory(t *testing.T) uint64 {
	t.Helper()
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var kb uint64
		if n, _ := fmt.Sscanf(line, "MemAvailable: %d kB", &kb); n == 1 {
			return kb << 10
		}
	}
	t.Fatal("no MemAvailable in /proc/meminfo")
	return 0
}

// TestLargest has messages of 1 GiB cross a bus with a budget of 64 MiB: from C
// to Go and from Go to C, as long as there is a compiler. The memory of the
// broker's side is back within the budget afterwards.
func TestLargest(t *testing.T) {
	const needed = 4 << 30 // the sender's page, the broadcast page, and room for others
	if have := availableMemory(t); have < needed {
		t.Skipf("%d MiB of memory are free, %d are needed", have>>20, needed>>20)
	}
	b, err := llmp.NewBroker(llmp.BrokerOptions{History: llmp.HistoryNone})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	port, err := b.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- b.Run(context.Background()) }()
	defer func() {
		b.Stop()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	}()
	inC := buildC(t, "large")
	play := func(language, what string) *player {
		args := []string{strconv.Itoa(int(port)), what}
		p := &player{name: language + ", " + what}
		if language == "C" {
			p.Process = testkit.Start(t, exec.Command(inC, args...))
		} else {
			p.Process = testkit.Spawn(t, "large", args...)
		}
		p.expect(t, "joined")
		_, _ = io.WriteString(p.Stdin, "\n")
		return p
	}
	pairs := [][2]string{{"C", "Go"}, {"Go", "C"}}
	if inC == "" {
		pairs = [][2]string{{"Go", "Go"}}
	}
	for _, pair := range pairs {
		receiver := play(pair[1], "recv")
		sender := play(pair[0], "send")

		sender.expect(t, "sent")
		receiver.expect(t, "received")
		if s := b.Stats(); s.SharedBytes > 64<<20+llmp.MaxPayload*9/8 {
			t.Errorf("%d bytes of shared memory: more than the budget and one page", s.SharedBytes)
		}
		for _, p := range []*player{sender, receiver} {
			_ = p.Stdin.Close()
			p.ended(t)
		}
		for deadline := time.Now().Add(time.Minute); b.Stats().SharedBytes > 64<<20; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%d bytes of shared memory a minute later", b.Stats().SharedBytes)
			}
		}
	}
	if s := b.Stats(); s.Forwarded != uint64(2*len(pairs)) || s.CutOff != 0 {
		t.Errorf("%+v", s)
	}
}

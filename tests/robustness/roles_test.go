package robustness

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"strconv"
	"strings"
	"time"

	"llmp/internal/testkit"
	"llmp/llmp"
)

// pageSize makes pages turn over after some ten messages.
const pageSize = 4096

func init() {
	testkit.Role("broker", playBroker)
	testkit.Role("sender", playSender)
	testkit.Role("receiver", playReceiver)
}

// playBroker: PORT SLOW-TIMEOUT. It ends when its standard input does.
func playBroker(args []string) error {
	port, err := strconv.ParseUint(args[0], 10, 16)
	if err != nil {
		return err
	}
	slow, err := time.ParseDuration(args[1])
	if err != nil {
		return err
	}
	b, err := llmp.NewBroker(llmp.BrokerOptions{PageSize: pageSize, Budget: 128 * pageSize, SlowTimeout: slow})
	if err != nil {
		return err
	}
	defer b.Close()
	listening, err := b.Listen(uint16(port))
	if err != nil {
		return err
	}
	fmt.Println(listening)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		for range lines() {
		}
		cancel()
	}()
	if err := b.Run(ctx); err != nil {
		return err
	}
	s := b.Stats()
	fmt.Printf("%d messages, %d bytes, %d in shared memory, %d receivers cut off\n",
		s.Messages, s.Bytes, s.SharedBytes, s.CutOff)
	return nil
}

// lines are those of standard input.
func lines() <-chan string {
	out := make(chan string)
	go func() {
		defer close(out)
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			out <- in.Text()
		}
	}()
	return out
}

func join(args []string) (*llmp.Client, error) {
	port, err := strconv.ParseUint(args[0], 10, 16)
	if err != nil {
		return nil, err
	}
	c, err := llmp.Connect(context.Background(), llmp.Options{
		Port: uint16(port), PageSize: pageSize, SkipOwn: true, SendTimeout: 100 * time.Millisecond,
	})
	if err == nil {
		fmt.Println("joined")
	}
	return c, err
}

// playSender: PORT TAG MOST. Sends until it has sent so many messages or its
// standard input ends, and says how many.
func playSender(args []string) error {
	tag, err := strconv.ParseUint(args[1], 0, 32)
	if err != nil {
		return err
	}
	most, err := strconv.ParseUint(args[2], 10, 64)
	if err != nil {
		return err
	}
	c, err := join(args)
	if err != nil {
		return bearable(err)
	}
	in := lines()
	sent := uint64(0)
	fmt.Println("sending")
	for over := false; !over; {
		for i := 0; i < 16 && sent < most && err == nil; i++ {
			if err = c.Send(llmp.Tag(tag), payload(llmp.Tag(tag), sent)); err == nil {
				sent++
			}
		}
		if errors.Is(err, llmp.ErrFull) {
			err = nil // someone is slow: again
		}
		if err != nil {
			break
		}
		if sent == most {
			fmt.Println("all")
			<-in
			break
		}
		select {
		case _, more := <-in:
			over = !more
		default:
		}
	}
	if err == nil {
		err = c.Close()
	} else {
		_ = c.Close() // it has said why already
	}
	if err != nil {
		return bearable(err)
	}
	fmt.Println("sent", sent)
	return nil
}

// bearable turns an error of the bus into a line: it is for the test to say
// whether it was to be expected. A bug is nothing that the bus says of itself.
func bearable(err error) error {
	if errors.Is(err, llmp.ErrInternal) {
		return err
	}
	fmt.Println("gone:", err)
	return nil
}

// playReceiver: PORT [careless]. Checks all that comes. A line "TAG=N ..." says
// with what it ends; the end of its input ends it at once.
func playReceiver(args []string) error {
	careless := len(args) > 1
	c, err := join(args)
	if err != nil {
		return bearable(err)
	}
	defer c.Close()
	in := lines()
	got, goal := ledger{}, ledger(nil)
	total, touched := 0, uint32(0)
	for goal == nil || !got.reached(goal) {
		select {
		case line, more := <-in:
			if !more && goal == nil {
				fmt.Println("got", total)
				return nil
			}
			if more {
				goal = parseGoal(line)
			} else {
				in = nil
			}
		default:
		}
		m, ok, err := c.RecvTimeout(20 * time.Millisecond)
		if err != nil {
			return bearable(err)
		}
		if !ok {
			continue
		}
		total++
		touched ^= crc32.ChecksumIEEE(m.Data) // all of it: it must be there to be read
		if !careless && m.Tag >= firstTag {
			if err := got.enter(m.Tag, m.Data); err != nil {
				return err
			}
		}
	}
	fmt.Println("got", total, touched)
	return nil
}

func parseGoal(line string) ledger {
	goal := ledger{}
	for _, word := range strings.Fields(line) {
		var tag llmp.Tag
		var n uint64
		if _, err := fmt.Sscanf(word, "%d=%d", &tag, &n); err == nil {
			goal[tag] = n
		}
	}
	return goal
}

func (l ledger) String() string {
	var words []string
	for tag, n := range l {
		words = append(words, fmt.Sprintf("%d=%d", tag, n))
	}
	return strings.Join(words, " ")
}

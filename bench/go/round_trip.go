package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"time"

	"llmp/llmp"
	"llmp/shmem"
)

const warmUp = 2000

// roundTrip measures a message there and back between two processes that spin.
func roundTrip(o *options) error {
	sizes, err := o.numbers("sizes", "64")
	if err != nil {
		return err
	}
	rounds, err := o.number("rounds", 100_000)
	if err != nil {
		return err
	}
	turns, err := o.number("turns", 5)
	if err != nil {
		return err
	}
	if err := o.finish(); err != nil {
		return err
	}
	pin(0)
	for turn := range turns {
		for _, size := range sizes {
			if err := lead(size, rounds, turn); err != nil {
				return err
			}
		}
	}
	return nil
}

// end is one end of two one-way channels between two processes.
type end struct {
	out *llmp.Sender
	in  *llmp.Receiver
}

// makeEnd makes this side, tells the other one of it, and joins that.
func makeEnd(id llmp.ClientID, from *bufio.Reader, to io.Writer) (*end, error) {
	out, err := llmp.NewSender(id, llmp.Options{})
	if err != nil {
		return nil, err
	}
	place := out.Map()
	if _, err := fmt.Fprintf(to, "%s %d\n", place.ID, place.Size); err != nil {
		return nil, err
	}
	var name string
	theirs := llmp.MapDescription{Offset: llmp.NoOffset}
	if _, err := fmt.Fscanf(from, "%s %d\n", &name, &theirs.Size); err != nil {
		return nil, fmt.Errorf("the other process is gone: %w", err)
	}
	if theirs.ID, err = shmem.ParseID(name); err != nil {
		return nil, err
	}
	in, err := llmp.AttachReceiver(theirs, llmp.Options{})
	return &end{out, in}, err
}

func (e *end) take(size int) error {
	for {
		m, ok, err := e.in.Recv()
		if err != nil {
			return err
		}
		if ok && len(m.Data) != size {
			return fmt.Errorf("%d bytes came, not %d", len(m.Data), size)
		}
		if ok {
			return nil
		}
	}
}

func (e *end) leave() error { return errors.Join(e.in.Close(), e.out.Close()) }

func lead(size, rounds, turn int) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	child := exec.Command(self, "reply", "--size", strconv.Itoa(size), "--rounds", strconv.Itoa(rounds))
	child.Stderr = os.Stderr
	to, err := child.StdinPipe()
	if err != nil {
		return err
	}
	from, err := child.StdoutPipe()
	if err != nil {
		return err
	}
	if err := child.Start(); err != nil {
		return err
	}
	samples, err := ping(bufio.NewReader(from), to, size, rounds)
	_ = to.Close()
	if err != nil {
		_ = child.Process.Kill()
	}
	if err := errors.Join(err, child.Wait()); err != nil {
		return err
	}
	return row{Bench: "round trip", Size: size, Turn: turn}.report("ns", samples)
}

func ping(from *bufio.Reader, to io.Writer, size, rounds int) ([]float64, error) {
	e, err := makeEnd(1, from, to)
	if err != nil {
		return nil, err
	}
	if _, err := from.ReadString('\n'); err != nil { // it has joined, too
		return nil, err
	}
	payload := make([]byte, size)
	samples := make([]float64, 0, rounds)
	for i := range warmUp + rounds {
		start := time.Now()
		if err := e.out.Send(tag, payload); err != nil {
			return nil, err
		}
		if err := e.take(size); err != nil {
			return nil, err
		}
		if i >= warmUp {
			samples = append(samples, float64(time.Since(start).Nanoseconds()))
		}
	}
	return samples, e.leave()
}

// reply is the other process of a round trip.
func reply(o *options) error {
	size, err := o.number("size", 64)
	if err != nil {
		return err
	}
	rounds, err := o.number("rounds", 0)
	if err != nil {
		return err
	}
	if err := o.finish(); err != nil {
		return err
	}
	dieWithParent()
	pin(1)
	input := bufio.NewReader(os.Stdin)
	e, err := makeEnd(2, input, os.Stdout)
	if err != nil {
		return err
	}
	fmt.Println("go")
	payload := make([]byte, size)
	for range warmUp + rounds {
		if err := e.take(size); err != nil {
			return err
		}
		if err := e.out.Send(tag, payload); err != nil {
			return err
		}
	}
	// The other side closes the pipe once it has read the last message.
	_, _ = input.WriteTo(io.Discard)
	return e.leave()
}

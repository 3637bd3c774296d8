// Command gocount is work whose instructions callgrind counts: messages through
// one step of the Go core, in one thread, on a page that holds them all.
// bench/instructions/count.py runs it with two numbers of messages: the
// difference is what a message costs, whatever starting and calling do.
//
//	llmp-count-go MESSAGES SIZE    under valgrind --tool=callgrind --toggle-collect=main.STEP
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"

	"llmp/llmp"
)

const (
	pageSize          = 1 << 26
	rows              = 256
	tag      llmp.Tag = 0x4242
)

func main() {
	runtime.LockOSThread() // callgrind collects in the thread that entered the step
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "llmp-count-go:", err)
		os.Exit(1)
	}
}

func run(words []string) error {
	if len(words) != 2 {
		return errors.New("usage: llmp-count-go MESSAGES SIZE")
	}
	messages, err := strconv.Atoi(words[0])
	if err != nil {
		return err
	}
	size, err := strconv.Atoi(words[1])
	if err != nil {
		return err
	}
	out, err := llmp.NewSender(1, llmp.Options{PageSize: pageSize})
	if err != nil {
		return err
	}
	place := out.Map()
	place.Offset = llmp.NoOffset
	in, err := llmp.AttachReceiver(place, llmp.Options{})
	if err != nil {
		return errors.Join(err, out.Close())
	}
	payload := make([]byte, size)
	room := make([]llmp.Message, rows)
	return errors.Join(
		send(out, messages, payload),
		receive(in, messages),
		sendMany(out, messages, payload),
		receiveMany(in, messages, room),
		in.Close(), out.Close())
}

//go:noinline
func send(out *llmp.Sender, messages int, payload []byte) error {
	for range messages {
		if err := out.Send(tag, payload); err != nil {
			return err
		}
	}
	return nil
}

//go:noinline
func sendMany(out *llmp.Sender, messages int, payload []byte) error {
	batch := make([]llmp.Outgoing, rows)
	for i := range batch {
		batch[i] = llmp.Outgoing{Tag: tag, Data: payload}
	}
	for ; messages > 0; messages -= rows {
		if n, err := out.SendMany(batch); n != rows {
			return errors.Join(err, errors.New("not all of a batch could be sent"))
		}
	}
	return nil
}

//go:noinline
func receive(in *llmp.Receiver, messages int) error {
	for range messages {
		if _, ok, err := in.Recv(); err != nil || !ok {
			return errors.Join(err, errors.New("a message is missing"))
		}
	}
	return nil
}

//go:noinline
func receiveMany(in *llmp.Receiver, messages int, room []llmp.Message) error {
	for messages > 0 {
		n, err := in.RecvMany(room)
		if err != nil || n == 0 {
			return errors.Join(err, errors.New("a message is missing"))
		}
		messages -= n
	}
	return nil
}

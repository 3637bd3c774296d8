// Command gomember is a member of the demo's bus, in Go. See ../member.c.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"strconv"
	"time"

	"llmp/llmp"
)

const (
	tagFile  llmp.Tag = 0x46494c45 // "FILE"
	patience          = 20 * time.Second
)

type tally struct {
	sent, sentBytes, received, receivedBytes, checksum uint64
}

func (t *tally) send(bus *llmp.Client, name string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	t.sent++
	t.sentBytes += uint64(len(data))
	return bus.Send(tagFile, data)
}

func (t *tally) take(m llmp.Message) {
	if m.Tag != tagFile {
		return
	}
	t.received++
	t.receivedBytes += uint64(len(m.Data))
	t.checksum += uint64(crc32.ChecksumIEEE(m.Data))<<32 + uint64(len(m.Data))
	if t.received%16 == 0 {
		fmt.Println("received", t.received)
	}
}

// takeWaiting takes what is there.
func (t *tally) takeWaiting(bus *llmp.Client) error {
	for {
		m, ok, err := bus.Recv()
		if !ok || err != nil {
			return err
		}
		t.take(m)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return errors.New("usage: gomember PORT TOTAL LIST")
	}
	port, err := strconv.ParseUint(args[0], 10, 16)
	if err != nil {
		return err
	}
	total, err := strconv.ParseUint(args[1], 10, 64)
	if err != nil {
		return err
	}
	list, err := os.Open(args[2])
	if err != nil {
		return err
	}
	defer list.Close()

	start := time.Now()
	bus, err := llmp.Connect(context.Background(), llmp.Options{Port: uint16(port)})
	if err != nil {
		return err
	}
	defer bus.Close()
	var t tally
	names := bufio.NewScanner(list)
	for names.Scan() {
		if err := t.send(bus, names.Text()); err != nil {
			return err
		}
		if err := t.takeWaiting(bus); err != nil {
			return err
		}
	}
	for t.received < total {
		m, ok, err := bus.RecvTimeout(patience)
		if err != nil {
			return err
		}
		if !ok {
			return errors.New("no message came for too long")
		}
		t.take(m)
	}
	fmt.Printf("done sent=%d sent_bytes=%d received=%d received_bytes=%d checksum=%016x seconds=%.3f\n",
		t.sent, t.sentBytes, t.received, t.receivedBytes, t.checksum, time.Since(start).Seconds())
	return bus.Close()
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

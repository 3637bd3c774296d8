package command

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"llmp/llmp"
)

// A payload is what one message will carry, or why there is none.
type payload struct {
	data []byte
	err  error
}

// checkReadable finds misspelled names before anything is sent.
func checkReadable(files []string) error {
	for _, name := range files {
		if name == "-" {
			continue
		}
		st, err := os.Stat(name)
		switch {
		case err != nil:
			return cannotRead(name, err)
		case st.IsDir():
			return fmt.Errorf("%s is a directory: name the files in it", name)
		case st.Mode().IsRegular() && st.Size() > llmp.MaxPayload:
			return fmt.Errorf("%w: %s has %s, a message at most %s", llmp.ErrTooBig, name,
				formatBytes(uint64(st.Size())), formatBytes(llmp.MaxPayload))
		}
	}
	return nil
}

// cannotRead says which file, and not which system call.
func cannotRead(name string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Errorf("cannot read %s: %w", name, err)
}

// readPayloads reads files one after the other, "-" being in, and yields each,
// or each of its lines, until ctx is done. It reads in a goroutine of its own,
// because a terminal or a pipe can keep a read waiting for ever.
func readPayloads(ctx context.Context, in io.Reader, files []string, lines bool) <-chan payload {
	out := make(chan payload)
	yield := func(p payload) bool {
		select {
		case out <- p:
			return p.err == nil
		case <-ctx.Done():
			return false
		}
	}
	go func() {
		defer close(out)
		for _, name := range files {
			if !readFile(in, name, lines, yield) {
				return
			}
		}
	}()
	return out
}

func readFile(in io.Reader, name string, lines bool, yield func(payload) bool) bool {
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return yield(payload{err: cannotRead(name, err)})
		}
		defer f.Close()
		in = f
	} else {
		name = "standard input"
	}
	if lines {
		return readLines(in, name, yield)
	}
	// One byte more than allowed tells a payload that is too large.
	var b bytes.Buffer
	if _, err := b.ReadFrom(io.LimitReader(in, llmp.MaxPayload+1)); err != nil {
		return yield(payload{err: cannotRead(name, err)})
	}
	return yield(payload{data: b.Bytes()})
}

func readLines(in io.Reader, name string, yield func(payload) bool) bool {
	r := bufio.NewReaderSize(in, 64<<10)
	for {
		line, err := r.ReadBytes('\n')
		if len(line) > 0 {
			if line[len(line)-1] == '\n' {
				line = line[:len(line)-1]
			}
			if !yield(payload{data: line}) {
				return false
			}
		}
		if err == io.EOF {
			return true
		}
		if err != nil {
			return yield(payload{err: cannotRead(name, err)})
		}
	}
}

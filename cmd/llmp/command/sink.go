package command

import (
	"bufio"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"llmp/llmp"
)

// A sink shows or stores what `llmp recv` receives.
type sink struct {
	out   *bufio.Writer
	dir   string // "": no files
	print func(n uint64, m llmp.Message, file string) error
}

// received is what `llmp recv --json` prints for each message.
type received struct {
	Tag    llmp.Tag      `json:"tag"`
	Sender llmp.ClientID `json:"sender"`
	Flags  llmp.Flags    `json:"flags"`
	Len    int           `json:"len"`
	Base64 *string       `json:"base64,omitempty"`
	Hex    *string       `json:"hex,omitempty"`
	File   string        `json:"file,omitempty"`
}

func (r *receiving) newSink() (*sink, error) {
	s := &sink{out: bufio.NewWriterSize(r.out, 64<<10), dir: r.outputDir}
	if r.encoding != "base64" && r.encoding != "hex" {
		return nil, usage("--encoding is %q: want base64 or hex", r.encoding)
	}
	if s.dir != "" {
		if r.raw || r.lines {
			return nil, usage("--output-dir writes files, --raw and --lines write to the standard output: choose")
		}
		if err := os.MkdirAll(s.dir, 0o755); err != nil {
			return nil, err
		}
	}
	switch {
	case r.quiet:
		s.print = func(uint64, llmp.Message, string) error { return nil }
	case r.raw:
		s.print = s.printRaw
	case r.lines:
		s.print = s.printLine
	case r.json:
		s.print = func(_ uint64, m llmp.Message, file string) error {
			return s.printJSON(m, file, r.encoding == "hex")
		}
	default:
		s.print = s.printHuman
	}
	return s, nil
}

// put takes message number n.
func (s *sink) put(n uint64, m llmp.Message) error {
	var file string
	if s.dir != "" {
		var err error
		if file, err = s.save(n, m); err != nil {
			return err
		}
	}
	return s.print(n, m, file)
}

func (s *sink) flush() error { return s.out.Flush() }

// save writes the payload under a name that is not there yet. It appears
// complete: whoever watches the directory never reads half a message.
func (s *sink) save(n uint64, m llmp.Message) (string, error) {
	name := filepath.Join(s.dir, fmt.Sprintf("%06d-tag%v-from%d", n, m.Tag, m.Sender))
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		if err == nil {
			err = fmt.Errorf("%s is there already: choose an empty directory", name)
		}
		return "", err
	}
	return name, writeComplete(name, m.Data)
}

func (s *sink) printRaw(_ uint64, m llmp.Message, _ string) error {
	_, err := s.out.Write(m.Data)
	return err
}

func (s *sink) printLine(n uint64, m llmp.Message, file string) error {
	if err := s.printRaw(n, m, file); err != nil {
		return err
	}
	return s.out.WriteByte('\n')
}

func (s *sink) printHuman(_ uint64, m llmp.Message, file string) error {
	what := preview(m.Data)
	if file != "" {
		what = file
	}
	_, err := fmt.Fprintf(s.out, "tag=%v from=%d flags=%#x len=%d %s\n", m.Tag, m.Sender, uint32(m.Flags), len(m.Data), what)
	return err
}

func (s *sink) printJSON(m llmp.Message, file string, asHex bool) error {
	line := received{Tag: m.Tag, Sender: m.Sender, Flags: m.Flags, Len: len(m.Data), File: file}
	switch {
	case file != "": // the payload is in the file
	case asHex:
		text := hex.EncodeToString(m.Data)
		line.Hex = &text
	default:
		text := base64.StdEncoding.EncodeToString(m.Data)
		line.Base64 = &text
	}
	return printJSON(s.out, line)
}

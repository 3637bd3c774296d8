package command

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
)

// A store reads and writes test cases as files, and knows which contents were
// here before. Any goroutine.
type store struct {
	format  formatValue
	maxSize int

	mu   sync.Mutex
	seen map[[sha256.Size]byte]struct{}
}

func newStore(format formatValue, maxSize int) *store {
	return &store{format: format, maxSize: maxSize, seen: map[[sha256.Size]byte]struct{}{}}
}

func (*store) makeDirs(dirs ...string) error {
	for _, dir := range dirs {
		if dir == "" {
			continue
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// isNew notes an input; false when it was known.
func (st *store) isNew(sum [sha256.Size]byte) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	_, known := st.seen[sum]
	st.seen[sum] = struct{}{}
	return !known
}

var errTooLarge = errors.New("too large")

// read returns the test case in a file; nil when it is known.
func (st *store) read(f found) ([]byte, error) {
	info, err := os.Stat(f.path)
	if err != nil || !info.Mode().IsRegular() {
		return nil, err // gone meanwhile, or a directory
	}
	// A byte takes four characters in Go's files at most.
	if info.Size() > 4*int64(st.maxSize)+256 {
		return nil, errTooLarge
	}
	data, err := os.ReadFile(f.path)
	if err != nil {
		return nil, err
	}
	input, err := st.format.decode(data)
	if err != nil {
		return nil, err
	}
	if len(input) > st.maxSize {
		return nil, errTooLarge
	}
	if !st.isNew(sha256.Sum256(input)) {
		return nil, nil
	}
	return input, nil
}

// write stores a test case under a name made of its content; false when it was
// known. It appears complete.
func (st *store) write(dir string, input []byte) (bool, error) {
	sum := sha256.Sum256(input)
	if !st.isNew(sum) {
		return false, nil
	}
	name := filepath.Join(dir, hex.EncodeToString(sum[:8]))
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	return true, writeComplete(name, st.format.encode(input))
}

// writeComplete writes a file that is never seen half written. Until it is
// complete it lies in a hidden directory, not under a hidden name: there are
// fuzzers that read, and delete, each file of the directory (honggfuzz).
func writeComplete(name string, data []byte) error {
	hidden, err := os.MkdirTemp(filepath.Dir(name), ".llmp-*")
	if err != nil {
		return err
	}
	unfinished := filepath.Join(hidden, filepath.Base(name))
	err = os.WriteFile(unfinished, data, 0o600)
	if err == nil {
		err = os.Rename(unfinished, name)
	}
	return errors.Join(err, os.RemoveAll(hidden))
}

// formatValue is how files hold test cases: "raw", or "go" for the corpus files
// of Go's fuzzer (testing.F), with one []byte or string in them.
type formatValue string

func (v *formatValue) Type() string { return "format" }

func (v *formatValue) String() string {
	if *v == "" {
		return "raw"
	}
	return string(*v)
}

func (v *formatValue) Set(s string) error {
	if s != "raw" && s != "go" {
		return fmt.Errorf("%q is no format: want raw or go", s)
	}
	*v = formatValue(s)
	return nil
}

const goHeader = "go test fuzz v1\n"

func (v *formatValue) encode(input []byte) []byte {
	if v.String() == "raw" {
		return input
	}
	return fmt.Appendf(nil, "%s[]byte(%q)\n", goHeader, input)
}

var errNoGoFile = errors.New("no corpus file of Go's fuzzer with one []byte or string")

func (v *formatValue) decode(data []byte) ([]byte, error) {
	if v.String() == "raw" {
		return data, nil
	}
	value, ok := bytes.CutPrefix(data, []byte(goHeader))
	value = bytes.TrimSpace(value)
	for _, kind := range []string{"[]byte(", "string("} {
		if quoted, is := bytes.CutPrefix(value, []byte(kind)); ok && is && bytes.HasSuffix(quoted, []byte(")")) {
			text, err := strconv.Unquote(string(quoted[:len(quoted)-1]))
			if err != nil {
				return nil, errNoGoFile
			}
			return []byte(text), nil
		}
	}
	return nil, errNoGoFile
}

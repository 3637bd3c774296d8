package command

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// quietFor is how long a file must not have been written to before it is read:
// fuzzers write their finds in place.
const quietFor = 50 * time.Millisecond

// A watch tells of the files in some directories: those that are there, then
// those that come.
type watch struct {
	events    *fsnotify.Watcher
	objective map[string]bool // by directory
	there     []found         // not told yet
	young     map[string]time.Time
}

// found is a file with a test case.
type found struct {
	path      string
	objective bool
}

// watch starts to look at directories, which must exist.
func (*store) watch(finds, crashes []string) (*watch, error) {
	events, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	w := &watch{events: events, objective: map[string]bool{}, young: map[string]time.Time{}}
	for i, dir := range slices.Concat(finds, crashes) {
		dir = filepath.Clean(dir)
		w.objective[dir] = i >= len(finds)
		err := events.Add(dir) // first, so that no file is missed
		if err == nil {
			err = w.list(dir)
		}
		if err != nil {
			w.close()
			if errors.Is(err, fs.ErrNotExist) {
				err = usage("%s does not exist: name the directory that the fuzzer writes to, or create it", dir)
			}
			return nil, err
		}
	}
	return w, nil
}

func (w *watch) close() { _ = w.events.Close() }

func (w *watch) list(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		w.add(filepath.Join(dir, e.Name()))
	}
	return err
}

// add notes a file to be told of. Hidden ones are unfinished, or others' notes.
func (w *watch) add(path string) {
	if !strings.HasPrefix(filepath.Base(path), ".") {
		w.there = append(w.there, found{path, w.objective[filepath.Dir(path)]})
	}
}

// next is the next file. wait: until there is one; else errDone at the end.
func (w *watch) next(ctx context.Context, wait bool) (found, error) {
	for len(w.there) == 0 {
		if !wait {
			return found{}, errDone
		}
		var ripe <-chan time.Time
		if len(w.young) > 0 {
			ripe = time.After(quietFor)
		}
		select {
		case <-ctx.Done():
			return found{}, context.Cause(ctx)
		case e := <-w.events.Events:
			if e.Has(fsnotify.Create) || e.Has(fsnotify.Write) {
				w.young[e.Name] = time.Now()
			}
		case err := <-w.events.Errors:
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				return found{}, err
			}
			for dir := range w.objective {
				if err := w.list(dir); err != nil {
					return found{}, err
				}
			}
		case <-ripe:
		}
		for path, written := range w.young {
			if time.Since(written) >= quietFor {
				delete(w.young, path)
				w.add(path)
			}
		}
	}
	f := w.there[0]
	w.there = w.there[1:]
	return f, nil
}

//go:build !linux

package sys

import "os"

// IsDir says whether a directory is there.
func IsDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// Hostname is this machine's name.
func Hostname() (string, error) { return os.Hostname() }

// A File is an open file.
type File struct{ *os.File }

// MakeTemp makes a file that has no name, where the system can, in dir, or where
// the system has temporary files if that is "".
func MakeTemp(dir string) (*File, error) {
	f, err := os.CreateTemp(dir, "llmp-history-")
	if err != nil {
		return nil, err
	}
	_ = os.Remove(f.Name())
	return &File{f}, nil
}

// Punch gives n bytes back to the disk, where the file system can.
func (f *File) Punch(off, n int64) {}

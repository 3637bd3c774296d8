package main

import (
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// largest is the size of a file above which it is left out.
const largest = 20 << 20

// kinds are images, archives and compressed data.
var kinds = []string{
	".png", ".jpg", ".jpeg", ".gif", ".zip", ".jar", ".tar", ".tgz",
	".gz", ".bz2", ".zst", ".xz", ".lzw", ".z", ".flate",
}

// sources are folders of test data in which every file is one of those, whatever its name.
var sources = []string{"archive", "compress", "image"}

// findFiles returns the regular files below the folders, in a fixed order.
func findFiles(folders []string, everything bool) ([]string, error) {
	var files []string
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || !(everything || isData(name)) || strings.Contains(name, "\n") {
				return err
			}
			info, err := d.Info()
			if err == nil && info.Size() < largest {
				files = append(files, name)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(files)
	return files, nil
}

func isData(name string) bool {
	if slices.Contains(kinds, strings.ToLower(filepath.Ext(name))) {
		return true
	}
	before, _, isTestdata := strings.Cut(name, "/testdata/")
	return isTestdata && slices.ContainsFunc(sources, func(s string) bool {
		return strings.Contains(before+"/", "/src/"+s+"/")
	})
}

// A tally says how much was sent or received, and what.
type tally struct {
	messages, bytes uint64
	checksum        uint64 // see member.c
}

func tallyFiles(files []string) (t tally, err error) {
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			return t, err
		}
		t.add(data)
	}
	return t, nil
}

func (t *tally) add(data []byte) {
	t.messages++
	t.bytes += uint64(len(data))
	t.checksum += uint64(crc32.ChecksumIEEE(data))<<32 + uint64(len(data))
}

// writeShares deals the files out to n members and writes each one's list.
func writeShares(scratch string, files []string, n int) ([]string, error) {
	lists := make([]string, n)
	for i := range lists {
		var text strings.Builder
		for j := i; j < len(files); j += n {
			text.WriteString(files[j] + "\n")
		}
		lists[i] = filepath.Join(scratch, strconv.Itoa(i))
		if err := os.WriteFile(lists[i], []byte(text.String()), 0o600); err != nil {
			return nil, err
		}
	}
	return lists, nil
}

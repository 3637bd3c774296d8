package interop

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// A program is a party's side of the tests, ready to run.
type program struct {
	command []string
	missing string // what this machine lacks to build it
	err     error
}

// buildFolder holds the programs that are built anew for each run.
var buildFolder = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "llmp-interop-") })

func removeBuilds() {
	if folder, err := buildFolder(); err == nil {
		_ = os.RemoveAll(folder)
	}
}

// compile runs a compiler and says what it said when it failed.
func compile(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %v: %w\n%s", name, args, err, out)
	}
	return nil
}

// buildRust builds LibAFL's side; cargo keeps it in target for the next run.
func buildRust() program { return buildCrate("Cargo.toml", "llmp-peer") }

// buildEventPeer builds a part of a LibAFL fuzzer, which takes minutes at first.
func buildEventPeer() program { return buildCrate("libafl/Cargo.toml", "llmp-event-peer") }

func buildCrate(manifest, name string) program {
	cargo, err := exec.LookPath("cargo")
	if err != nil {
		return program{missing: "cargo is not on the PATH; install Rust to test against LibAFL"}
	}
	if err := compile(cargo, "build", "--release", "--quiet", "--manifest-path", manifest, "--target-dir", "target"); err != nil {
		return program{err: err}
	}
	path, err := filepath.Abs("target/release/" + name)
	return program{command: []string{path}, err: err}
}

func buildGo() program {
	folder, err := buildFolder()
	if err != nil {
		return program{err: err}
	}
	path := filepath.Join(folder, "goprobe")
	return program{command: []string{path}, err: compile("go", "build", "-o", path, "./goprobe")}
}

// library is the C library that scripts/build-library.sh builds.
func library() (path, missing string, err error) {
	if path, err = filepath.Abs("../../build/libllmp.so"); err != nil {
		return "", "", err
	}
	if _, err := os.Stat(path); err != nil {
		return "", "build/libllmp.so is missing: run scripts/build-library.sh", nil
	}
	return path, "", nil
}

func buildC() program { return buildNative("cc", "-std=c11", "probe.c") }

func buildEventsC() program { return buildNative("cc", "-std=c11", "events.c") }

func buildCpp() program { return buildNative("c++", "-std=c++17", "probe.cpp") }

// buildNative compiles a program of the folder probe against the library.
func buildNative(compiler, standard, source string) program {
	lib, missing, err := library()
	if missing != "" || err != nil {
		return program{missing: missing, err: err}
	}
	if _, err := exec.LookPath(compiler); err != nil {
		return program{missing: compiler + " is not on the PATH"}
	}
	folder, err := buildFolder()
	if err != nil {
		return program{err: err}
	}
	soname := filepath.Join(folder, "libllmp.so.1") // as an installed library is found
	if err := os.Symlink(lib, soname); err != nil && !errors.Is(err, fs.ErrExist) {
		return program{err: err}
	}
	path := filepath.Join(folder, source+".out")
	err = compile(compiler, standard, "-O2", "-Wall", "-Wextra", "-Werror", "-pthread",
		"-I", "../../include", filepath.Join("probe", source), soname, "-Wl,-rpath,"+folder, "-o", path)
	return program{command: []string{path}, err: err}
}

func buildPython() program { return buildScript("probe/probe.py") }

func buildEventsPython() program { return buildScript("probe/events.py") }

func buildScript(name string) program {
	lib, missing, err := library()
	if missing != "" || err != nil {
		return program{missing: missing, err: err}
	}
	interpreter, err := exec.LookPath("python3")
	if err != nil {
		return program{missing: "python3 is not on the PATH"}
	}
	source, err := filepath.Abs("../../python/src")
	if err != nil {
		return program{err: err}
	}
	script, err := filepath.Abs(name)
	return program{err: err, command: []string{
		"env", "PYTHONPATH=" + source, "PYTHONDONTWRITEBYTECODE=1", "LLMP_LIBRARY=" + lib, interpreter, script,
	}}
}

"""What the guest tests share: building a source four ways, a broker, running, comparing."""

from __future__ import annotations

import dataclasses
import difflib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ROOT / "tests" / "guest" / "src"
BUILD = ROOT / "build"
OUT = BUILD / "guest"

# How a harness gets the bus: see src/bus.c. The first is what the others are compared with.
WAYS = ("none", "shared", "static", "dlopen")

# Generous: the machine may be busy. What takes longer hangs.
PATIENCE = 60


class DifferenceError(Exception):
    """A test failed; the text says how."""


@dataclasses.dataclass(frozen=True)
class Case:
    """One test: its name, and what fails by raising."""

    name: str
    run: Callable[[], None]


def tool(name: str, *versions: str) -> str | None:
    """The first of NAME-VERSION... and NAME that is installed."""
    for candidate in [f"{name}-{v}" for v in versions] + [name]:
        if found := shutil.which(candidate):
            return found
    return None


CLANG = tool("clang", "14")
CLANGXX = tool("clang++", "14")


# ---------------------------------------------------------------- building


_BUILDING = threading.Lock()


def _run_compiler(command: list[str], output: pathlib.Path, inputs: list[pathlib.Path]) -> None:
    with _BUILDING:
        _compile_if_older(command, output, inputs)


def _compile_if_older(command: list[str], output: pathlib.Path, inputs: list[pathlib.Path]) -> None:
    if output.exists() and all(output.stat().st_mtime > i.stat().st_mtime for i in inputs):
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode != 0:
        raise DifferenceError(f"does not build: {' '.join(command)}\n{done.stderr}")


def compile_object(
    source: str, tag: str, flags: tuple[str, ...], compiler: str | None = None
) -> pathlib.Path:
    """Compiles src/SOURCE with these flags, which TAG names."""
    path = SOURCES / source
    output = OUT / "objects" / f"{path.stem}-{tag}.o"
    command = [
        compiler or str(CLANGXX if path.suffix == ".cpp" else CLANG),
        "-g",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-D_GNU_SOURCE",
        "-fPIC",
    ]
    command += ["-gdwarf-4"]  # which valgrind can read
    command += [*flags, f"-I{ROOT / 'include'}", "-c", str(path), "-o", str(output)]
    inputs = [path, *SOURCES.glob("*.h"), ROOT / "include" / "llmp.h", pathlib.Path(__file__)]
    _run_compiler(command, output, inputs)
    return output


def bus_flags(way: str) -> tuple[str, ...]:
    """What src/bus.c needs to be told."""
    return {
        "none": ("-DBUS_NONE",),
        "dlopen": (f'-DBUS_DLOPEN="{BUILD / "libllmp.so.1"}"',),
    }.get(way, ())


def library_flags(way: str) -> list[str]:
    """What links a program with the library."""
    return {
        "shared": [f"-L{BUILD}", "-l:libllmp.so", f"-Wl,-rpath,{BUILD}"],
        "static": [str(BUILD / "libllmp.a"), "-lpthread"],
    }.get(way, [])


def link(
    program: str,
    way: str,
    objects: list[pathlib.Path],
    flags: tuple[str, ...] = (),
    tag: str = "bare",
    compiler: str | None = None,
) -> pathlib.Path:
    """Links a program that goes by the same name whichever way it is linked."""
    output = OUT / f"{tag}-{way}" / program
    command = [compiler or str(CLANG), "-g", "-rdynamic", *flags, *map(str, objects)]
    command += ["-o", str(output), *library_flags(way)]
    _run_compiler(command, output, [*objects, BUILD / "libllmp.so", BUILD / "libllmp.a"])
    return output


# ----------------------------------------------------------------- running


def ending(code: int) -> str:
    """Words for an exit code of subprocess."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:  # a realtime signal
        return f"signal {-code}"


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a process ended and what it said."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.text}{ending(self.code)}\n"


def run(
    command: list[str], env: dict[str, str] | None = None, patience: float = PATIENCE
) -> Outcome:
    """Runs a command in a folder of its own. One that hangs is killed, and that is a failure."""
    with tempfile.TemporaryDirectory(prefix="guest-") as folder:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **(env or {}), "TMPDIR": folder},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            text, _ = process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            text, _ = process.communicate()
            shown = text.decode(errors="replace")
            raise DifferenceError(f"hangs: {' '.join(command)}\n{shown}") from None
    return Outcome(process.returncode, text.decode(errors="replace"))


class Broker:
    """A broker on a free port."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [str(BUILD / "llmp"), "broker", "--port", "0", "--json", "--history", "none"],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        port = json.loads(self._process.stdout.readline())["port"]
        self.env = {"GUEST_PORT": str(port)}  # what a harness needs to know

    def __enter__(self) -> Broker:
        return self

    def __exit__(self, *unused: object) -> None:
        self.close()

    def alive(self) -> bool:
        """Whether it still runs. Without it no test means anything."""
        return self._process.poll() is None

    def close(self) -> None:
        """Ends it; it must have survived everything."""
        if not self.alive():
            raise DifferenceError(f"the broker has ended, with {self._process.returncode}")
        self._process.terminate()
        if self._process.wait(PATIENCE) != 0:
            raise DifferenceError(f"the broker ended with {self._process.returncode}")


# --------------------------------------------------------------- comparing

_REPLACED = [
    (re.compile(r"0x[0-9a-fA-F]+"), "0x"),
    (re.compile(r"loss record \d+ of \d+"), "loss record"),
    (re.compile(r"==\d+==\s?"), "==pid=="),
    (re.compile(rf"{re.escape(str(OUT))}/[a-z]+-[a-z]+/"), ""),
    (re.compile(r"\(BuildId: [0-9a-f]+\)"), ""),
    (re.compile(r"(\.[ch](?:pp)?:\d+):\d+"), r"\1"),  # the column
    # At which of its lines a recursion runs out of stack is chance.
    (re.compile(r"(in recurse \S*):\d+|(crash\.c):\d+(?= in recurse)"), r"\1\2"),
    (re.compile(r"\bT\d{2,}\b"), "T"),  # UBSan's thread number is the kernel's
    (re.compile(r"\d+ byte\(s\) \(\d+%\) in \d+ allocation\(s\)"), "bytes in allocations"),
    (re.compile(r"\(used: \d+Mb"), "(used:"),
    (re.compile(r"(Live Heap Allocations:|quarantined:|allocated by) .*"), r"\1"),
    (re.compile(r"(for|after) \d+ seconds"), r"\1 seconds"),
]
# The last is ASan's map of the heap around: what lies beside a block is chance.
_DROPPED = re.compile(r"^(INFO: |Executed |.*rss: \d+Mb|\s*$|(=>|  )0x: )")


def normalised(outcome: Outcome) -> Outcome:
    """The same without what differs from run to run: addresses, process ids, times."""
    text = outcome.text
    for pattern, replacement in _REPLACED:
        text = pattern.sub(replacement, text)
    lines = [line for line in text.splitlines(keepends=True) if not _DROPPED.match(line)]
    return Outcome(outcome.code, "".join(lines))


def same(without: Outcome, within: Outcome) -> None:
    """Fails, showing the difference, unless both are the same."""
    if without == within:
        return
    difference = difflib.unified_diff(
        str(without).splitlines(), str(within).splitlines(), "without", "with", lineterm="", n=2
    )
    raise DifferenceError("\n".join(list(difference)[:60]))


class Baselines:
    """What happens without the library: run once for each key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._known: dict[str, Outcome] = {}

    def get(self, key: str, make: Callable[[], Outcome]) -> Outcome:
        """The outcome under this key, made if need be."""
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            if key not in self._known:
                self._known[key] = make()
            return self._known[key]


BASELINES = Baselines()


def against_baseline(
    key: str, way: str, expected: str, once: Callable[[str], Outcome], tries: int = 1
) -> None:
    """Compares once(way) with once("none"), which must contain what is expected.

    More than one try is for what chance has a part in, with the library and without: then both
    are run anew until they agree.
    """
    without = BASELINES.get(key, lambda: normalised(once("none")))
    if not re.search(expected, str(without)):
        raise DifferenceError(f"without the library, expected {expected!r} and found:\n{without}")
    within = normalised(once(way))
    for _ in range(tries - 1):
        if without == within:
            return
        without, within = normalised(once("none")), normalised(once(way))
    same(without, within)


def in_all_ways() -> Iterator[str]:
    """The ways to link the library."""
    yield from WAYS[1:]

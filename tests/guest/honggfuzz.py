"""Crashes that honggfuzz finds, with and without the library."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import tempfile
from collections.abc import Iterator

import kit

# What honggfuzz says of each kind of crash: see src/crash.h.
KINDS = {
    "none": "exit code 0$",
    "segv": "SIGNAL: SIGSEGV",
    "bus": "SIGNAL: SIGBUS",
    "fpe": "SIGNAL: SIGFPE",
    "ill": "SIGNAL: SIGILL",
    "abrt": "SIGNAL: SIGABRT",
    "stack": "SIGNAL: SIGSEGV",
}

# Beside these its report has times, process ids and addresses.
TOLD = re.compile(r"^(?:ORIG_FNAME|SIGNAL|DESCRIPTION): .*\n", re.MULTILINE)


def tools() -> tuple[str, str] | None:
    """Honggfuzz and its compiler: installed, or what tests/engines/build_honggfuzz.sh has built."""
    for path in (os.environ["PATH"], str(kit.BUILD / "honggfuzz" / "bin")):
        fuzzer, compiler = (shutil.which(name, path=path) for name in ("honggfuzz", "hfuzz-clang"))
        if fuzzer and compiler:
            return fuzzer, compiler
    return None


def build(compiler: str, way: str) -> pathlib.Path:
    """The harness, instrumented by honggfuzz's compiler."""
    objects = [
        kit.compile_object("honggfuzz.c", "hongg", ("-O1",), compiler=compiler),
        kit.compile_object("crash.c", "hongg", ("-O0",)),
        kit.compile_object("bus.c", f"bare-{way}", kit.bus_flags(way)),
    ]
    return kit.link("honggfuzz", way, objects, tag="hongg", compiler=compiler)


def crash(fuzzer: str, program: pathlib.Path, kind: str) -> kit.Outcome:
    """Has honggfuzz run one input as it is: what it reports, and how many crashes it saves."""
    with tempfile.TemporaryDirectory(prefix="guest-") as name:
        folder = pathlib.Path(name)
        for part in ("in", "out", "crashes"):
            (folder / part).mkdir()
        (folder / "in" / kind).write_text(kind)
        command = [fuzzer, "--verbose", "--threads", "1", "--timeout", "30"]
        # At first it takes the first four bytes of a file, then twice as many.
        command += ["--mutations_per_run", "0", "--iterations", "1" if len(kind) <= 4 else "2"]
        command += ["--input", f"{name}/in", "--output", f"{name}/out", "--workspace", name]
        command += ["--crashdir", f"{name}/crashes", "--", str(program)]
        outcome = kit.run(command, {"GUEST_STRICT": "1"})
        report = folder / "HONGGFUZZ.REPORT.TXT"
        told = "".join(TOLD.findall(report.read_text())) if report.exists() else ""
        saved = len(list((folder / "crashes").iterdir()))
    if "Summary iterations:" not in outcome.text:
        raise kit.DifferenceError(f"honggfuzz did not come far:\n{outcome}")
    return kit.Outcome(outcome.code, f"{told}crashes saved: {saved}\n")


def cases() -> Iterator[kit.Case]:
    """Every kind of crash, linked every way, where honggfuzz is there."""
    found = tools()
    if found is None:
        print("honggfuzz is missing: it is left out")
        return
    fuzzer, compiler = found
    for kind, expected in KINDS.items():
        for way in kit.in_all_ways():

            def check(kind: str = kind, way: str = way, expected: str = expected) -> None:
                kit.against_baseline(
                    f"honggfuzz/{kind}",
                    way,
                    expected,
                    lambda w: crash(fuzzer, build(compiler, w), kind),
                )

            yield kit.Case(f"honggfuzz/{kind}/{way}", check)

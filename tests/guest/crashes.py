"""Crash reports of libFuzzer and the sanitizers, with and without the library."""

from __future__ import annotations

import pathlib
import tempfile
from collections.abc import Iterator

import kit

SANITIZERS = {
    "asan": ("-fsanitize=fuzzer,address",),
    "ubsan": ("-fsanitize=fuzzer,undefined", "-fno-sanitize-recover=all"),
    "plain": ("-fsanitize=fuzzer",),
}

# What the report must say, by kind of crash: under ASan, and otherwise.
KINDS = {
    "none": ("exit code 0$", "exit code 0$"),
    "segv": (r"AddressSanitizer: SEGV(.|\n)*#0 .* in crash_segv", "deadly signal|SEGV"),
    "bus": (r"AddressSanitizer: BUS(.|\n)*#0 .* in crash_bus", "deadly signal|BUS"),
    "fpe": (r"AddressSanitizer: FPE(.|\n)*#0 .* in crash_fpe", "deadly signal|FPE"),
    "ill": (r"deadly signal(.|\n)*#4 .* in crash_ill", "deadly signal|ILL"),
    "abrt": ("AddressSanitizer: ABRT|deadly signal", "deadly signal|ABRT"),
    "stack": ("AddressSanitizer: stack-overflow", "stack-overflow"),
    "heap": ("AddressSanitizer: heap-buffer-overflow", r"invalid pointer|deadly signal"),
    "uaf": ("AddressSanitizer: heap-use-after-free", "double free|deadly signal"),
    "leak": (r"LeakSanitizer: detected(.|\n)*crash_leak", "exit code 0$"),
    "timeout": (r"ERROR: libFuzzer: timeout(.|\n)*crash_timeout", "ERROR: libFuzzer: timeout"),
    "oom": ("ERROR: libFuzzer: out-of-memory", "ERROR: libFuzzer: out-of-memory"),
    "malloc": (r"out-of-memory \(malloc(.|\n)*crash_malloc_limit", "exit code|out-of-memory"),
    "overflow": ("exit code 0$", "exit code 0$|signed integer overflow"),
}

# Whether a lost address still lies in a register or on a stack somewhere, so that libFuzzer's
# own look misses the leak and the one at the end finds it, is chance.
TRIES = {"leak": 4}

FLAGS = {
    "timeout": ["-timeout=1"],
    "oom": ["-rss_limit_mb=200"],
    "malloc": ["-malloc_limit_mb=200", "-rss_limit_mb=0"],
}


def build(sanitizer: str, way: str) -> pathlib.Path:
    """The harness under a sanitizer, linked this way."""
    flags = SANITIZERS[sanitizer]
    exact = (*flags, "-O0", "-fno-omit-frame-pointer")
    objects = [kit.compile_object(f"{name}.c", sanitizer, exact) for name in ("fuzz", "crash")]
    objects.append(kit.compile_object("bus.c", f"{sanitizer}-{way}", (*flags, *kit.bus_flags(way))))
    return kit.link("fuzz", way, objects, flags, sanitizer)


def crash(sanitizer: str, kind: str, way: str) -> kit.Outcome:
    """Runs the harness on one input."""
    with tempfile.TemporaryDirectory(prefix="guest-") as folder:
        unit = pathlib.Path(folder) / "unit"
        unit.write_text(kind)
        command = [str(build(sanitizer, way)), *FLAGS.get(kind, []), str(unit)]
        # Loaded at run time, it also joins the bus late: libFuzzer's handlers are there by then.
        env = {"GUEST_LATE": "1"} if way == "dlopen" else {}
        outcome = kit.run(command, {**env, "ASAN_OPTIONS": "detect_leaks=1:handle_abort=1"})
        return kit.Outcome(outcome.code, outcome.text.replace(folder, ""))


def cases() -> Iterator[kit.Case]:
    """Every kind of crash under every sanitizer, linked every way."""
    for sanitizer in SANITIZERS:
        for kind, expected in KINDS.items():
            for way in kit.in_all_ways():

                def check(
                    sanitizer: str = sanitizer,
                    kind: str = kind,
                    way: str = way,
                    expected: str = expected[sanitizer != "asan"],
                ) -> None:
                    kit.against_baseline(
                        f"fuzz/{sanitizer}/{kind}",
                        way,
                        expected,
                        lambda w: crash(sanitizer, kind, w),
                        TRIES.get(kind, 1),
                    )

                yield kit.Case(f"libfuzzer/{sanitizer}/{kind}/{way}", check)

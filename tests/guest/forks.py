"""Forking while on the bus, by hand and by AFL++'s fork servers."""

from __future__ import annotations

import functools
import os
import pathlib
import re
import tempfile
from collections.abc import Iterator

import kit

# Children of the scenarios that take a number: run.py --forks.
FORKS = int(os.environ.get("GUEST_FORKS", "1000"))

# Scenarios of src/forks.c: how many children, what it says at the end.
SCENARIOS = {
    "hammer": (FORKS, f"{FORKS} children\n"),
    "each-case": (FORKS, f"{FORKS} children\n"),
    "before-use": (20, "20 children\n"),
    "daemon": (1, "the daemon is forked\n"),
    "daemon-first": (1, "the daemon has joined\n"),
    "anew": (1, ""),
}

AFL_FUZZ = kit.tool("afl-fuzz")
AFL_CLANG = kit.tool("afl-clang-fast")

# How an AFL++ harness runs: flags, test cases, and whether so many find the crash for sure.
AFL_MODES = {"persistent": ((), 20000, True), "plain": (("-DPLAIN",), 50, False)}


def scenario(name: str, way: str) -> None:
    """Runs one, with a bound on its time that grows with the number of children."""
    count, expected = SCENARIOS[name]
    objects = [kit.compile_object("forks.c", "bare", ("-O1",))]
    program = kit.link("forks", way, objects, ("-pthread",))
    with kit.Broker() as broker:
        patience = kit.PATIENCE + count * 0.1
        outcome = kit.run([str(program), name, str(count)], broker.env, patience)
    if outcome != kit.Outcome(0, expected):
        raise kit.DifferenceError(f"expected {expected!r} and found:\n{outcome}")


def afl_build(mode: str, way: str) -> pathlib.Path:
    """An AFL++ harness, instrumented by AFL++'s compiler."""
    flags = AFL_MODES[mode][0]
    os.environ["AFL_QUIET"] = "1"
    instrumented = kit.compile_object(
        "afl.c", f"afl-{mode}", ("-O1", *flags), compiler=str(AFL_CLANG)
    )
    bus = kit.compile_object("bus.c", f"bare-{way}", kit.bus_flags(way))
    return kit.link("afl", way, [instrumented, bus], tag=f"afl{mode}", compiler=str(AFL_CLANG))


def afl(mode: str, way: str) -> None:
    """Fuzzes a while: everything that ran was on the bus, nothing hung, the crash was found."""
    _, executions, finds = AFL_MODES[mode]
    program = afl_build(mode, way)
    with kit.Broker() as broker, tempfile.TemporaryDirectory(prefix="guest-") as folder:
        seeds = pathlib.Path(folder) / "in"
        seeds.mkdir()
        (seeds / "seed").write_text("bux")
        command = [str(AFL_FUZZ), "-s", "1", "-E", str(executions), "-t", "20000"]
        command += ["-i", str(seeds), "-o", f"{folder}/out", "--", str(program)]
        settings = ("SKIP_CPUFREQ", "I_DONT_CARE_ABOUT_MISSING_CRASHES", "NO_UI", "NO_AFFINITY")
        env = {f"AFL_{name}": "1" for name in settings}
        outcome = kit.run(command, {**env, **broker.env, "GUEST_STRICT": "1"}, 4 * kit.PATIENCE)
        try:
            figures = (pathlib.Path(folder) / "out/default/fuzzer_stats").read_text()
        except OSError:
            raise kit.DifferenceError(f"afl-fuzz did not come far:\n{outcome}") from None
    stats = dict(re.findall(r"(\w+) +: (\S+)", figures))
    good = int(stats["execs_done"]) >= executions and stats["saved_hangs"] == "0"
    crashes = int(stats["saved_crashes"])
    if not good or crashes > 1 or (finds and crashes != 1):
        raise kit.DifferenceError(f"{figures}\n{outcome}")


def cases() -> Iterator[kit.Case]:
    """Every scenario, and AFL++ where it is installed."""
    for name in SCENARIOS:
        for way in ("shared", "static"):
            yield kit.Case(f"fork/{name}/{way}", functools.partial(scenario, name, way))
    if AFL_FUZZ is None or AFL_CLANG is None:
        print("afl++ is missing: its fork servers are left out")
        return
    for mode in AFL_MODES:
        for way in kit.WAYS:
            yield kit.Case(f"afl/{mode}/{way}", functools.partial(afl, mode, way))

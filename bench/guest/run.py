#!/usr/bin/env python3
"""What the library costs a harness: executions per second, start-up, threads, memory.

    bench/guest/run.py [--runs N] [--pairs N]

Builds into build/bench-guest; needs clang with libFuzzer, the library and the
llmp command in build/. The runs alternate, and the medians are compared.
Executions are counted per second of CPU time of the whole process, so that
other load on the machine matters less, and the library's threads count.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = ROOT / "build"
OUT = BUILD / "bench-guest"
LINK = [f"-L{BUILD}", "-l:libllmp.so", f"-Wl,-rpath,{BUILD}"]
STATIC = [str(BUILD / "libllmp.a"), "-lpthread"]

HARNESSES: dict[str, list[str]] = {
    "without": [],
    "connected": ["-DCONNECTED", *LINK],
    "in use": ["-DCONNECTED", "-DBUSY", *LINK],
}


def compile_program(name: str, source: str, *flags: str) -> str:
    """Compiles bench/guest/SOURCE as NAME."""
    OUT.mkdir(parents=True, exist_ok=True)
    output = str(OUT / name.replace(" ", "-"))
    command = ["clang", "-O2", "-g", f"-I{ROOT / 'include'}", str(HERE / source), "-o", output]
    subprocess.run([*command, *flags], check=True)
    return output


def executions(program: str, runs: int, port: int) -> float:
    """Executions per CPU second of one run."""
    env = {**os.environ, "LLMP_BENCH_RUNS": str(runs), "LLMP_BENCH_PORT": str(port)}
    command = [program, "-seed=1", f"-runs={2 * runs}", "-max_len=256", "-len_control=0"]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            command,
            cwd=folder,
            env=env,
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    return float(done.stdout)


def compare_executions(runs: int, pairs: int) -> None:
    """Alternates the harnesses and prints the medians."""
    programs = {
        name: compile_program(f"fuzz {name}", "harness.c", "-fsanitize=fuzzer", *flags)
        for name, flags in HARNESSES.items()
    }
    broker = subprocess.Popen(
        [str(BUILD / "llmp"), "broker", "--port", "0", "--json", "--history", "none"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert broker.stdout is not None
        port = int(json.loads(broker.stdout.readline())["port"])
        rates: dict[str, list[float]] = {name: [] for name in programs}
        for _ in range(pairs):
            for name, program in programs.items():
                rates[name].append(executions(program, runs, port))
    finally:
        broker.terminate()
        broker.wait()
    print(f"executions per CPU second, medians of {pairs} alternating runs of {runs}:")
    for name, found in rates.items():
        # Each run beside the one without that it followed: the machine drifts.
        ratio = statistics.median(a / b for a, b in zip(found, rates["without"], strict=True))
        print(f"  {name:10} {statistics.median(found):12,.0f}  {ratio:.3f} of that without")


def spawn_time(program: str, count: int) -> float:
    """Milliseconds to start and end a program, the median."""
    times = []
    for _ in range(count):
        began = time.perf_counter()
        subprocess.run([program, "end"], check=True)
        times.append((time.perf_counter() - began) * 1e3)
    return statistics.median(times)


def report_start() -> None:
    """Loading, the first call that needs the runtime, what stays."""
    plain = OUT / "plain.c"
    plain.write_text("int main(void) { return 0; }\n")
    programs = {
        "without": compile_program("plain", str(plain)),
        "libllmp.so": compile_program("start", "start.c", *LINK),
        "libllmp.a": compile_program("start static", "start.c", *STATIC),
    }
    print("start and end of a process, ms, medians of 300:")
    rounds = [{name: spawn_time(path, 20) for name, path in programs.items()} for _ in range(15)]
    for name in programs:
        print(f"  {name:10} {statistics.median(r[name] for r in rounds):8.2f}")
    found = []
    for _ in range(21):
        done = subprocess.run([programs["libllmp.so"]], check=True, capture_output=True)
        found.append(json.loads(done.stdout))
    median = {key: statistics.median(f[key] for f in found) for key in found[0]}
    least = min(f["first_ms"] for f in found)
    cpu = median["first_cpu_ms"]
    first = f"{median['first_ms']:.2f} ms, at best {least:.2f}, of CPU {cpu:.2f}"
    print(f"the first call that needs the runtime: {first}")
    print(f"the same call again:                   {median['second_ms']:.2f} ms")
    most = max(f["threads_after"] - f["threads_before"] for f in found)
    print(
        f"threads added: {median['threads_after'] - median['threads_before']:.0f}, at most {most}"
    )
    added = median["memory_after_kb"] - median["memory_before_kb"]
    print(f"memory of its own added by the runtime: {added:.0f} KiB")
    print(f"libllmp.so: {(BUILD / 'libllmp.so').stat().st_size:,} bytes")


def main() -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=100_000, help="executions of a run")
    parser.add_argument("--pairs", type=int, default=25, help="runs of each harness")
    options = parser.parse_args()
    compare_executions(options.runs, options.pairs)
    report_start()
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Is the library a guest that nobody notices? With it and without, all must be the same.

    tests/guest/run.py [--jobs N] [--list] [PART-OF-A-NAME...]

GUEST_FORKS=n sets how often each fork test forks (default 1000).

Needs clang with libFuzzer; without it the exit code is 77. Builds into
build/guest; the library and the llmp command must be in build/.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import os
import sys
import threading
import traceback

import crashes
import forks
import honggfuzz
import kit
import manners
import neighbours

MODULES = (crashes, manners, forks, honggfuzz, neighbours)
SKIPPED = 77


def run_case(case: kit.Case, broker: kit.Broker, lock: threading.Lock) -> bool:
    """Runs one case; says so if it fails."""
    try:
        if not broker.alive():
            raise kit.DifferenceError("not run: the broker has ended")
        case.run()
    except kit.DifferenceError as failure:
        with lock:
            print(f"FAILED {case.name}\n{failure}", flush=True)
        return False
    except Exception:
        with lock:
            print(f"FAILED {case.name}\n{traceback.format_exc()}", flush=True)
        return False
    return True


def main() -> int:
    """Runs what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=int(os.environ.get("JOBS", "2")))
    parser.add_argument("--list", action="store_true", help="only say which there are")
    parser.add_argument(
        "name", nargs="*", help="parts of the names of the cases to run; default: all"
    )
    options = parser.parse_args()

    if kit.CLANG is None:
        print("skipped: clang is missing: run scripts/setup.sh")
        return SKIPPED
    cases = [
        case
        for module in MODULES
        for case in module.cases()
        if not options.name or any(part in case.name for part in options.name)
    ]
    if options.list:
        print("\n".join(case.name for case in cases))
        return 0

    broker = kit.Broker()
    os.environ.update(broker.env)
    lock = threading.Lock()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = list(pool.map(lambda case: run_case(case, broker, lock), cases))
    broker.close()
    passed = sum(results)
    print(f"guest: {passed} passed, {len(results) - passed} failed")
    return 0 if passed == len(results) > 0 else 1


if __name__ == "__main__":
    sys.exit(main())

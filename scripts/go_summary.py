"""Shortens `go test -json`: packages, the output of what failed or was skipped, and counts.

Reads the events from standard input as they come; subtests count. Exits with 1
when a test or a package failed, or when nothing passed.
"""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict

# What `go test` says around a test's own output.
NOISE = ("=== ", "--- PASS", "PASS\n", "FAIL\n", "FAIL\t", "ok  \t", "?   \t", "coverage: ")


def main() -> int:
    counts: Counter[str] = Counter()
    output: dict[tuple[str, str], list[str]] = defaultdict(list)
    broken = False
    for line in sys.stdin:
        if not line.startswith("{"):
            print(line, end="", flush=True)  # the go command itself: build errors, downloads
            continue
        event = json.loads(line)
        package = event.get("Package") or event.get("ImportPath", "")
        test = event.get("Test", "")
        key = (package, test)
        action = event["Action"]
        if action in ("output", "build-output"):
            output[key].append(event["Output"])
            continue
        if action == "build-fail":
            broken = True
            print("".join(output.pop(key, [])), end="")
            continue
        if action not in ("pass", "fail", "skip"):
            continue
        said = [text for text in output.pop(key, []) if not text.lstrip().startswith(NOISE)]
        if test:
            counts[action] += 1
            if action != "pass":
                print(f"{package}: {''.join(said)}", end="", flush=True)
        elif action != "skip":  # a package's end; skip: it has no tests
            word = {"pass": "ok  ", "fail": "FAIL"}[action]
            if action == "fail":
                broken = True
                print("".join(said), end="")
            print(f"{word} {package} {event.get('Elapsed', 0):.1f}s", flush=True)
    print(f"go: {counts['pass']} passed, {counts['fail']} failed, {counts['skip']} skipped")
    return 1 if broken or counts["fail"] or not counts["pass"] else 0


if __name__ == "__main__":
    sys.exit(main())

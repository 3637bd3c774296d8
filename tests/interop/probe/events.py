"""events.py PORT N: as events.c."""

from __future__ import annotations

import hashlib
import json
import sys

import llmp

LENGTHS = (0, 5, 1000, 1003, 1004, 1005, 4096, 300_000, 1)


def say(event: str, **what: object) -> None:
    print(json.dumps({"event": event, **what}), flush=True)


def send_all(bus: llmp.Client) -> None:
    for i, length in enumerate(LENGTHS):
        data = bytes((k * 7 + k // 256 + i * 13) & 0xFF for k in range(length))
        bus.send_testcase(data, llmp.ExitKind(i % 4), corpus_size=i + 1, executions=1000 + i)
    bus.send_objective(b"boom", corpus_size=3, executions=2000)
    bus.send_heartbeat(2000)
    bus.send_stat("edges", llmp.Ratio(12, 400), llmp.Aggregate.AVG, executions=2000)


def main(port: int, count: int) -> int:
    with llmp.Client.connect(port, skip_own=True) as bus:
        say("joined", client_id=bus.id)
        send_all(bus)
        for _ in range(count):
            case = bus.recv_testcase(timeout=80)
            if case is None:
                say("error", error="the others keep quiet")
                return 1
            say(
                "testcase",
                sender=case.sender,
                len=len(case.data),
                sha256=hashlib.sha256(case.data).hexdigest(),
                exit=case.exit_kind,
                corpus=case.corpus_size,
                executions=case.executions,
            )
    say("done", received=count)
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))

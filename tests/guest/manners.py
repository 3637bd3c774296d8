"""Harnesses without an engine: handlers of their own, timers, masks, waiting for signals."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import kit

CRASHES = {
    "segv": "SEGV",
    "bus": "BUS",
    "fpe": "FPE",
    "ill": "ILL",
    "abrt": "ABRT",
    "stack": "SEGV",
}
HANDLERS = ("default", "sigaction", "onstack", "altstack", "signal")
WHEN = ("early", "before", "after")

# Checks of src/manners.c, and how often each says that it saw what it should.
CHECKS = {
    "alarm": 2,
    "prof": 2,
    "waiting": 3,
    "sigwait-child": 1,
    "sigsuspend-child": 1,
    "sigwait-each": 23,
    "signalfd": 1,
    "posix-timer": 1,
    "state": 8,
    "setuid": 1,
    "exit": 0,
}


def build(program: str, way: str) -> pathlib.Path:
    """A harness, linked this way. Without optimization: its frames are compared."""
    objects = [kit.compile_object(f"{name}.c", "bare", ("-O0",)) for name in (program, "crash")]
    objects.append(kit.compile_object("bus.c", f"bare-{way}", kit.bus_flags(way)))
    return kit.link(program, way, objects, tag="bare")


def check(name: str, way: str) -> kit.Outcome:
    """Runs one, on a broker of its own: some send more than others could keep up with."""
    with kit.Broker() as broker:
        return kit.run([str(build("manners", way)), name], broker.env)


def cases() -> Iterator[kit.Case]:
    """Every check and every crash, linked every way."""
    for name, count in CHECKS.items():
        for way in kit.in_all_ways():

            def compare(name: str = name, count: int = count, way: str = way) -> None:
                expected = rf"^(.*: as it should\n){{{count}}}(left\n)?exit code (0|23)$"
                kit.against_baseline(
                    f"manners/{name}",
                    way,
                    expected,
                    lambda w: check(name, w),
                )

            yield kit.Case(f"manners/{name}/{way}", compare)

    for kind, signal in CRASHES.items():
        for handler in HANDLERS:
            for when in WHEN:
                for way in kit.in_all_ways():

                    def crash(
                        kind: str = kind,
                        handler: str = handler,
                        when: str = when,
                        way: str = way,
                        signal: str = signal,
                    ) -> None:
                        # A handler needs a stack to run on.
                        caught = handler != "default" and (kind != "stack" or handler == "altstack")
                        expected = (
                            rf"caught {signal}(.|\n)*SIG{signal}$" if caught else f"^SIG{signal}$"
                        )
                        kit.against_baseline(
                            f"bare/{kind}/{handler}/{when}",
                            way,
                            expected,
                            lambda w: kit.run([str(build("bare", w)), kind, handler, when]),
                        )

                    yield kit.Case(f"bare/{kind}/{handler}/{when}/{way}", crash)

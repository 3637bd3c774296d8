"""Starts drivers, bounds their time, and leaves none of them behind."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from .results import BenchError, Row

_GRACE = 10.0  # seconds to leave in once the input is closed


def run(command: Sequence[str], limit: float) -> list[Row]:
    """Run a driver to its end; return the JSON lines that it printed."""
    with Crew() as crew:
        actor = crew.start(command)
        actor.dismiss()
        lines = actor.rest(limit)
    return [json.loads(line) for line in lines if line.startswith("{")]


class Actor:
    """A driver that plays a role: it prints lines, and leaves when its input is closed."""

    def __init__(self, command: Sequence[str]) -> None:
        self.command = " ".join(Path(word).name for word in command)
        # A session of its own: what it starts can be ended with it.
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self._input, self._output = self._process.stdin, self._process.stdout
        self._errors = self._process.stderr
        os.set_blocking(self._output.fileno(), False)
        os.set_blocking(self._errors.fileno(), False)
        self._text = b""
        self._complaint = b""

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def say(self, line: str) -> None:
        """Write a line to it."""
        try:
            self._input.write(line.encode() + b"\n")
            self._input.flush()
        except BrokenPipeError:
            raise self._gone() from None

    def line(self, limit: float) -> str:
        """Return its next line."""
        deadline = time.monotonic() + limit
        while b"\n" not in self._text:
            if not self._read(deadline):
                raise self._gone()
        line, _, self._text = self._text.partition(b"\n")
        return line.decode()

    def progress(self, limit: float) -> Row:
        """Return its next line of JSON."""
        row: Row = json.loads(self.line(limit))
        return row

    def row(self, limit: float) -> Row:
        """Return what it measured: its lines of JSON, put together."""
        row: Row = {}
        while "seconds" not in row:  # the last line of a role has it
            row.update(self.progress(limit))
        return row

    def dismiss(self) -> None:
        """Close its input: it leaves when it is done."""
        if not self._input.closed:
            with suppress(BrokenPipeError):
                self._input.close()

    def rest(self, limit: float = _GRACE) -> list[str]:
        """Return all its lines, once it has ended; it must do so in time, and well."""
        self.dismiss()
        deadline = time.monotonic() + limit
        while self._read(deadline):
            pass
        try:
            status = self._process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise BenchError(f"{self.command}: not done after {limit:.0f} s") from None
        if status != 0:
            raise self._gone()
        return self._text.decode().splitlines()

    def kill(self) -> None:
        """End it, and whatever it started."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        self.dismiss()
        self._output.close()
        self._errors.close()

    def _read(self, deadline: float) -> bool:
        """Read what there is; False at the end of its output."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._output, selectors.EVENT_READ)
            selector.register(self._errors, selectors.EVENT_READ)
            left = deadline - time.monotonic()
            ready = selector.select(left) if left > 0 else []
        if not ready:
            raise BenchError(f"{self.command}: nothing came in time{self._said()}")
        more = True
        for key, _ in ready:
            if key.fileobj is self._errors:
                self._complaint += self._errors.read() or b""
                # At its end it is always ready: the output decides.
                if self._process.poll() is not None:
                    time.sleep(0.001)
                continue
            chunk = self._output.read()
            more = bool(chunk)
            self._text += chunk or b""
        return more

    def _said(self) -> str:
        text = self._complaint.decode(errors="replace").strip()
        return f": {text[-2000:]}" if text else ""

    def _gone(self) -> BenchError:
        try:
            status = self._process.wait(1)
        except subprocess.TimeoutExpired:
            return BenchError(f"{self.command}: its output is closed, but it runs on")
        self._complaint += self._errors.read() or b""
        return BenchError(f"{self.command}: ended with status {status}{self._said()}")


class Crew:
    """Processes that measure together. None outlives the block."""

    def __init__(self) -> None:
        self.actors: list[Actor] = []

    def start(self, command: Sequence[str]) -> Actor:
        """Start a process."""
        actor = Actor(command)
        self.actors.append(actor)
        return actor

    def start_ready(self, commands: Iterable[Sequence[str]], limit: float = 60) -> list[Actor]:
        """Start processes, and wait until each has said that it is ready."""
        actors = [self.start(command) for command in commands]
        for actor in actors:
            answer = actor.line(limit)
            if answer != "ready":
                raise BenchError(f'{actor.command}: {answer!r}, where "ready" was due')
        return actors

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for actor in reversed(self.actors):
            actor.kill()
        remove_segments({actor.pid for actor in self.actors})


def remove_segments(creators: set[int]) -> None:
    """Remove SysV segments that dead processes have made and nobody is attached to."""
    try:
        table = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
    except OSError:
        return
    for row in table:
        _, number, _, _, creator, _, attached, *_ = row.split()
        if int(creator) in creators and attached == "0":
            subprocess.run(["ipcrm", "-m", number], check=False, capture_output=True)

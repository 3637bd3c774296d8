"""Fixtures, and the check that nothing is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest

if TYPE_CHECKING:
    from typing_extensions import Unpack

PYTHON = Path(__file__).resolve().parents[1]
TREE = PYTHON.parent
SOURCE = PYTHON / "src"


def _library() -> str:
    for folder in (TREE / "build" / "lib", TREE / "build"):
        path = folder / "libllmp.so"
        if path.is_file():
            return str(path)
    pytest.exit("build/libllmp.so is missing: run scripts/build-library.sh", returncode=3)


if "LLMP_LIBRARY" not in os.environ:
    os.environ["LLMP_LIBRARY"] = _library()

import llmp  # noqa: E402

_Client = TypeVar("_Client", llmp.Client, llmp.Sender)

HANG = 60  # seconds after which a test that should have ended has failed
_children: set[int] = set()


@pytest.fixture
def broker() -> Iterator[llmp.Broker]:
    """Yield a broker that is not running; its page is small, so that tests roll over soon."""
    with llmp.Broker(page_size=1 << 16) as broker:
        yield broker


@pytest.fixture
def port() -> Iterator[int]:
    """Yield the port of a broker that runs in the background."""
    with llmp.Broker() as broker:
        port = broker.listen(0)
        broker.start()
        yield port


@pytest.fixture
def pipe() -> Iterator[llmp.Client]:
    """Yield a client that receives what it sends."""
    with p2p(7) as client:
        yield client


@contextmanager
def p2p(sender_id: int, **options: Unpack[llmp.ClientOptions]) -> Iterator[llmp.Client]:
    """Make a client that receives what it sends, and whose end waits for nobody to read that."""
    with unread(llmp.Client.p2p(sender_id, **options)) as client:
        yield client


@contextmanager
def unread(client: _Client) -> Iterator[_Client]:
    """Have a client's close() not wait for a reader."""
    with client:
        yield client
        if not client.closed:
            client.mark_safe_to_unmap()


def run_python(code: str, *arguments: str, **environment: str) -> str:
    """Run a program to its end and return what it wrote; it must end well."""
    child = start_python(code, *arguments, **environment)
    out, errors = child.communicate(timeout=HANG)
    assert child.returncode == 0, errors
    return out


def start_python(code: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    """Start a program that imports llmp; the caller waits for it."""
    # Newer Pythons warn of each fork of a process with threads; ours have the Go runtime's.
    warnings = ["-W", "error", "-W", "ignore:This process:DeprecationWarning"]
    command = [sys.executable, *warnings, "-X", "faulthandler", "-c", textwrap.dedent(code)]
    child = subprocess.Popen(
        [*command, *arguments],
        env={**os.environ, "PYTHONPATH": str(SOURCE), **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    _children.add(child.pid)
    return child


def segments_of(pids: set[int]) -> list[str]:
    """Return the SysV segments that any of these processes made."""
    names, *rest = Path("/proc/sysvipc/shm").read_text().splitlines()
    rows = [dict(zip(names.split(), line.split())) for line in rest]
    return [row["shmid"] for row in rows if int(row["cpid"]) in pids]


@pytest.fixture(scope="session", autouse=True)
def nothing_is_left() -> Iterator[None]:
    """Fail when a test left shared memory, descriptors or threads behind."""
    posix = set(Path("/dev/shm").iterdir())
    yield
    assert segments_of({os.getpid(), *_children}) == []
    pids = {str(pid) for pid in (os.getpid(), *_children)}
    there = set(Path("/dev/shm").iterdir()) - posix
    assert [path for path in there if any(pid in path.name for pid in pids)] == []
    assert [t.name for t in threading.enumerate() if t.name.startswith("llmp")] == []

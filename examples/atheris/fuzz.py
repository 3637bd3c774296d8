"""An atheris harness for Python's zipfile that shares what it finds with every fuzzer on the bus.

atheris is libFuzzer inside: its finds are the new files of the corpus directory, and a custom
mutator can hand it the test cases of others.
"""

import io
import os
import sys
import time
from pathlib import Path

import atheris

import llmp

with atheris.instrument_imports():
    import zipfile

CORPUS = Path(next((arg for arg in sys.argv[1:] if not arg.startswith("-")), "corpus"))
LOOK_EVERY = 0.1  # seconds

CORPUS.mkdir(parents=True, exist_ok=True)
bus = llmp.Client.connect(int(os.environ.get("LLMP_PORT", "1337")), skip_own=True)
known = set()  # contents that went out or came in
published = set()  # names of files
next_look = 0.0


def publish() -> None:
    """Send the files of the corpus directory that are new."""
    for path in CORPUS.iterdir():
        if path.name not in published:
            published.add(path.name)
            try:
                data = path.read_bytes()
            except FileNotFoundError:
                continue  # libFuzzer has found a shorter one meanwhile
            if data not in known:
                known.add(data)
                bus.send_testcase(data)


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Return a test case of others, or a mutation of libFuzzer's."""
    global next_look
    testcase = None
    try:
        if time.monotonic() >= next_look:
            next_look = time.monotonic() + LOOK_EVERY
            publish()
        testcase = bus.recv_testcase(timeout=0)
    except llmp.ClosedError:  # the broker has ended: go on alone
        next_look = float("inf")
    if testcase is not None and testcase.data not in known and len(testcase.data) <= max_size:
        known.add(testcase.data)
        return testcase.data
    return atheris.Mutate(data, max_size)


def test_one_input(data: bytes) -> None:
    """Run the target."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                archive.getinfo(name)
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        pass


if str(CORPUS) not in sys.argv:
    sys.argv.append(str(CORPUS))
atheris.Setup(sys.argv, test_one_input, custom_mutator=mutate)
atheris.Fuzz()

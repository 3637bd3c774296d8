"""The wheel: built without a compiler, installed into a fresh environment, used there."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from conftest import HANG, PYTHON, TREE

# hatchling is a requirement of the tests: without isolation nothing is downloaded.
BUILD = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-index", "--no-build-isolation"]

PROGRAM = """
import shutil, sys, llmp
assert shutil.which("cc") is shutil.which("gcc") is shutil.which("go") is None
assert llmp.library_path().startswith(sys.prefix), llmp.library_path()
with llmp.Broker() as broker:
    port = broker.listen(0)
    broker.start()
    with llmp.Client.connect(port) as bus:
        bus.send(0x1234, b"hello")
        message = bus.recv(timeout=30)
        print(message.tag, message.data.decode(), llmp.version())
"""


def without_compiler(folder: Path) -> dict[str, str]:
    """Return an environment in which no program but Python can be found."""
    return {"PATH": str(folder), "HOME": str(folder), "LANG": "C.UTF-8"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [*BUILD, "-w", str(folder), str(PYTHON)],
        check=True,
        env={**without_compiler(folder), "LLMP_LIBRARY": os.environ["LLMP_LIBRARY"]},
        timeout=HANG,
    )
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_brings_the_library_and_says_for_which_machines(wheel: Path) -> None:
    name, version, python, abi, platform = wheel.stem.split("-")
    assert (name, python, abi) == ("llmp", "py3", "none")
    assert platform.startswith("manylinux_2_")
    header = (TREE / "include" / "llmp.h").read_text(encoding="utf-8")
    assert f'LLMP_VERSION_STRING "{version}"' in header
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        assert archive.read("llmp/_lib/libllmp.so")[:4] == b"\x7fELF"
    assert "llmp/py.typed" in names
    assert {f"llmp/{path.name}" for path in (PYTHON / "src" / "llmp").glob("*.py")} <= names
    assert not any("test" in name for name in names)


def test_the_installed_package_works_without_a_compiler(wheel: Path, tmp_path: Path) -> None:
    place = tmp_path / "venv"
    venv.create(place, with_pip=False)
    pip = [sys.executable, "-m", "pip", "--python", str(place / "bin" / "python")]
    subprocess.run(
        [*pip, "install", "--no-deps", "--no-index", "-q", str(wheel)],
        check=True,
        timeout=HANG,
    )
    done = subprocess.run(
        [str(place / "bin" / "python"), "-W", "error", "-c", PROGRAM],
        check=False,
        capture_output=True,
        text=True,
        env=without_compiler(tmp_path),
        cwd=tmp_path,
        timeout=HANG,
    )
    assert done.returncode == 0, done.stderr
    tag, word, version = done.stdout.split()
    assert (int(tag), word) == (0x1234, "hello")
    assert f"-{version}-" in wheel.name


def test_without_a_library_the_build_says_what_to_do(tmp_path: Path) -> None:
    missing = tmp_path / "nothing.so"
    done = subprocess.run(
        [*BUILD, "-w", str(tmp_path), str(PYTHON)],
        check=False,
        capture_output=True,
        text=True,
        env={**without_compiler(tmp_path), "LLMP_LIBRARY": str(missing)},
        timeout=HANG,
    )
    assert done.returncode != 0
    assert f"LLMP_LIBRARY is {missing}, but there is no such file" in done.stdout + done.stderr

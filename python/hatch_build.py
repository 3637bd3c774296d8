"""Puts the shared library into the wheel, and says for which machines the wheel is.

No compiler is needed where the library is built already. It is taken from, in this order:

1. $LLMP_LIBRARY
2. build/lib/libllmp.so or build/libllmp.so of the source tree
3. what scripts/build-library.sh builds there, if Go is installed
"""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).resolve().parent
TREE = HERE.parent
MACHINES = {62: "x86_64", 183: "aarch64"}
OLDEST_GLIBC = 17  # the oldest that a manylinux tag can name


def version() -> str:
    """Return the version of the library, from its header."""
    for header in (TREE / "include" / "llmp.h", HERE / "include" / "llmp.h"):
        if header.is_file():
            found = re.search(r'#define LLMP_VERSION_STRING "([^"]+)"', header.read_text("utf-8"))
            if found:
                return found[1]
    raise RuntimeError("include/llmp.h, which has the version, is missing: build in the whole tree")


def find_library() -> Path:
    """Return the path of the library, which is built if need be."""
    chosen = os.environ.get("LLMP_LIBRARY")
    if chosen:
        path = Path(chosen).resolve()
        if not path.is_file():
            raise RuntimeError(f"LLMP_LIBRARY is {chosen}, but there is no such file")
        return path
    built = _built()
    script = TREE / "scripts" / "build-library.sh"
    if built is None and script.is_file() and shutil.which("go"):
        subprocess.run(["bash", str(script)], check=True, cwd=TREE)
        built = _built()
    if built is not None:
        return built
    raise RuntimeError(
        "there is no libllmp.so to put into the wheel: set LLMP_LIBRARY to one, or install Go and"
        " build in the whole source tree, not from an sdist"
    )


def _built() -> Path | None:
    for folder in (TREE / "build" / "lib", TREE / "build"):
        path = folder / "libllmp.so"
        if path.is_file():
            return path
    return None


def tag(library: bytes) -> str:
    """Return the wheel's tag: any Python 3, and what the library itself needs."""
    if library[:4] != b"\x7fELF":
        raise RuntimeError("the library is no ELF file: only Linux is supported")
    (machine,) = struct.unpack_from("<H", library, 18)
    if machine not in MACHINES:
        raise RuntimeError(f"the library is for an unknown machine (ELF number {machine})")
    # The names of the symbol versions it needs are strings in it.
    needed = [int(minor) for minor in re.findall(rb"GLIBC_2\.(\d+)", library)]
    glibc = max([OLDEST_GLIBC, *needed])
    return f"py3-none-manylinux_2_{glibc}_{MACHINES[machine]}"


class LibraryHook(BuildHookInterface[Any]):
    """The build hook that pyproject.toml names."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the library to the files of the wheel."""
        library = find_library()
        build_data["pure_python"] = False
        build_data["tag"] = tag(library.read_bytes())
        build_data["force_include"][str(library)] = "llmp/_lib/libllmp.so"

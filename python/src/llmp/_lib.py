"""Finds, loads and checks the shared library, once, when it is first needed.

Where it is looked for, in this order:

1. ``$LLMP_LIBRARY``, a path. It is not passed over when it does not work.
2. ``_lib/libllmp.so`` in this package: the one that the wheel brought along.
3. ``libllmp.so.1`` wherever the system's loader looks.

Loading waits for the first call that needs it, and the Go runtime inside the library for the first
that makes a handle: a process may import this package, fork, and connect in the child.
"""

from __future__ import annotations

import ctypes
import os
import threading
from pathlib import Path

from . import _abi
from .errors import LibraryError, LlmpError, from_code

SONAME = "libllmp.so.1"
VARIABLE = "LLMP_LIBRARY"
_BUNDLED = Path(__file__).with_name("_lib") / "libllmp.so"

_lock = threading.Lock()
_loaded: tuple[ctypes.CDLL, str] | None = None


def _renew_lock() -> None:
    # Another thread of the parent may have held it.
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_renew_lock)


def load() -> ctypes.CDLL:
    """Return the library, loaded and checked. Any thread. LibraryError says what is missing."""
    loaded = _loaded
    return loaded[0] if loaded is not None else _load()[0]


def library_path() -> str:
    """Return the path or the name that the library was loaded by, loading it if need be."""
    loaded = _loaded
    return loaded[1] if loaded is not None else _load()[1]


def version() -> str:
    """Return the version of the loaded library, such as "0.1.0"."""
    text: bytes = load().llmp_version()
    return text.decode()


def abi_version() -> int:
    """Return the ABI number of the loaded library; it rises with each addition."""
    return int(load().llmp_abi_version())


def error(code: int) -> LlmpError:
    """Return the exception for the negative result of this thread's last call."""
    library = load()
    text: bytes = library.llmp_last_error() or library.llmp_strerror(code)
    return from_code(code, text.decode("utf-8", "replace"))


def check(result: int) -> int:
    """Return the result of a call, or raise its error."""
    if result < 0:
        raise error(result)
    return result


def _load() -> tuple[ctypes.CDLL, str]:
    global _loaded
    with _lock:
        if _loaded is None:
            _loaded = _open_first(_candidates())
        return _loaded


def _candidates() -> list[str]:
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return [chosen]
    return [str(_BUNDLED), SONAME] if _BUNDLED.exists() else [SONAME]


def _open_first(candidates: list[str]) -> tuple[ctypes.CDLL, str]:
    reasons = []
    for name in candidates:
        try:
            library = ctypes.CDLL(name)
        except OSError as problem:
            reasons.append(f"{name}: {problem}")
            continue
        _check_version(library, name)
        return library, name
    raise LibraryError(
        "the shared library llmp cannot be loaded: "
        + "; ".join(reasons)
        + f". Install the wheel of this package, or set {VARIABLE} to the path of libllmp.so"
        " (built by scripts/build-library.sh)"
    )


def _check_version(library: ctypes.CDLL, name: str) -> None:
    try:
        there = int(library.llmp_abi_version())
    except AttributeError:
        raise LibraryError(f"{name} is not libllmp: it has no llmp_abi_version") from None
    if there < _abi.ABI_VERSION:
        raise LibraryError(
            f"{name} is too old: its ABI version is {there}, this package needs"
            f" {_abi.ABI_VERSION} or newer. Update it, or unset {VARIABLE}"
        )
    try:
        _abi.bind(library)
    except AttributeError as problem:
        raise LibraryError(
            f"{name} says that its ABI version is {there}, but a function is missing: {problem}"
        ) from None

"""Finding, loading and checking the shared library."""

from __future__ import annotations

import subprocess
from pathlib import Path

from conftest import HANG, run_python

import llmp

SAY_ERROR = """
    import llmp
    try:
        llmp.version()
    except llmp.LibraryError as error:
        assert isinstance(error, (llmp.LlmpError, ImportError))
        print(error)
"""


def build(tmp_path: Path, code: str) -> str:
    source, library = tmp_path / "fake.c", tmp_path / "libfake.so"
    source.write_text(code)
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-o", str(library), str(source)], check=True, timeout=HANG
    )
    return str(library)


def test_versions_are_those_of_the_library() -> None:
    assert llmp.abi_version() >= 1
    assert llmp.version().count(".") == 2
    assert llmp.library_path().endswith(".so")


def test_importing_loads_nothing() -> None:
    program = """
        import pathlib, llmp
        maps = pathlib.Path("/proc/self/maps")
        assert "libllmp" not in maps.read_text()
        llmp.version()
        assert "libllmp" in maps.read_text()
    """
    run_python(program)


def test_a_variable_that_leads_nowhere_is_not_passed_over(tmp_path: Path) -> None:
    missing = str(tmp_path / "nothing.so")
    said = run_python(SAY_ERROR, LLMP_LIBRARY=missing)
    assert missing in said
    assert "LLMP_LIBRARY" in said


def test_another_library_is_refused(tmp_path: Path) -> None:
    path = build(tmp_path, "int llmp_version_of_something_else(void) { return 1; }")
    said = run_python(SAY_ERROR, LLMP_LIBRARY=path)
    assert f"{path} is not libllmp" in said


def test_an_old_library_is_refused(tmp_path: Path) -> None:
    path = build(tmp_path, "int llmp_abi_version(void) { return 0; }")
    said = run_python(SAY_ERROR, LLMP_LIBRARY=path)
    assert "too old" in said
    assert "1 or newer" in said


def test_a_library_that_lacks_a_function_is_refused(tmp_path: Path) -> None:
    path = build(tmp_path, "int llmp_abi_version(void) { return 1; }")
    said = run_python(SAY_ERROR, LLMP_LIBRARY=path)
    assert "missing" in said
    assert "llmp_strerror" in said


def test_without_any_library_the_error_says_what_to_do() -> None:
    said = run_python(SAY_ERROR, LLMP_LIBRARY="")
    assert "libllmp.so.1" in said
    assert "LLMP_LIBRARY" in said

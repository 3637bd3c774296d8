"""llmp._abi declares what include/llmp.h declares."""

from __future__ import annotations

import ctypes
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conftest import TREE
from pycparser import c_ast, c_parser

import llmp
from llmp import _abi, errors

HEADER = TREE / "include" / "llmp.h"

# Enough of the C library's headers for a parser that knows standard C only.
STDINT = """
typedef unsigned short uint16_t; typedef unsigned int uint32_t; typedef unsigned long uint64_t;
typedef long int64_t;
#define UINT64_MAX (~0ul)
"""
STDDEF = "typedef unsigned long size_t;"

PLAIN: dict[str, Any] = {
    "int": ctypes.c_int,
    "double": ctypes.c_double,
    "int64_t": ctypes.c_int64,
    "size_t": ctypes.c_size_t,
    "uint16_t": ctypes.c_uint16,
    "uint32_t": ctypes.c_uint32,
    "uint64_t": ctypes.c_uint64,
    "void": None,
    "llmp_hook_fn": _abi.HookFn,
    "llmp_timeout_fn": _abi.TimeoutFn,
}
HANDLES = {
    "llmp_client",
    "llmp_sender",
    "llmp_receiver",
    "llmp_broker",
    "llmp_connection",
}


@pytest.fixture(scope="module")
def declarations(tmp_path_factory: pytest.TempPathFactory) -> Any:
    fake = tmp_path_factory.mktemp("include")
    (fake / "stdint.h").write_text(STDINT)
    (fake / "stddef.h").write_text(STDDEF)
    text = subprocess.run(
        ["cc", "-E", "-P", "-nostdinc", f"-I{fake}", str(HEADER)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return c_parser.CParser().parse(text)


def run_c(tmp_path: Path, statements: list[str]) -> list[int]:
    """Return the numbers that a C program, which includes the header, prints."""
    source = tmp_path / "numbers.c"
    lines = "\n".join(f'printf("%llu\\n", (unsigned long long)({s}));' for s in statements)
    source.write_text(
        f"#include <llmp.h>\n#include <stdio.h>\nint main(void) {{\n{lines}\nreturn 0; }}\n"
    )
    program = tmp_path / "numbers"
    subprocess.run(["cc", f"-I{HEADER.parent}", "-o", str(program), str(source)], check=True)
    printed = subprocess.run([str(program)], check=True, capture_output=True, text=True).stdout
    return [int(line) for line in printed.split()]


def c_type(of: Any) -> Any:
    """Return the ctypes type of a parsed C type."""
    if isinstance(of, (c_ast.Typename, c_ast.Decl)):
        return c_type(of.type)
    if isinstance(of, c_ast.TypeDecl):
        name = of.type.names[0]
        return PLAIN[name] if name in PLAIN else _abi.STRUCTS[name]
    assert isinstance(of, c_ast.PtrDecl)
    to = of.type
    if isinstance(to, c_ast.TypeDecl):
        name = to.type.names[0]
        if name in HANDLES or name == "void":
            return ctypes.c_void_p
        if name == "char":
            return ctypes.c_char_p
    return ctypes.POINTER(c_type(to))


def signature(of: Any) -> tuple[Any, tuple[Any, ...]]:
    arguments = [] if of.args is None else [c_type(parameter) for parameter in of.args.params]
    if arguments == [None]:  # (void)
        arguments = []
    return c_type(of.type), tuple(arguments)


def test_every_function_is_declared_with_its_types(declarations: Any) -> None:
    in_header = {
        node.name: signature(node.type)
        for node in declarations.ext
        if isinstance(node, c_ast.Decl) and isinstance(node.type, c_ast.FuncDecl)
    }
    assert len(in_header) > 80
    assert in_header == _abi.PROTOTYPES


def test_callbacks_have_the_types_of_the_header(declarations: Any) -> None:
    callbacks = {
        node.name: signature(node.type.type)
        for node in declarations.ext
        if isinstance(node, c_ast.Typedef) and isinstance(node.type, c_ast.PtrDecl)
    }
    assert set(callbacks) == {"llmp_hook_fn", "llmp_timeout_fn"}
    for name, (result, arguments) in callbacks.items():
        ours: Any = PLAIN[name]
        assert ours._restype_ is result
        assert ours._argtypes_ == arguments


def test_every_struct_has_the_fields_of_the_header(declarations: Any) -> None:
    in_header = {
        node.name: [field.name for field in node.type.type.decls]
        for node in declarations.ext
        if isinstance(node, c_ast.Typedef)
        and isinstance(node.type, c_ast.TypeDecl)
        and isinstance(node.type.type, c_ast.Struct)
        and node.type.type.decls
    }
    ours = {name: [f[0] for f in struct._fields_] for name, struct in _abi.STRUCTS.items()}
    assert in_header == ours


def test_structs_are_laid_out_as_by_the_c_compiler(tmp_path: Path) -> None:
    asked, expected = [], []
    for name, struct in _abi.STRUCTS.items():
        asked.append(f"sizeof({name})")
        expected.append(ctypes.sizeof(struct))
        for field in (f[0] for f in struct._fields_):
            asked += [f"offsetof({name}, {field})", f"sizeof((({name} *)0)->{field})"]
            where = getattr(struct, field)
            expected += [where.offset, where.size]
    assert run_c(tmp_path, asked) == expected


def test_constants_are_those_of_the_header(tmp_path: Path) -> None:
    shared = {
        name: getattr(llmp, name)
        for name in llmp.__all__
        if name.isupper() and name not in ("RESERVED_TAGS", "FORWARD", "DROP")
    }
    private = {
        "HOOK_FORWARD": llmp.FORWARD,
        "HOOK_DROP": llmp.DROP,
        "MAP_ID_LEN": _abi.MAP_ID_LEN,
        "DESCRIPTION_MAX": _abi.DESCRIPTION_MAX,
        "WAIT_FOREVER": _abi.WAIT_FOREVER % 2**64,
        "DONT_WAIT": _abi.DONT_WAIT % 2**64,
        "NO_OFFSET": _abi.NO_OFFSET,
        "ABI_VERSION": _abi.ABI_VERSION,
        "EVENT_TESTCASE": _abi.EVENT_TESTCASE,
        "EVENT_OBJECTIVE": _abi.EVENT_OBJECTIVE,
        "STAT_NUMBER": _abi.STAT_NUMBER,
        "STAT_FLOAT": _abi.STAT_FLOAT,
        "STAT_TEXT": _abi.STAT_TEXT,
        "STAT_RATIO": _abi.STAT_RATIO,
        "STAT_PERCENT": _abi.STAT_PERCENT,
        **{f"EXIT_{kind.name}": kind for kind in llmp.ExitKind},
        **{f"AGGREGATE_{way.name}": way for way in llmp.Aggregate},
    }
    ours = {f"LLMP_{name}": int(value) for name, value in {**shared, **private}.items()}
    assert len(ours) >= 21
    assert dict(zip(ours, run_c(tmp_path, list(ours)))) == ours


def test_every_tag_and_flag_of_the_header_has_a_name_here() -> None:
    names = set(re.findall(r"#define LLMP_((?:TAG|FLAG)_\w+)", HEADER.read_text()))
    assert names == {n for n in llmp.__all__ if n.startswith(("TAG_", "FLAG_"))}
    tags = {n for n in names if n.startswith("TAG_")} - {"TAG_LIBAFL_EVENT"}
    assert {getattr(llmp, name) for name in tags} == llmp.RESERVED_TAGS


def test_the_header_has_no_exit_kind_or_aggregate_that_is_not_here() -> None:
    names = re.findall(r"#define LLMP_(EXIT|AGGREGATE)_\w+", HEADER.read_text())
    assert names.count("EXIT") == len(llmp.ExitKind)
    assert names.count("AGGREGATE") == len(llmp.Aggregate)


def test_every_error_code_has_a_class() -> None:
    text = HEADER.read_text(encoding="utf-8")
    codes = {int(number) for number in re.findall(r"XX\(E_\w+, (-\d+),", text)}
    assert len(codes) == 16
    assert set(errors.BY_CODE) == codes
    for code, cls in errors.BY_CODE.items():
        assert cls.code == code
        assert getattr(llmp, cls.__name__) is cls


def test_statistics_have_the_fields_of_the_header() -> None:
    assert llmp.BrokerStats._fields == tuple(f[0] for f in _abi.Stats._fields_[1:])
    assert llmp.EventCounts._fields == tuple(f[0] for f in _abi.EventCounts._fields_[1:])


def test_only_three_modules_know_ctypes() -> None:
    imports = {
        path.name
        for path in Path(llmp.__file__).parent.glob("*.py")
        if re.search(r"^\s*(from|import) ctypes", path.read_text(), re.MULTILINE)
    }
    assert imports == {"_abi.py", "_lib.py", "_memory.py"}

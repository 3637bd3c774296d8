#!/usr/bin/env python3
"""The ABI of the C library as text: functions, layouts and numbers of llmp.h.

    scripts/abi.py check     compare with the snapshot capi/abi.txt
    scripts/abi.py update    write the snapshot, and capi/exported.txt, anew
    scripts/abi.py print     only show what there is now

The layouts are what the C compiler (CC, default cc) makes of the header on a
64-bit system, so no compiler's debug information is needed. What the snapshot
has must stay; what is new must be recorded by `update`. `update` refuses what
would break programs that exist, unless told --break: see docs/abi.md.
"""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
HEADER = ROOT / "include" / "llmp.h"
SNAPSHOT = ROOT / "capi" / "abi.txt"
EXPORTED = ROOT / "capi" / "exported.txt"

SNAPSHOT_HEAD = (
    "# The ABI of libllmp.so.1 on 64-bit systems. Written by `scripts/abi.py update`,\n"
    "# compared by `scripts/abi.py check`.\n"
)
EXPORTED_HEAD = (
    "# The functions that libllmp exports, one a line; scripts/check-symbols.sh compares.\n"
)

# Numbers that tell the version are meant to change; the others are not values.
NOT_FROZEN = re.compile(r"LLMP_(VERSION_\w+|ABI_VERSION|API|H|\w+_INIT|ERROR_LAST_)$")


def plain_header() -> str:
    """The header without comments, its continued lines joined."""
    text = re.sub(r"/\*.*?\*/", " ", HEADER.read_text(), flags=re.DOTALL)
    return text.replace("\\\n", " ")


def parameter_type(parameter: str) -> str:
    """A parameter without its name: `const char *name` is a `const char *`."""
    parameter = " ".join(parameter.split())
    if parameter == "void":
        return parameter
    return re.sub(r"\s*\w+(\[\w*\])?$", r"\1", parameter).replace("* ", "*")


def functions(text: str) -> list[str]:
    """The prototypes, the names of parameters left out."""
    found = []
    pattern = r"LLMP_API\s+([^;(]*?)(\**)(llmp_\w+)\s*\(([^)]*)\)\s*;"
    for result, stars, name, parameters in re.findall(pattern, text):
        types = ", ".join(parameter_type(p) for p in parameters.split(","))
        found.append(f"function {name}: {' '.join(result.split())}{stars} ({types})")
    pattern = r"typedef\s+(\w+)\s*\(\*(llmp_\w+)\)\s*\(([^)]*)\)\s*;"
    for result, name, parameters in re.findall(pattern, text):
        types = ", ".join(parameter_type(p) for p in parameters.split(","))
        found.append(f"callback {name}: {result} ({types})")
    return found


def structs(text: str) -> dict[str, list[str]]:
    """The fields of each struct."""
    found = {}
    for body, name in re.findall(r"typedef\s+struct\s+\w+\s*\{([^}]*)\}\s*(llmp_\w+)\s*;", text):
        fields = [f for f in body.split(";") if f.strip()]
        found[name] = [
            re.sub(r"(\[\w*\])*$", "", f.strip()).split()[-1].lstrip("*") for f in fields
        ]
    return found


def constants(text: str) -> list[str]:
    """The names of the macros that are values."""
    names = re.findall(r"^#\s*define\s+(LLMP_\w+)[ \t]+\S", text, flags=re.MULTILINE)
    return [n for n in dict.fromkeys(names) if not NOT_FROZEN.match(n)]


def enumerators(text: str) -> list[str]:
    """The names of enumerators, the errors of LLMP_ERROR_MAP among them."""
    names = [f"LLMP_{n}" for n in re.findall(r"XX\((\w+),\s*-?\d+", text)]
    for body in re.findall(r"enum\s+\w*\s*\{([^}]*)\}", text):
        if "LLMP_ERROR_ENUM" not in body:
            names += re.findall(r"\b(LLMP_\w+)\b(?=\s*(?:=|,|$))", body)
    return [n for n in dict.fromkeys(names) if not NOT_FROZEN.match(n)]


def probe(text: str) -> str:
    """A C program that prints the layouts and numbers."""
    lines = [
        "#include <llmp.h>",
        "#include <stdio.h>",
        '#define NUMBER(name) printf("constant %s: %lld\\n", #name, (long long)(name))',
        "int main(void) {",
    ]
    for name, fields in structs(text).items():
        size = f"sizeof({name}), _Alignof({name})"
        lines.append(f'  printf("struct {name}: size %zu, alignment %zu\\n", {size});')
        for field in fields:
            where = f"offsetof({name}, {field}), sizeof((({name} *)0)->{field})"
            lines.append(f'  printf("field {name}.{field}: offset %zu, size %zu\\n", {where});')
    lines += [f"  NUMBER({name});" for name in constants(text) + enumerators(text)]
    return "\n".join([*lines, "  return 0;", "}", ""])


def current() -> list[str]:
    """The ABI of the header as it is."""
    text = plain_header()
    with tempfile.TemporaryDirectory() as folder:
        source, program = pathlib.Path(folder) / "probe.c", pathlib.Path(folder) / "probe"
        source.write_text(probe(text))
        compiler = os.environ.get("CC", "cc").split()
        include = f"-I{HEADER.parent}"
        subprocess.run([*compiler, include, str(source), "-o", str(program)], check=True)
        printed = subprocess.run([str(program)], check=True, capture_output=True, text=True)
    return functions(text) + printed.stdout.splitlines()


def recorded() -> list[str]:
    """The snapshot; nothing if there is none yet."""
    if not SNAPSHOT.exists():
        return []
    return [line for line in SNAPSHOT.read_text().splitlines() if not line.startswith("#")]


def may_change_to(line: str, now: dict[str, str], all_now: set[str]) -> bool:
    """Structs that begin with their size may grow."""
    match = re.match(r"struct (\w+): size (\d+)", line)
    if match is None:
        return False
    name, size = match[1], int(match[2])
    grown = re.match(r"struct \w+: size (\d+)", now.get(f"struct {name}", ""))
    sized = f"field {name}.size: offset 0, size 8" in all_now
    return sized and grown is not None and int(grown[1]) >= size


def compare() -> tuple[list[str], list[str], list[str]]:
    """What is there, what of the snapshot is gone or different, what is new."""
    now = current()
    by_key = {line.split(":")[0]: line for line in now}
    old = recorded()
    gone = [
        f"{line}\n    now: {by_key.get(line.split(':')[0], 'gone')}"
        for line in old
        if line not in now and not may_change_to(line, by_key, set(now))
    ]
    return now, gone, [line for line in now if line not in old]


def exported(lines: list[str]) -> str:
    """capi/exported.txt for these functions."""
    names = sorted(re.findall(r"^function (\w+):", "\n".join(lines), flags=re.MULTILINE))
    return EXPORTED_HEAD + "".join(f"{name}\n" for name in names)


def main(arguments: list[str]) -> int:
    """Does what the command line says."""
    mode = arguments[0] if arguments else ""
    if mode not in ("check", "update", "print") or arguments[1:] not in ([], ["--break"]):
        print(__doc__, file=sys.stderr)
        return 2
    now, gone, new = compare()
    if mode == "print":
        print("\n".join(now))
        return 0
    for line in gone:
        print(f"abi.py: breaks programs that exist: {line}", file=sys.stderr)
    if mode == "update":
        if gone and "--break" not in arguments:
            print("abi.py: nothing written; --break if that is meant", file=sys.stderr)
            return 1
        SNAPSHOT.write_text(SNAPSHOT_HEAD + "\n".join(now) + "\n")
        EXPORTED.write_text(exported(now))
        print(f"abi: {len(now)} lines recorded, {len(new)} of them new")
        return 0
    for line in new:
        print(f"abi.py: not recorded, run scripts/abi.py update: {line}", file=sys.stderr)
    good = len(now) - len(new)
    print(f"abi: {good} passed, {len(gone) + len(new)} failed")
    return 1 if gone or new else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

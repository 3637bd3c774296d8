"""What else may live in the process, or look into it: other copies, C++, valgrind, gdb."""

from __future__ import annotations

import functools
import pathlib
import re
import shutil
import tempfile
from collections.abc import Iterator

import kit

VALGRIND = kit.tool("valgrind")
GDB = kit.tool("gdb")


def copies(linked: str | None, loaded: int) -> None:
    """Loads so many copies from different paths, beside one that is linked, if any."""
    way, flags = (linked, ("-DLINKED",)) if linked else ("none", ())
    objects = [kit.compile_object("copies.c", f"{way}-copies", flags)]
    program = kit.link("copies", way, objects, ("-ldl",), tag="copies")
    with tempfile.TemporaryDirectory(prefix="guest-") as folder:
        paths = [f"{folder}/copy{i}.so" for i in range(loaded)]
        for path in paths:
            shutil.copy(kit.BUILD / "libllmp.so", path)
        outcome = kit.run([str(program), *paths])
    total = loaded + (linked is not None)
    if outcome != kit.Outcome(0, f"{total} copies on one bus\n"):
        raise kit.DifferenceError(str(outcome))


def exceptions(way: str) -> kit.Outcome:
    """A C++ program; by dlopen it makes no sense, as it uses more than src/bus.c loads."""
    flags = kit.bus_flags(way)
    objects = [
        kit.compile_object("exceptions.cpp", f"cxx-{way}", ("-std=c++17", *flags)),
        kit.compile_object("bus.c", f"bare-{way}", flags),
    ]
    compiler = str(kit.CLANGXX)
    return kit.run([str(kit.link("exceptions", way, objects, ("-pthread",), compiler=compiler))])


def bare(way: str) -> pathlib.Path:
    """The harness of manners.py."""
    objects = [kit.compile_object(f"{name}.c", "bare", ("-O0",)) for name in ("bare", "crash")]
    objects.append(kit.compile_object("bus.c", f"bare-{way}", kit.bus_flags(way)))
    return kit.link("bare", way, objects)


def valgrind(kind: str, way: str) -> kit.Outcome:
    """Errors of the harness are reported, and no others: exit code 9 if there were any."""
    command = [str(VALGRIND), "-q", "--error-exitcode=9", "--leak-check=full"]
    command += [f"--suppressions={kit.ROOT}/docs/valgrind.supp"]
    return kit.run([*command, str(bare(way)), kind, "default", "after"])


def gdb(way: str) -> kit.Outcome:
    """Where the harness stopped: nothing else stops it on the way there."""
    command = [str(GDB), "-nx", "-batch", "-ex", "run", "-ex", "bt", "--args"]
    outcome = kit.run([*command, str(bare(way)), "segv", "sigaction", "before"])
    lines = [line for line in outcome.text.splitlines(keepends=True) if not _GDB_NOISE.match(line)]
    return kit.Outcome(outcome.code, re.sub(r"=0x7\w+", "=", "".join(lines)))


def little_space(way: str) -> None:
    """Where the runtime cannot reserve its address space, a call says so; nothing ends."""
    outcome = kit.run(["prlimit", "--as=700000000", str(bare(way)), "none", "default", "after"])
    expected = r"^bus: connect: less than 1 GiB of address space .*ulimit -v.*\n$"
    if outcome.code != 98 or not re.search(expected, outcome.text):
        raise kit.DifferenceError(str(outcome))


# With threads gdb says so, names the one that stopped, and tells of each new one.
_GDB_NOISE = re.compile(
    r"^(\[|Using host|Download|warning: |\s*$|(Thread \d.*|Program )received)|.* in _+(libc_|start)"
)


def cases() -> Iterator[kit.Case]:
    """All of them; those whose tool is missing are left out, and named."""
    partial, compare = functools.partial, kit.against_baseline
    yield kit.Case("copies/two-loaded", partial(copies, None, 2))
    yield kit.Case("copies/shared-and-loaded", partial(copies, "shared", 1))
    yield kit.Case("copies/static-and-loaded", partial(copies, "static", 2))
    for way in ("shared", "static"):
        expected = "^(.*: as it should\n){6}exit code 0$"
        yield kit.Case(f"c++/exceptions/{way}", partial(compare, "c++", way, expected, exceptions))
    for way in kit.in_all_ways():
        yield kit.Case(f"limits/address-space/{way}", partial(little_space, way))
    if VALGRIND is None:
        print("valgrind is missing: left out")
    else:
        for kind, expected in (("none", "exit code 0$"), ("leak", r"crash_leak(.|\n)*code 9$")):
            once = partial(valgrind, kind)
            for way in ("shared", "dlopen"):
                case = partial(compare, f"valgrind/{kind}", way, expected, once)
                yield kit.Case(f"valgrind/{kind}/{way}", case)
    if GDB is None:
        print("gdb is missing: left out")
    else:
        expected = r"#0 .*crash_segv(.|\n)*#2 .*main"
        for way in kit.in_all_ways():
            yield kit.Case(f"gdb/{way}", partial(compare, "gdb", way, expected, gdb))

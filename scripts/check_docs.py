"""Checks the documents against the tree; scripts/check-readme.sh runs the commands in README.md.

    python3 scripts/check_docs.py           prints what is wrong; exit code 1 if something is
    python3 scripts/check_docs.py --write   first copies files into the blocks that show them
    python3 scripts/check_docs.py --runs README.md NAME   prints the block marked "run: NAME"

In every tracked .md file:
- a block behind <!-- file: PATH --> is that file (a leading //go:build ignore is left out: it
  only keeps the file out of this module);
- relative links lead to files that exist, and #fragments to headings;
- paths in backticks that begin with a folder of the tree exist (not in examples/: those talk
  of their reader's folders);
- `make NAME`, `scripts/NAME`, flags of `llmp`, and names such as llmp_x, LLMP_X and go_x in
  backticks or blocks exist.
ARCHITECTURE.md names every folder that holds tracked files.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"<!-- (file|run): (\S+) -->\n```(\w*)\n(.*?)```", re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
SOURCES = {".go", ".c", ".h", ".cpp", ".hpp", ".py", ".sh", ".rs", ".map", ".txt", ".cmake"}
PATH = re.compile(r"`([A-Za-z0-9_.-]+/[A-Za-z0-9_./-]*)`")


def tracked(*patterns: str) -> list[str]:
    """Return the tracked and new files that match."""
    command = ["git", "ls-files", "-z", "-c", "-o", "--exclude-standard", "--", *patterns]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
    return sorted({n for n in names.decode().split("\0") if n and (ROOT / n).exists()})


def shown(path: str) -> str:
    """Return a file as a document shows it."""
    return (ROOT / path).read_text("utf-8").removeprefix("//go:build ignore\n\n")


def slug(heading: str) -> str:
    """Return the fragment by which a heading is linked to."""
    words = re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", heading).lower())
    return words.strip().replace(" ", "-")


def fragments(text: str) -> set[str]:
    """Return the fragments of a document."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return {slug(h) for h in re.findall(r"^#+ (.+)$", prose, re.MULTILINE)}


def check_blocks(text: str) -> list[str]:
    """Find blocks that are not the file they show."""
    bad = []
    for kind, name, _, body in BLOCK.findall(text):
        if kind != "file":
            continue
        if not (ROOT / name).is_file():
            bad.append(f"shows {name}, which does not exist")
        elif shown(name) != body:
            bad.append(f"shows {name} as it is not: run scripts/check_docs.py --write")
    return bad


def check_links(document: Path, text: str) -> list[str]:
    """Find links within the tree that lead nowhere."""
    bad = []
    for target in LINK.findall(text):
        if "://" in target or target.startswith("mailto:"):
            continue
        name, _, fragment = target.partition("#")
        file = (document.parent / name).resolve() if name else document
        if not file.exists():
            bad.append(f"links to {target}, which does not exist")
        elif fragment and fragment not in fragments(file.read_text("utf-8")):
            bad.append(f"links to {target}: there is no such heading")
    return bad


def check_paths(text: str, files: list[str]) -> list[str]:
    """Find paths in backticks that are no longer there."""
    top = {name.split("/")[0] for name in files if "/" in name}
    folders = {str(p) for name in files for p in Path(name).parents}
    bad = []
    for path in PATH.findall(text):
        clean = path.rstrip("/")
        if clean.split("/")[0] not in top or clean in folders or clean in files:
            continue
        if re.sub(r"\.[A-Z]\w*$", "", clean) not in folders:  # not a name of a package either
            bad.append(f"names {path}, which does not exist")
    return bad


def code_of(text: str) -> str:
    """Return what stands in blocks and in backticks."""
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL))


def check_names(text: str, sources: str) -> list[str]:
    """Find names of the C API, of macros, variables and flags that nothing else knows."""
    code = code_of(text)
    names = set(
        re.findall(r"\b(?:llmp|go|page)_[a-z0-9_]*[a-z0-9]\b|\bLLMP_[A-Z0-9_]*[A-Z0-9]\b", code)
    )
    known = set(re.findall(r"\w+", sources))
    bad = [
        f"names {n}, which does not exist"
        for n in sorted(names - known)
        if not re.fullmatch(r"LLMP_\d+", n)
    ]
    flags = re.findall(r"(?:^|`)(?:llmp [^`\n#]*)?(--[a-z][a-z-]+)", code, re.MULTILINE)
    bad += [
        f"names {f}, which is no flag"
        for f in flags
        if f'"{f[2:]}"' not in sources and f not in sources
    ]
    return bad


def check_commands(text: str) -> list[str]:
    """Find make targets and scripts that do not exist."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    code = code_of(text)
    bad = [
        f"names `make {t}`, which does not exist"
        for t in re.findall(r"(?:^|[`\s])make ([a-z]+)\b", code)
        if t not in targets
    ]
    for script in re.findall(r"(?<![\w/])scripts/[\w-]+\.(?:sh|py)", code):
        if not (ROOT / script).is_file():
            bad.append(f"names {script}, which does not exist")
    return bad


def check_map(text: str, files: list[str]) -> list[str]:
    """Find folders that the map of the tree leaves out."""
    wanted = {str(Path(n).parent) for n in files if "/" in n}
    # Of folders with data, and of what tools look for under a name of theirs, none below.
    wanted = {re.sub(r"(^|/)(testdata|corpus|\.\w+)(/.*)?$", "", f) for f in wanted} - {""}
    named = {p.rstrip("/") for p in re.findall(r"`([\w./-]+/)`", text)}
    covered = {p for p in named if f"{p}/…" in text}  # "`folder/…`" stands for all below

    def is_named(folder: str) -> bool:
        return folder in named or any(folder == c or folder.startswith(c + "/") for c in covered)

    return [f"does not say what {f}/ is for" for f in sorted(wanted) if not is_named(f)]


def write(document: Path) -> None:
    """Copy files into the blocks that show them."""

    def fill(match: re.Match[str]) -> str:
        kind, name, language, _ = match.groups()
        if kind != "file":
            return match[0]
        return f"<!-- file: {name} -->\n```{language}\n{shown(name)}```"

    text = document.read_text("utf-8")
    filled = BLOCK.sub(fill, text)
    if filled != text:
        document.write_text(filled, "utf-8")


def print_run(document: Path, name: str) -> int:
    """Print the commands of a block."""
    for kind, found, _, body in BLOCK.findall(document.read_text("utf-8")):
        if (kind, found) == ("run", name):
            print(body, end="")
            return 0
    print(f"{document.name} has no block marked run: {name}", file=sys.stderr)
    return 1


def main(arguments: list[str]) -> int:
    """Run all checks."""
    if arguments[:1] == ["--runs"]:
        return print_run(ROOT / arguments[1], arguments[2])
    documents = [ROOT / name for name in tracked("*.md")]
    if arguments == ["--write"]:
        for document in documents:
            write(document)
    files = tracked()
    sources = "\n".join(
        (ROOT / f).read_text("utf-8", "replace")
        for f in files
        if Path(f).suffix in SOURCES or f.startswith("cmake/")
    )
    failed = 0
    for document in documents:
        text = document.read_text("utf-8")
        bad = check_blocks(text) + check_links(document, text) + check_commands(text)
        bad += check_names(text, sources)
        if document.relative_to(ROOT).parts[0] != "examples":
            bad += check_paths(text, files)
        if document.name == "ARCHITECTURE.md":
            bad += check_map(text, files)
        for problem in bad:
            print(f"{document.relative_to(ROOT)}: {problem}", file=sys.stderr)
        failed += bool(bad)
    print(f"check-docs: {len(documents) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

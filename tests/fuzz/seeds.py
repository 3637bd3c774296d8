"""Makes the seeds of tests/fuzz/corpus: pages as LibAFL wrote them, whole, ended, broken.

Files found by fuzzing lie beside them under other names and stay.

    python3 tests/fuzz/seeds.py
"""

from __future__ import annotations

import json
import struct
from pathlib import Path

HERE = Path(__file__).parent
VECTORS = json.loads((HERE / "../../testdata/wire/libafl-0.16.1.json").read_text())

HEADER = 48
END_OF_PAGE, EXITING = 0x0AF1E0F1, 0x013C5171
CURRENT_ID, USED, MAX_ALLOC = 16, 32, 40


def put(page: bytes, at: int, word: int) -> bytes:
    return page[:at] + struct.pack("<Q", word) + page[at + 8 :]


def with_tag(page: bytes, at: int, tag: int) -> bytes:
    return page[:at] + struct.pack("<I", tag) + page[at + 4 :]


def pages() -> dict[str, bytes]:
    whole = bytes.fromhex(VECTORS["page"]["page_hex"])
    fresh = bytes.fromhex(VECTORS["page"]["fresh_hex"])
    one = whole[:256]
    second = HEADER + 40 + struct.unpack_from("<Q", whole, HEADER + 32)[0]
    link = bytes.fromhex(VECTORS["rollovers"][0]["eop_message_hex"])
    return {
        "libafl": whole,
        "fresh": fresh,
        "one-message": put(one, CURRENT_ID, 1),
        "end-of-page": put(fresh[:HEADER], CURRENT_ID, 1) + put(link, 16, 1),
        "exiting": put(with_tag(whole[:512], HEADER, EXITING), CURRENT_ID, 1),
        "link-without-payload": put(with_tag(whole[:512], HEADER, END_OF_PAGE), CURRENT_ID, 1),
        "id-beyond-the-messages": put(whole, CURRENT_ID, 1 << 40),
        "length-beyond-the-map": put(whole, HEADER + 24, len(whole)),
        "padding-beyond-the-map": put(whole, HEADER + 32, (1 << 64) - 40),
        "resumed": put(put(whole, USED, second), MAX_ALLOC, 1),
        "resumed-beyond-the-map": put(put(whole, USED, (1 << 64) - 8), MAX_ALLOC, 1),
        "cut": whole[: second + 24],
        "empty": b"",
    }


def programs() -> dict[str, bytes]:
    """Inputs of fuzz_page_write: two bytes of page size, then steps."""

    def alloc(n: int) -> bytes:
        return b"\0" + struct.pack("<H", n) + b"\x5a"

    def finish(tag: int) -> bytes:
        return b"\0" + struct.pack("<I", tag) + b"\2\7"

    publish, cancel = b"\5", b"\4"

    def shrink(n: int) -> bytes:
        return b"\3" + struct.pack("<H", n) + b"\xa5"

    def scribble(word: int, value: int) -> bytes:
        return b"\7" + struct.pack("<HQ", word, value)

    small, large = b"\0\0", b"\xff\3"
    send = alloc(30) + finish(0x1234) + publish
    return {
        "send": large + send,
        "send-many": large + 20 * (alloc(100) + finish(7)) + publish,
        "shrink-and-cancel": large
        + alloc(500)
        + shrink(3)
        + cancel
        + alloc(90)
        + shrink(0)
        + finish(1)
        + publish,
        "turn-pages": small + 6 * (alloc(599) + finish(2) + publish),
        "scribble-on-the-open-length": large
        + alloc(100)
        + scribble((HEADER + 24) // 8, 1 << 63)
        + shrink(9)
        + send,
        "scribble-on-the-id": large + send + scribble(CURRENT_ID // 8, 1 << 20) + publish,
        "scribble-on-the-used-size": large + send + scribble(USED // 8, (1 << 64) - 1) + send,
    }


def main() -> None:
    for name, seeds in (("page_read", pages()), ("page_write", programs())):
        folder = HERE / "corpus" / name
        folder.mkdir(parents=True, exist_ok=True)
        for seed, data in seeds.items():
            (folder / seed).write_bytes(data)
        print(f"{folder.relative_to(HERE)}: {len(seeds)} seeds")


if __name__ == "__main__":
    main()

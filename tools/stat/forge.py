# SPDX-License-Identifier: MIT
"""Live segments made by hand (src/live_format.h), also wrong ones, for tests.

As a program it is a process with such a segment: forge.py KIND; it prints its
number and waits for its stdin to end.
"""
import itertools
import os
import struct
import sys
import time

MAGIC = b"magpool\x01"
CHANGES_BYTES = 64
ROW_BYTES = 80
UNIT = 128
FREE, RETIRED, POOL, DIRECT, SHARD, CACHE = range(6)


class Row:
    """A row of the table; terms are (types, minus, shift, bits, at)."""

    def __init__(self, name, kind, unit, level, terms, total=0, total_at=0):
        self.name, self.kind, self.unit, self.level = name, kind, unit, level
        self.terms, self.total, self.total_at = terms, total, total_at


def cache_word(n):
    return 48 + 8 * n


def rows():
    held = [(1 << CACHE | 1 << DIRECT, 0, 0, 64, cache_word(0))]
    back = [(1 << CACHE | 1 << DIRECT, 0, 0, 64, cache_word(1))]
    out = held + [(t, 1, s, b, a) for t, _, s, b, a in back]
    return [
        Row("gets", 0, "arenas", 1, held),
        Row("returns", 0, "arenas", 1, back),
        Row("arenas_out", 1, "arenas", 0, out),
        Row("pages_depot", 1, "pages", 2, [(1 << SHARD, 0, 0, 32, 16)]),
    ]


def block(kind, units, pool=0, serial=0, index=0, body=b""):
    head = struct.pack("=HHIII", kind, units, pool, serial, index)
    return (head + body).ljust(units * UNIT, b"\0")


def pool_block(number, name, count):
    body = name.encode("latin-1")[:47].ljust(48, b"\0")
    return block(POOL, 2, number, number, 0,
                 body + struct.pack("=QQ", 1, 0)[:64] + bytes(8 * count))


def cache_block(pool, serial, owner, gets, returns):
    body = struct.pack("=4Q2Q", owner, 0, 0, 2, gets, returns)
    return block(CACHE, 1, pool, serial, 0, body)


def shard_block(pool, serial, index, full, pages):
    return block(SHARD, 1, pool, serial, index,
                 struct.pack("=5Q", full << 32 | pages, 3, 0, 7, 40 + index))


def blocks(names=("default", "second")):
    count = len(rows())
    out = [block(RETIRED, 1, body=struct.pack("=4Q", 5, 5, 0, 0))]
    for number, name in enumerate(names, 1):
        out += [pool_block(number, name, count),
                shard_block(number, 100 + number, 0, 2, 32),
                shard_block(number, 200 + number, 1, 1, 16),
                cache_block(number, 300 + number, os.getpid(), 1000, 990)]
    return b"".join(out)


def texts_of(table, start):
    """The texts, and where each of them is."""
    data, places = b"", {}
    for row in table:
        for text in (row.name, row.unit, f"line of {row.name}",
                     f"A sentence about {row.name}."):
            if text not in places:
                places[text] = start + len(data)
                data += text.encode("latin-1") + b"\0"
    return data, places


def row_bytes(row, at):
    terms = b"".join(struct.pack("=4BI", *term) for term in row.terms)
    return struct.pack(
        "=4I4H2I", at[row.name], at[row.unit], at[f"line of {row.name}"],
        at[f"A sentence about {row.name}."], row.kind, row.level, row.total,
        len(row.terms), row.total_at,
        16 + 8 * [r.name for r in rows()].index(row.name)
        if row.name in [r.name for r in rows()] else 0,
    ) + terms.ljust(48, b"\0")


def header(pid, fields):
    """fields: bytes, rows_at, row_count, row_bytes, texts_at, texts_bytes,
    changes_at, blocks_at, and what else is to differ."""
    get = fields.get
    return struct.pack(
        "=8s14IQQ16sI7I", get("magic", MAGIC), get("format", 1), 128,
        get("bytes"), get("rows_at"), get("row_count"), get("row_bytes"),
        get("texts_at"), get("texts_bytes"), get("changes_at"),
        get("blocks_at"), get("unit", UNIT), pid, 1, 0, 0,
        get("started", 0), get("library", b"0.1.0"), 4096, *[0] * 7)


def segment(pid=None, table=None, body=None, size=None, **differ):
    table = rows() if table is None else table
    body = blocks() if body is None else body
    rows_at = 128
    texts_at = rows_at + ROW_BYTES * len(table)
    texts, places = texts_of(table, texts_at)
    changes_at = (texts_at + len(texts) + 7) // 8 * 8
    blocks_at = (changes_at + CHANGES_BYTES + UNIT - 1) // UNIT * UNIT
    used = blocks_at + len(body)
    fields = {
        "bytes": used, "rows_at": rows_at, "row_count": len(table),
        "row_bytes": ROW_BYTES, "texts_at": texts_at,
        "texts_bytes": len(texts) - differ.get("cut", 0),
        "changes_at": changes_at, "blocks_at": blocks_at, **differ,
    }
    data = header(os.getpid() if pid is None else pid, fields)
    data += b"".join(row_bytes(row, places) for row in table) + texts
    data = data.ljust(changes_at, b"\0")
    data += struct.pack("=8Q", differ.get("generation", 2),
                        differ.get("used", used), 0, 0, 4096, 8192, 0, 0)
    data = data.ljust(blocks_at, b"\0") + body
    return data if size is None else data[:size].ljust(size, b"\0")


ESCAPE = "\x1b]0;owned\x07\x1b[2J"

KINDS = {
    "good": segment,
    "newer": lambda: segment(format=2, library=b"9.1.0"),
    "older": lambda: segment(format=0, library=b"0.0.1"),
    "escape": lambda: segment(body=blocks((ESCAPE, "a\nb\"c\\d\xff"))),
    "torn": lambda: segment(generation=3),
    # As a fork child has it until it uses the library itself.
    "of another": lambda: segment(pid=os.getppid()),
    "empty": lambda: b"",
    "zeros": lambda: bytes(65536),
    "no magic": lambda: segment(magic=b"gruppool"),
    "cut": lambda: segment()[:700],
    "only a header": lambda: segment()[:128],
    "too long": lambda: segment(bytes=1 << 31),
    "rows outside": lambda: segment(rows_at=1 << 31),
    "no rows": lambda: segment(row_count=0),
    "many rows": lambda: segment(row_count=1 << 30),
    "short rows": lambda: segment(row_bytes=8),
    "texts outside": lambda: segment(texts_at=0xfffffff0),
    "texts without end": lambda: segment(cut=1),
    "crooked blocks": lambda: segment(blocks_at=1001),
    "unit 0": lambda: segment(unit=0),
    "block of 0 units": lambda: segment(body=block(POOL, 0) + bytes(128)),
    "block too long": lambda: segment(body=block(POOL, 1)[:2] + b"\xff\xff" +
                                      bytes(124)),
    "name": lambda: segment(table=[Row("a\x1b[1m", 0, "x", 0, [])]),
    "name twice": lambda: segment(table=rows()[:1] * 2),
    "bits": lambda: segment(table=[Row("gets", 0, "x", 0,
                                       [(32, 0, 0, 65, 48)])]),
}


def hold(data):
    """A file in memory as the library has it."""
    fd = os.memfd_create("magpool", os.MFD_CLOEXEC)
    os.write(fd, data)
    return fd


def work(fd):
    """Counts up, with other speeds from time to time."""
    at = segment().index(struct.pack("=QQ", 1000, 990))
    gets = 1000
    for moment in itertools.count():
        gets += 100 * (1 + moment // 100 % 9)
        os.pwrite(fd, struct.pack("=QQ", gets, gets - 10), at)
        time.sleep(0.01)


def main():
    fd = hold(KINDS[sys.argv[1]]())
    print(os.getpid(), flush=True)
    if len(sys.argv) > 2:
        work(fd)
    sys.stdin.read()


if __name__ == "__main__":
    main()

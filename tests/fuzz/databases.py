"""Damaged databases, as targets for the fuzzer: any value in any column of any table, and any bytes of the file."""

import random
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from functools import cache
from pathlib import Path

from auditor.store import RETIRED, Access, Store, Word
from tests.fuzz.commands import check_terminal, ran
from tests.fuzz.files import SCOPE
from tests.fuzz.target import Target
from tests.run.test_picture import INFO, NOON, TITLE, A, B, C, Town, info

_PAGE = 1024
"""Bytes of a page of the file that is damaged: the fewer, the more of them hold what is read."""
_DB = "a.sqlite"
READING: tuple[tuple[str, ...], ...] = (
    ("devices", "--all"), ("devices", "--json"), ("show", A), ("show", A, "--json"), ("findings",), ("findings", "--json"),
    ("runs",), ("runs", "--json"), ("plan",), ("plan", "--json"), ("compare",), ("compare", "--json"), ("devices", "--as-of", "2026-04-15"),
    ("report", "--format", "md", "-o", "-"), ("report", "--format", "html", "-o", "-"), ("report", "--format", "csv", "-o", "-"),
    ("report", "--format", "xlsx", "-o", "-"), ("report", "--redact-addresses", "--format", "md", "-o", "-"), ("export", "jsonl"),
    ("export", "transcript"), ("export", "nmap"), ("gap", "register.csv"), ("assess", "--dry-run"), ("identify",),
    ("report", "--policy", "us-federal", "--format", "json", "-o", "-"), ("purge", "--scope", "scope.toml"), ("assess",),
    ("import", "csv", "register.csv", "--map", "address=IP", "--map", "serial=Serial", "--no-scope"),
)  # fmt: skip
"""What a database is read by; the last three and `identify` write to it what follows from what they read."""
_TEXTS = (
    "", "{}", "[]", "[1]", "null", '"x"', "7", "garbage{", "NaN", '{"swept": Infinity}', "2026-13-45", "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00+14:00", "[" * 5000, "9" * 5000, "\x1b[2J\u202e", "\ud800", "=1+1", "<script>", "hall/", "/", "a/b/c", "::1%e",
    '[["tcp", 1e999]]', '[["tcp", "x"]]', '[{"rule": 1}]', '{"a": [null]}', "-1", "true", "\x00", "live, pcap", "tcp", "complete",
)  # fmt: skip


def targets() -> Iterator[Target]:
    """Yield the two targets."""
    yield Target("auditor.store.values", _values, _value_seeds, slow=True)
    yield Target("auditor.store.bytes", _bytes, lambda: _byte_seeds(whole().read_bytes()), slow=True)


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()


@cache
def whole() -> Path:
    """Make a database with two audits, a capture, a silent device, a retirement and judgements, and files to go with it."""
    folder = Path(_folder().name)
    (folder / "register.csv").write_text(f"IP;Serial;Model\n{A};498117063;DS-2CD2032F-I\n{C};x;y\n")
    (folder / "scope.toml").write_bytes(SCOPE)
    path = folder / "whole.sqlite"
    with Store.open(path, Access.CREATE) as store:
        town = Town(store)
        town.run(
            (A, INFO, info("498117063", "V5.4.0")),
            (B, "/", TITLE),
            (C, INFO, info("49", "V5.4.5")),
            whole=True,
        )
        town.run((A, INFO, info("498117063", "V5.5.0")), silent=(B,), whole=True)
        town.run((A, "/", TITLE.replace(b"NETSurveillance WEB", b"index")), source="pcap")
        store.retire(Word(RETIRED, NOON, f"hall/{C}", "J. Doe", "scrapped"))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute(f"PRAGMA page_size = {_PAGE}")
        connection.execute("VACUUM")
        connection.execute("PRAGMA journal_mode = WAL")
    return path


@cache
def _places() -> tuple[tuple[str, str], ...]:
    """Return every column of every table that is ours."""
    with closing(sqlite3.connect(whole())) as connection:
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"
        ).fetchall()
        return tuple(
            (table, column[1])
            for (table,) in tables
            for column in connection.execute(f"PRAGMA table_info([{table}])")
        )


@cache
def _content() -> bytes:
    return whole().read_bytes()


def _read(content: bytes, which: int, edit: tuple[str, tuple[object, ...]] | None = None) -> None:
    """Write a database, change it perhaps, and give it to a command."""
    path = Path(_folder().name) / _DB
    for rest in ("-wal", "-shm", "-journal"):
        Path(f"{path}{rest}").unlink(missing_ok=True)
    path.write_bytes(content)
    if edit is not None:
        with closing(sqlite3.connect(path)) as connection, suppress(sqlite3.IntegrityError, OverflowError):
            connection.execute(*edit)
            connection.commit()
    words = [
        str(path.parent / one) if one in {"register.csv", "scope.toml"} else one
        for one in READING[which % len(READING)]
    ]
    ended = ran([*words, "--db", str(path)])
    check_terminal(ended.err)
    if words[0] not in {"report", "export"}:
        check_terminal(ended.out.decode("utf-8", "replace"))
    for lock in path.parent.glob(f"{_DB}-*.lock"):
        lock.unlink(missing_ok=True)


def _values(data: bytes) -> None:
    """The first bytes say which command, column, row and sort of value; the rest is the value."""
    which, place, row, sort, chosen = (*data[:5], 0, 0, 0, 0, 0)[:5]
    table, column = _places()[(place + 256 * (sort >> 4)) % len(_places())]
    rest = data[5:]
    value: object = (
        _TEXTS[chosen % len(_TEXTS)].encode("utf-8", "surrogatepass"),
        rest,
        None,
        int.from_bytes(rest[:8], "big", signed=True),
        float(chosen) * 1e300,
        rest[:1],
    )[sort % 6]
    # Bytes that are no text get into a text column by a cast alone.
    spelt = "CAST(? AS TEXT)" if sort % 6 in {0, 1} and sort & 8 == 0 else "?"
    where = f"WHERE rowid = (SELECT rowid FROM [{table}] LIMIT 1 OFFSET {row} % (SELECT max(1, count(*)) FROM [{table}]))"
    _read(_content(), which, (f"UPDATE [{table}] SET [{column}] = {spelt} {where}", (value,)))


def _value_seeds() -> tuple[bytes, ...]:
    """Return every column with a value of every sort, each for another command."""
    chance = random.Random(11)
    found = []
    for place in range(len(_places())):
        for sort in (0, 1, 3):
            head = (chance.randrange(256), place, chance.randrange(8), sort, chance.randrange(256))
            found.append(bytes(head) + _TEXTS[chance.randrange(len(_TEXTS))].encode("utf-8", "surrogatepass"))
    return tuple(found)


def _bytes(data: bytes) -> None:
    """The first byte says which command, the rest is the file."""
    _read(data[1:], data[0] if data else 0)


def _byte_seeds(whole: bytes) -> tuple[bytes, ...]:
    return tuple(bytes((which,)) + whole for which in range(len(READING)))

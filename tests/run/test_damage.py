"""Every column of every table damaged in turn: reading goes on, names the place, and never ends as our fault."""

import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import cycle, islice
from pathlib import Path

import pytest

from auditor.cli import run as command
from auditor.store import RETIRED, Access, Store, Word
from tests.run.test_picture import INFO, NOON, TITLE, A, B, C, Town, info

pytestmark = pytest.mark.slow

WHOLE = os.environ.get("AUDITOR_DAMAGE") == "all"
"""Every damage with every command; by default each column has one of each, in turn."""
DAMAGES: tuple[object, ...] = (
    "garbage{", "[1]", None, "{}", "", "2026-13-45", -1, b"\xff\x00\x01", "null", 2**62, "9999-12-31T23:59:59+00:00",
)  # fmt: skip
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("plan",), ("compare",), ("devices", "--all"), ("report", "--format", "md", "-o", "-"), ("show", A), ("findings",),
    ("runs",), ("export", "jsonl"), ("devices", "--json"),
)  # fmt: skip
LIST = "LIST"
WRITING: tuple[tuple[str, ...], ...] = (
    ("assess",), ("identify",), ("retire", A, "--reason", "sold", "--by", "J. Doe"), ("import", "csv", LIST, "--map", "address=IP address,model=Model", "--no-scope"),
    ("purge", "--days", "0"),
)  # fmt: skip
KNOWN = {0, 1, 2}
"""Good, nothing found, and a database that cannot be used, with the file named."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database with two audits, a capture, a silent device, a retirement and judgements."""
    path = tmp_path_factory.mktemp("damage") / "a.sqlite"
    with Store.open(path, Access.CREATE) as store:
        town = Town(store)
        town.run(
            (A, INFO, info("498117063", "V5.4.0")),
            (B, "/", TITLE),
            (C, INFO, info("498117069", "V5.4.5")),
            whole=True,
        )
        town.run((A, INFO, info("498117063", "V5.5.0")), silent=(B,), whole=True)
        town.run((A, "/", TITLE.replace(b"NETSurveillance WEB", b"index")), source="pcap")
        store.retire(Word(RETIRED, NOON, f"hall/{C}", "J. Doe", "scrapped"))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def places(path: Path) -> Iterator[tuple[str, str]]:
    """Yield every column of every table that is ours."""
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        )
        for (table,) in tables.fetchall():
            for column in connection.execute(f"PRAGMA table_info([{table}])"):
                yield table, column[1]


def edits(path: Path) -> Iterator[tuple[str, str, tuple[object, ...]]]:
    turn = cycle(DAMAGES)
    for table, column in places(path):
        for value in DAMAGES if WHOLE else (next(turn), next(turn)):
            where = f"WHERE rowid = (SELECT max(rowid) FROM [{table}])"
            yield f"{table}.{column} = {value!r}", f"UPDATE [{table}] SET [{column}] = ? {where}", (value,)
    for table in dict.fromkeys(table for table, _ in places(path)):
        yield f"{table} emptied", f"DELETE FROM [{table}]", ()
        yield f"half of {table} lost", f"DELETE FROM [{table}] WHERE rowid % 2 = 0", ()


def ended_as_our_fault(
    whole: Path,
    folder: Path,
    commands: Sequence[Sequence[str]],
    capsys: pytest.CaptureFixture[str],
    each: int,
) -> Iterator[str]:
    """Yield every damage after which a command ended otherwise than known, with what it said."""
    turn = cycle(commands)
    for name, edit, values in edits(whole):
        for words in commands if WHOLE else tuple(islice(turn, each)):
            path = folder / "b.sqlite"
            for rest in ("", "-wal", "-shm"):
                Path(f"{path}{rest}").unlink(missing_ok=True)
            shutil.copy(whole, path)
            with closing(sqlite3.connect(path)) as connection:
                try:
                    connection.execute(edit, values)
                except sqlite3.IntegrityError:
                    continue  # the database itself refuses such a value
                connection.commit()
            code = command([*words, "--db", str(path)])
            said = capsys.readouterr().err
            if code not in KNOWN:
                yield f"{name}: {words[0]} ended with {code}: {said.strip()[-300:]}"


def test_no_damaged_record_ends_a_reading_command_as_our_fault(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = list(ended_as_our_fault(whole, tmp_path, COMMANDS, capsys, 2))
    assert not wrong, "\n".join(wrong)


def test_no_damaged_record_ends_a_writing_command_as_our_fault(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = tmp_path / "list.csv"
    listed.write_text(f"IP address,Model\n{A},DS-2CD2142FWD-I\n")
    commands = [[str(listed) if word == LIST else word for word in words] for words in WRITING]
    for words in commands:
        shutil.copy(whole, tmp_path / "sound.sqlite")
        assert command([*words, "--db", str(tmp_path / "sound.sqlite")]) in {0, 1}, words
    wrong = list(ended_as_our_fault(whole, tmp_path, commands, capsys, 1))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("column", ["id", "probe", "address", "port", "source"])
def test_an_exchange_that_lost_what_it_is_told_by_is_named_and_passed_over(
    whole: Path,
    tmp_path: Path,
    column: str,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    path = tmp_path / "lost.sqlite"
    shutil.copy(whole, path)
    with closing(sqlite3.connect(path)) as connection:
        nothing = "''" if column == "id" else "NULL"
        connection.execute(
            f"UPDATE exchange SET [{column}] = {nothing} WHERE rowid = (SELECT max(rowid) FROM exchange)"
        )
        connection.commit()
    for words in (*COMMANDS, ("assess",), ("identify",)):
        assert command([*words, "--db", str(path)]) in {0, 1}, words
    assert f"has lost its {column} and is passed over" in caplog.text
    capsys.readouterr()


@pytest.mark.parametrize("size", [0, 1, 99, 4096, 20_000])
def test_a_file_cut_short_is_named(
    whole: Path, tmp_path: Path, size: int, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cut.sqlite"
    path.write_bytes(whole.read_bytes()[:size])
    for words in COMMANDS:
        assert command([*words, "--db", str(path)]) == 2, words
        assert "cut.sqlite" in capsys.readouterr().err


@pytest.mark.parametrize("table", ["met", "claim", "event"])
def test_pages_overwritten_in_the_middle_are_met_late_and_named(
    whole: Path, tmp_path: Path, table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(whole)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    data = bytearray(whole.read_bytes())
    data[(page - 1) * size : page * size] = b"\xc9" * size
    path = tmp_path / "torn.sqlite"
    path.write_bytes(data)
    codes = [command([*words, "--db", str(path)]) for words in COMMANDS]
    assert set(codes) <= {0, 2}
    assert 2 in codes
    assert capsys.readouterr().err.count(
        "torn.sqlite: is not an auditor database, or is damaged"
    ) == codes.count(2)


def test_bytes_that_are_no_text_are_shown_as_what_they_are(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bytes.sqlite"
    shutil.copy(whole, path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE claim SET value = CAST(x'4eff43' AS TEXT) WHERE name = 'model'")
        connection.commit()
    for words in COMMANDS:
        assert command([*words, "--db", str(path)]) == 0, words
    assert "N\\xffC" in capsys.readouterr().out


def test_a_database_may_have_a_name_that_is_no_text(whole: Path, tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/a\xff.sqlite"
    try:
        Path(os.fsdecode(name)).write_bytes(whole.read_bytes())
    except OSError:
        pytest.skip("this file system takes no such name")
    assert command(["devices", "--db", os.fsdecode(name)]) == 0


@pytest.mark.parametrize("column", ["id", "source", "protocol", "transport", "address", "port", "probe"])
def test_an_exchange_that_lost_a_column_is_named_and_passed_over(
    whole: Path, tmp_path: Path, column: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "lost.sqlite"
    shutil.copy(whole, path)
    with closing(sqlite3.connect(path)) as connection:
        nothing = "" if column == "id" else None
        one = "(SELECT rowid FROM exchange WHERE status = 'answered' ORDER BY rowid LIMIT 1)"
        connection.execute(f"UPDATE exchange SET {column} = ? WHERE rowid = {one}", (nothing,))
        connection.commit()
    for words in (
        *COMMANDS,
        ("findings", "--json"),
        ("report", "--policy", "us-federal", "--format", "json", "-o", "-"),
    ):
        assert command([*words, "--db", str(path)]) in KNOWN, words
    assert f"lost its {column}" in caplog.text


@pytest.mark.parametrize(
    "column", ["title", "priority_reason", "reason", "why_it_matters", "settles", "remedy", "facts", "links"]
)
def test_a_finding_that_lost_a_column_is_named_and_passed_over(
    whole: Path, tmp_path: Path, column: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "lost.sqlite"
    shutil.copy(whole, path)
    with closing(sqlite3.connect(path)) as connection:
        value = '[[["a"], 1]]' if column in {"facts", "links"} else None
        connection.execute(f"UPDATE finding SET {column} = ?", (value,))
        connection.commit()
    for words in (("plan",), ("report", "--format", "md", "-o", "-"), ("findings",)):
        assert command([*words, "--db", str(path)]) in KNOWN, words
    assert f"lost its {column}" in caplog.text or "holds what is no text" in caplog.text

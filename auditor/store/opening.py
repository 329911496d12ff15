"""Opening a database file: new, ours, too new, not ours, locked, read-only; each with a clear word."""

import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, Self
from urllib.parse import quote

from sqlite_utils import Database  # noqa: TID251  this room owns the database

from auditor.store.schema import APPLICATION_ID, SCHEMA_VERSION, migrate, version_of


class StoreError(Exception):
    """The database cannot be used as asked; the message names the file and what to do."""

    exit_code = 2


class UnusableError(StoreError, sqlite3.OperationalError):
    """SQLite could not do something in a file: it is damaged, locked, or its disk is full; the message names the file."""


class Access(StrEnum):
    """What the database is opened for."""

    READ = "read"
    WRITE = "write"
    """Read and write what exists; reading alone when the file is read-only."""
    CREATE = "create"
    """Make the file when there is none."""


def database(path: Path, access: Access) -> tuple[Database, bool]:
    """Open the file and return it with whether it can be written; StoreError says why it cannot be used."""
    if not path.exists():
        if access is not Access.CREATE:
            raise StoreError(f"{path}: no such database; `auditor scan --db {path}` makes one")
        if not path.parent.is_dir():
            raise StoreError(f"{path}: the folder {path.parent} does not exist")
    elif not path.is_file():
        raise StoreError(f"{path}: is not a file")
    writable = access is not Access.READ and _is_writable(path)
    if access is Access.CREATE and not writable:
        raise StoreError(f"{path}: cannot be written; check its permissions or choose another --db")
    try:
        return _opened(path, access, writable=writable), writable
    except _TROUBLE as error:
        _blame(path, error)


_TROUBLE = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What comes of a file that cannot be used; SQLite quotes damaged bytes in its own messages, and Python then stumbles."""


def _blame(path: Path, error: sqlite3.DatabaseError | UnicodeDecodeError) -> NoReturn:
    """Raise what SQLite says of a file with the file's name and what to do; what is our own fault stays as it is."""
    if isinstance(error, UnicodeDecodeError):
        raise UnusableError(f"{path}: is not an auditor database, or is damaged ({error})") from error
    if type(error) in {sqlite3.DatabaseError, sqlite3.OperationalError}:
        raise UnusableError(f"{path}: {_plain(error)}") from error
    if isinstance(error, sqlite3.IntegrityError) and (damage := _damage(path)):
        raise UnusableError(f"{path}: is damaged ({damage}); go on with a copy made before") from error
    raise error


def _damage(path: Path) -> str:
    """Say how a file breaks its own rules, "" where it keeps them: then what could not be written was our fault."""
    try:
        with closing(
            sqlite3.connect(f"file:{quote(os.fsencode(path.resolve()))}?mode=ro", uri=True)
        ) as other:
            for (said,) in other.execute("PRAGMA integrity_check(1)"):
                if said != "ok":
                    return str(said)
            for table, *_ in other.execute("PRAGMA foreign_key_check"):
                return f"a row of {table} points at one that is not there"
    except (sqlite3.DatabaseError, UnicodeDecodeError) as trouble:
        return str(trouble)
    return ""


def _plain(error: sqlite3.DatabaseError) -> str:
    text = str(error)
    if "disk is full" in text:
        return f"cannot be written ({text}); free some space and use --resume"
    if any(one in text for one in ("not a database", "malformed", "no such table", "no such column")):
        return f"is not an auditor database, or is damaged ({text})"
    if "locked" in text or "busy" in text:
        return "is in use by another process that does not let go; try again when it has ended"
    return f"cannot be opened ({text}); check the file's permissions and the free space"


def _is_writable(path: Path) -> bool:
    target = path if path.exists() else path.parent
    return os.access(target, os.W_OK) and os.access(path.parent, os.W_OK)


def _opened(path: Path, access: Access, *, writable: bool) -> Database:
    connection = _connect(path, writable=writable)
    try:
        _check(path, connection, access)
        if not writable and 0 < version_of(connection) < SCHEMA_VERSION:
            connection = _renewed(path, connection)
            writable = True
        db = Database(connection, recursive_triggers=False, execute_plugins=False)
        if writable:
            connection.execute("PRAGMA journal_mode = WAL")  # a copy in memory keeps its own mode
            connection.execute("PRAGMA synchronous = NORMAL")
            migrate(db)
        connection.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        connection.close()
        raise
    return db


def _renewed(path: Path, old: sqlite3.Connection) -> sqlite3.Connection:
    """Return what an older database holds, to be brought to the newer form: in its file, or a copy where that is read-only."""
    if _is_writable(path):
        old.close()
        return _connect(path, writable=True)
    copy = _connection(":memory:", path, check_same_thread=False, isolation_level=None)
    old.backup(copy)
    old.close()
    return copy


def _connect(path: Path, *, writable: bool) -> sqlite3.Connection:
    name = quote(os.fsencode(path.resolve()))
    mode = "rwc" if writable else "ro"
    # A WAL database on a read-only medium can only be opened as unchanging.
    still = "" if writable or os.access(path.parent, os.W_OK) else "&immutable=1"
    return _connection(
        f"file:{name}?mode={mode}{still}",
        path,
        uri=True,
        timeout=15,
        check_same_thread=False,
        isolation_level=None,
    )


def _connection(where: str, path: Path, **given: Any) -> sqlite3.Connection:  # noqa: ANN401  what sqlite3 takes
    connection = sqlite3.connect(where, factory=_Connection, **given)
    connection.path = path
    return connection


class _Connection(sqlite3.Connection):
    """A connection whose failures name the file, whoever comes upon them and however late."""

    path: Path

    def cursor(self, factory: None = None) -> "_Cursor":  # type: ignore[override]
        del factory
        made = super().cursor(_Cursor)
        made.path = self.path
        return made

    def execute(self, *given: Any) -> "_Cursor":  # noqa: ANN401  what sqlite3 takes
        return self.cursor().execute(*given)

    def executemany(self, *given: Any) -> "_Cursor":  # noqa: ANN401  as above
        return self.cursor().executemany(*given)


_LENIENT = partial(str, encoding="utf-8", errors="backslashreplace")
"""Shows damaged bytes as what they are. Twice as slow as the plain way, so taken only once something is damaged."""


def _encodable(row: Any) -> Any:  # noqa: ANN401  values by place or by name
    """Return values for a row with halves of characters spelt out: a file's name may hold them, SQLite takes none."""
    if isinstance(row, Mapping):
        return {name: _whole(value) for name, value in row.items()}
    return tuple(map(_whole, row))


def _whole(value: object) -> object:
    if not isinstance(value, str) or value.isascii():
        return value
    return value.encode("utf-8", "backslashreplace").decode("utf-8")


class _Cursor(sqlite3.Cursor):
    """A cursor that names the file in what it raises: damage is often met only when rows are fetched.

    Bytes in a text that are none end no reading: what was asked is asked again, and they are spelt out.
    """

    path: Path
    _given: tuple[Any, ...] = ()
    _taken = 0

    def execute(self, *given: Any) -> Self:  # noqa: ANN401  what sqlite3 takes
        self._given, self._taken = given, 0
        try:
            return super().execute(*given)
        except UnicodeEncodeError:  # raised before anything is done
            self._given = (given[0], *(_encodable(row) for row in given[1:]))
            return super().execute(*self._given)
        except _TROUBLE as error:
            _blame(self.path, error)

    def executemany(self, *given: Any) -> Self:  # noqa: ANN401  as above
        try:
            return super().executemany(given[0], map(_encodable, given[1]))
        except _TROUBLE as error:
            _blame(self.path, error)

    def fetchone(self) -> Any:  # noqa: ANN401  a row
        return next(self, None)

    def fetchall(self) -> list[Any]:
        try:
            return super().fetchall()
        except _TROUBLE as error:
            self._ask_again(error)
            return self.fetchall()

    def __next__(self) -> Any:  # noqa: ANN401  a row
        try:
            row = super().__next__()
        except _TROUBLE as error:
            self._ask_again(error)
            return next(self)
        self._taken += 1
        return row

    def _ask_again(self, error: sqlite3.DatabaseError | UnicodeDecodeError) -> None:
        if "Could not decode to UTF-8" not in str(error) or self.connection.text_factory is _LENIENT:
            _blame(self.path, error)
        self.connection.text_factory = _LENIENT
        super().execute(*self._given)
        for _ in range(self._taken):
            super().fetchone()


def _check(path: Path, connection: sqlite3.Connection, access: Access) -> None:
    version = version_of(connection)
    mark = int(connection.execute("PRAGMA application_id").fetchone()[0])
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if mark != APPLICATION_ID and (tables or version):
        raise StoreError(f"{path}: is an SQLite database, but not one of auditor's; choose another --db")
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{path}: was written by a newer auditor (schema {version}, this one knows {SCHEMA_VERSION}); "
            "update auditor to read it"
        )
    if not tables and access is not Access.CREATE:
        raise StoreError(
            f"{path}: is empty, or was cut short before its first table; nothing is known from it"
        )
    if mark == APPLICATION_ID and version == 0:
        raise StoreError(f"{path}: was left half made; delete it and start again")

"""Opening a database file: new, ours, too new, not ours, locked, read-only; each with a clear word."""

import os
import sqlite3
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote

from sqlite_utils import Database  # noqa: TID251  this room owns the database

from auditor.store.schema import APPLICATION_ID, SCHEMA_VERSION, migrate, version_of


class StoreError(Exception):
    """The database cannot be used as asked; the message names the file and what to do."""

    exit_code = 2


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
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path}: {_plain(error)}") from error


def _plain(error: sqlite3.DatabaseError) -> str:
    text = str(error)
    if "not a database" in text or "malformed" in text:
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
    copy = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    old.backup(copy)
    old.close()
    return copy


def _connect(path: Path, *, writable: bool) -> sqlite3.Connection:
    name = quote(str(path.resolve()))
    mode = "rwc" if writable else "ro"
    # A WAL database on a read-only medium can only be opened as unchanging.
    still = "" if writable or os.access(path.parent, os.W_OK) else "&immutable=1"
    return sqlite3.connect(
        f"file:{name}?mode={mode}{still}", uri=True, timeout=15, check_same_thread=False, isolation_level=None
    )


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

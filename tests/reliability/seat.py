"""A folder to work in, a device that answers slowly, and the auditor's real commands, ended in every way."""

import io
import json
import os
import signal
import socket  # noqa: TID251  devices of a test's own
import socketserver
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, chdir, closing, contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

from auditor.cli import run as command
from tests.lab.stage import environment
from tests.reliability.witness import same

SHIFT = 24_000
LIST = "IP,MAC,Model\n192.0.2.7,44:19:b6:21:7d:0a,NC-2132\n192.0.2.8,3c:ef:8c:05:4f:2a,NC-1025\n"
UNPRIVILEGED = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
"""Before a command: root minds the modes of files, too."""
PAGE = b"HTTP/1.1 200 OK\r\nServer: Thing/1\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str
    folder: Path

    @property
    def said(self) -> str:
        """The first line for people, without what differs each time; of a wrong command line the one that says why."""
        lines = [line for line in self.err.splitlines() if not line.startswith(("Usage:", "Try ")) and line]
        return same(next(iter(lines), ""), self.folder)

    @property
    def how(self) -> str:
        """The exit code, or the signal, in words."""
        return f"exit {self.code}" if self.code >= 0 else f"killed by signal {-self.code}"


@dataclass(frozen=True, slots=True)
class Seat:
    """A folder with a list to import, and commands run in it."""

    folder: Path
    room: tuple[str, ...] = ()
    """Words before every command, as `nsenter`."""

    def __post_init__(self) -> None:
        (self.folder / "list.csv").write_text(LIST, encoding="utf-8")

    @property
    def db(self) -> Path:
        return self.folder / "a.sqlite"

    def _entered(self) -> tuple[str, ...]:
        return (*self.room, "sh", "-c", 'cd "$0" && exec "$@"', str(self.folder)) if self.room else ()

    def start(self, *words: str, before: Sequence[str] = (), **more: str) -> "subprocess.Popen[str]":
        """Start the auditor, and leave it running; as from a terminal, whatever these tests were started by (nohup)."""
        asked = ("env", "--default-signal=HUP,INT,TERM")
        return subprocess.Popen(
            [*asked, *self._entered(), *before, sys.executable, "-m", "auditor.cli", *words], cwd=self.folder, text=True,
            env={**environment(), **more}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def end(self, process: "subprocess.Popen[str]") -> Ended:
        """Wait for a command's end."""
        out, err = process.communicate(timeout=60)
        return Ended(process.returncode, out, err, self.folder)

    def auditor(self, *words: str, before: Sequence[str] = (), **more: str) -> Ended:
        """Run a command to its end; none ends as our fault or in a traceback."""
        ended = self.end(self.start(*words, before=before, **more))
        assert ended.code != 70, ended.err
        assert "Traceback" not in ended.err, ended.err
        return ended

    def here(self, *words: str) -> Ended:
        """Run a command in this process, which is quicker, before or after the one that is looked at."""
        out, err = io.TextIOWrapper(io.BytesIO()), io.StringIO()
        with chdir(self.folder), redirect_stdout(out), redirect_stderr(err):
            code = command(words)
        assert code != 70, err.getvalue()
        out.seek(0)
        return Ended(code, out.read(), err.getvalue(), self.folder)

    def imported(self, db: str = "a.sqlite", before: Sequence[str] | None = None) -> Ended:
        """Import the list, which are two devices; in a process of its own where words before it are given."""
        words = (
            "import",
            "csv",
            "--map",
            "address=IP,mac=MAC,model=Model",
            "--no-scope",
            "list.csv",
            "--db",
            db,
        )
        return self.here(*words) if before is None else self.auditor(*words, before=before)

    def fill(self, db: str = "a.sqlite") -> None:
        """Put the list, imported before, where the database is to be."""
        (self.folder / db).write_bytes(_imported())

    def left(self, db: str = "a.sqlite", before: Sequence[str] | None = None) -> str:
        """Say what the program itself reads in a database: how its runs ended, how many devices it knows."""
        run = self.here if before is None else partial(self.auditor, before=before)
        runs, devices = (run(name, "--db", db, "--jsonl") for name in ("runs", "devices"))
        if runs.code or devices.code:
            return f"not read: exit {runs.code or devices.code}"
        states = Counter(json.loads(line)["state"] for line in runs.out.splitlines())
        told = " and ".join(f"{count} run{'s' * (count > 1)} {state}" for state, count in states.items())
        known = len(devices.out.splitlines())
        return f"{told or 'no run'}; {known} device{'s' * (known != 1)}"


KILLED = """
import os, signal, sys
from tests.store.test_holding import begun
begun(sys.argv[1])
os.kill(os.getpid(), signal.SIGKILL)
"""


def killed(seat: Seat) -> None:
    """Leave a database as a killed run leaves it: all that is known stands in its log."""
    words = (sys.executable, "-c", KILLED, str(seat.db))
    assert subprocess.run(words, check=False).returncode == -signal.SIGKILL
    assert Path(f"{seat.db}-wal").stat().st_size > 0


@cache
def _imported() -> bytes:
    with TemporaryDirectory() as folder:
        seat = Seat(Path(folder))
        assert seat.imported().code == 0
        with closing(sqlite3.connect(seat.db)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return seat.db.read_bytes()


def soundness(db: Path) -> str:
    """Return what SQLite itself says of a database."""
    with closing(sqlite3.connect(db)) as connection:
        (said,) = connection.execute("PRAGMA integrity_check").fetchone()
    return "database sound" if said == "ok" else str(said)


def until(what: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait for something to come true; AssertionError when it does not."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.02)


@dataclass(slots=True)
class Devices:
    """Web servers on addresses of one network that take their time over each answer."""

    network: str
    delay: float
    heard: list[bytes] = field(default_factory=list)

    def scan(self, *more: str, db: str = "a.sqlite", network: str | None = None) -> tuple[str, ...]:
        """Return the words of a scan of them alone."""
        return (
            "scan", network or f"{self.network}.0/29", "-p", "80", "--port-shift", str(SHIFT), "--methods", "tcp-sweep,http",
            "--max-rate-per-host", "40", "--db", db, *more,
        )  # fmt: skip


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    devices: Devices


class _Answer(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, _Server)
        assert isinstance(self.request, socket.socket)
        with suppress(OSError):  # a sweep hangs up as soon as it is through
            asked = self.request.recv(4096)
            if asked:
                self.server.devices.heard.append(asked)  # its Host line says who was asked
                time.sleep(self.server.devices.delay)
                self.request.sendall(PAGE)


@contextmanager
def serving(network: str, numbers: Sequence[int] = (1, 2, 3), delay: float = 0.3) -> Iterator[Devices]:
    """Serve devices at `network`.1 and so on, on a port above those of root."""
    devices = Devices(network, delay)
    with ExitStack() as stack:
        for number in numbers:
            server = stack.enter_context(_Server((f"{network}.{number}", 80 + SHIFT), _Answer))
            server.devices = devices
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            stack.callback(server.shutdown)
        yield devices

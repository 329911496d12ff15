"""One thing that happened to one device, and the file such events are written to."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, TextIO

KEPT = 4096
"""Bytes of a request that are kept."""


class EventKind(StrEnum):
    """What happened."""

    CONNECT = "connect"
    """A TCP connection was made."""
    REQUEST = "request"
    """Bytes came in: one whole request, or one datagram."""
    REBOOT = "reboot"
    """A fragile device was pushed past what it bears."""
    OUTSIDE = "outside"
    """Somebody touched the address that only redirects and false answers name."""


@dataclass(frozen=True, slots=True)
class Event:
    """One contact. `at` is seconds since 1970; `request` is Latin-1 text of the first `KEPT` bytes."""

    kind: EventKind
    at: float
    device: str
    address: str
    source: str
    source_port: int
    transport: str
    port: int
    protocol: str
    size: int = 0
    request: str = ""
    login: str = ""


class Recorder(Protocol):
    """Somebody who keeps events."""

    def record(self, event: Event) -> None:
        """Keep one event."""


class Memory:
    """Keeps events in a list, for tests."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def record(self, event: Event) -> None:
        """Keep one event."""
        self.events.append(event)


class Journal:
    """Writes events to a file as JSON Lines, one event a line."""

    def __init__(self, path: Path) -> None:
        self._stream: TextIO = path.open("w", encoding="utf-8")

    def record(self, event: Event) -> None:
        """Write one event; it reaches the disk at the next `flush`."""
        self._stream.write(json.dumps({"schema_version": 1, **asdict(event)}, ensure_ascii=True) + "\n")

    def flush(self) -> None:
        """Bring what was written to the disk."""
        self._stream.flush()

    def close(self) -> None:
        """Finish the file."""
        self._stream.close()


def read_journal(path: Path) -> Iterator[Event]:
    """Read events back; ValueError names the line that is none."""
    with path.open(encoding="utf-8") as stream:
        for number, line in enumerate(stream, 1):
            try:
                stated: dict[str, Any] = json.loads(line)
                stated.pop("schema_version")
                stated["kind"] = EventKind(stated["kind"])
                yield Event(**stated)
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(f"{path}: line {number} is no event of the sensor: {error}") from error

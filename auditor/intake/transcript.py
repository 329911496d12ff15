"""Transcripts: JSON Lines in which anybody can hand over what devices answered (docs/architecture.md section 6)."""

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from auditor import saved_text
from auditor.intake.secret_words import without_secrets
from auditor.intake.sieved import sifted
from auditor.model import Endpoint, Exchange, Protocol, Status, Transport

SCHEMA_VERSION = 1
LONGEST_LINE = 16 * 1024 * 1024
"""Bytes; a longer line is refused without being read as JSON."""

_UDP = frozenset({Protocol.WSD, Protocol.SADP, Protocol.DHIP, Protocol.SSDP, Protocol.MDNS, Protocol.SNMP})


class LineError(ValueError):
    """One line of a transcript cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that was left out: file, line and what is wrong with it."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        return without_secrets(f"{self.file}:{self.line}: {self.what}; the line is left out")


@dataclass(frozen=True, slots=True)
class Heard:
    """Everything a transcript holds of one device, in the order of the file."""

    device: str
    exchanges: tuple[Exchange, ...]


@dataclass(frozen=True, slots=True)
class Transcript:
    """What a file holds: devices in order of first mention, and the lines left out."""

    devices: tuple[Heard, ...]
    problems: tuple[Problem, ...] = ()


def read(path: Path) -> Transcript:
    """Read a transcript file. Bad lines are left out and said; OSError when the file cannot be opened."""
    with path.open("rb") as lines:
        if saved_text.is_utf16(lines.peek(2)):
            return read_lines(saved_text.utf16_lines(lines), path.name)
        return read_lines(_bounded(lines), path.name)


def _bounded(file: BinaryIO) -> Iterator[bytes]:
    """Yield lines; of a longer one than allowed, one byte more than allowed, the rest thrown away."""
    while line := file.readline(LONGEST_LINE + 1):
        yield line
        rest = line
        while len(rest) > LONGEST_LINE and not rest.endswith(b"\n"):
            rest = file.readline(LONGEST_LINE + 1)


def read_lines(lines: Iterable[bytes], name: str = "transcript") -> Transcript:
    """Read the lines of a transcript; `name` is what problems and the exchanges' source call it."""
    heard: dict[str, list[Exchange]] = {}
    problems: list[Problem] = []
    for number, line in enumerate(lines, 1):
        if not line.strip(b" \t\r\n\xef\xbb\xbf"):
            continue
        try:
            exchange = sifted(exchange_of(_object(line), source=f"transcript {name}"))
        except LineError as error:
            problems.append(Problem(name, number, str(error)))
        else:
            heard.setdefault(exchange.device, []).append(exchange)
    return Transcript(
        tuple(Heard(device, tuple(exchanges)) for device, exchanges in heard.items()), tuple(problems)
    )


def _object(line: bytes) -> Mapping[str, Any]:
    if len(line) > LONGEST_LINE:
        raise LineError(f"longer than {LONGEST_LINE // 2**20} MiB")
    try:
        found = json.loads(line.decode("utf-8-sig").strip())
    except UnicodeDecodeError as error:
        raise LineError(f"not UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise LineError(f"not JSON at column {error.colno} ({error.msg})") from error
    except RecursionError as error:
        raise LineError("nested too deeply to be a transcript") from error
    except ValueError as error:  # a number with thousands of digits
        raise LineError(f"not JSON ({error})") from error
    if not isinstance(found, dict):
        raise LineError("is not a JSON object")
    return found


def exchange_of(line: Mapping[str, Any], *, source: str) -> Exchange:
    """Read one line; LineError says what is missing or wrong. Keys nobody here knows are left alone."""
    if (version := line.get("schema_version", SCHEMA_VERSION)) != SCHEMA_VERSION:
        raise LineError(f"schema_version is {version!r}; this program reads {SCHEMA_VERSION}")
    if "observed" in line:
        return _observed(line, source)
    protocol = _protocol(line)
    reply = _bytes(line, "reply")
    if reply is None and "status" not in line:
        raise LineError('has neither "reply", "reply_base64", "observed" nor a "status" that says why')
    return Exchange(
        device=_text(line, "device"),
        probe=_text(line, "probe", default=f"{protocol}"),
        protocol=protocol,
        endpoint=_endpoint(line, protocol),
        request=_bytes(line, "request") or b"",
        reply=reply or b"",
        status=_status(line, reply),
        at=_at(line),
        seconds=_number(line, "seconds"),
        cut=line.get("cut") is True,
        detail=_text(line, "detail", default=""),
        source=source,
    )


def _observed(line: Mapping[str, Any], source: str) -> Exchange:
    fields = line["observed"]
    if not isinstance(fields, dict) or not fields:
        raise LineError('"observed" must be an object of field names and values')
    pairs = tuple(
        (str(name), str(value))
        for name, values in fields.items()
        for value in (values if isinstance(values, list) else [values])
        if value is not None
    )
    return Exchange(
        device=_text(line, "device"),
        probe=_text(line, "probe", default="observed"),
        protocol=Protocol.OBSERVED,
        endpoint=_endpoint(line, Protocol.OBSERVED),
        request=b"",
        reply=json.dumps(fields, ensure_ascii=False, sort_keys=True).encode("utf-8", "backslashreplace"),
        status=Status.ANSWERED,
        at=_at(line),
        source=source,
        observed=pairs,
    )


def _text(line: Mapping[str, Any], key: str, default: str | None = None) -> str:
    value = line.get(key, default)
    if isinstance(value, int) and not isinstance(value, bool) and key == "device":
        return str(value)
    if not isinstance(value, str) or (default is None and not value):
        raise LineError(f'"{key}" must be text, not {value!r}' if key in line else f'"{key}" is missing')
    return value


def _protocol(line: Mapping[str, Any]) -> Protocol:
    value = _text(line, "protocol")
    try:
        return Protocol(value.lower().replace("_", "-"))
    except ValueError as error:
        raise LineError(f"unknown protocol {value!r}; known are {', '.join(Protocol)}") from error


def _endpoint(line: Mapping[str, Any], protocol: Protocol) -> Endpoint:
    port = line.get("port", 0)
    if not isinstance(port, int) or isinstance(port, bool) or not 0 <= port <= 65_535:
        raise LineError(f'"port" must be a number up to 65535, not {port!r}')
    usual = (
        Transport.UDP if protocol in _UDP else Transport.TLS if protocol is Protocol.TLS else Transport.TCP
    )
    name = _text(line, "transport", default=str(usual))
    try:
        transport = Transport(name.lower())
    except ValueError as error:
        raise LineError(f"unknown transport {name!r}; known are {', '.join(Transport)}") from error
    return Endpoint(_text(line, "address", default=""), port, transport)


def _bytes(line: Mapping[str, Any], key: str) -> bytes | None:
    """Return the bytes of a text or, when given, of its base64 form."""
    encoded = line.get(f"{key}_base64")
    if encoded is not None:
        if not isinstance(encoded, str):
            raise LineError(f'"{key}_base64" must be text')
        try:
            return base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError) as error:
            raise LineError(f'"{key}_base64" is not base64 ({error})') from error
    text = line.get(key)
    if text is None:
        return None
    if not isinstance(text, str):
        raise LineError(f'"{key}" must be text')
    return text.encode("utf-8", "surrogatepass")


def _status(line: Mapping[str, Any], reply: bytes | None) -> Status:
    if "status" not in line:
        return Status.ANSWERED if reply else Status.SILENT
    try:
        return Status(line["status"])
    except ValueError as error:
        raise LineError(f"unknown status {line['status']!r}; known are {', '.join(Status)}") from error


def _at(line: Mapping[str, Any]) -> datetime | None:
    text = line.get("at")
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise LineError(f'"at" must be a time such as 2026-11-03T12:00:00Z, not {text!r}') from error
    try:
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except OverflowError as error:
        raise LineError(f'"at" is out of range: {text!r}') from error


def _number(line: Mapping[str, Any], key: str) -> float:
    value = line.get(key, 0.0)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise LineError(f'"{key}" must be a number, not {value!r}')
    return float(value)

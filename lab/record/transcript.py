"""Read an exported transcript: who said what to which question (docs/architecture.md section 6)."""

import base64
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class TranscriptError(Exception):
    """A line is no exchange; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Said:
    """One exchange of one device: a question and what was said to it."""

    protocol: str
    transport: str
    port: int
    address: str
    request: bytes
    reply: bytes
    observed: tuple[tuple[str, str], ...] = ()
    """Pairs somebody decoded already, such as those of a TLS certificate."""


def read_transcript(path: Path) -> Mapping[str, Sequence[Said]]:
    """Return the exchanges by device, in the order of the file; TranscriptError names the line that is none."""
    devices: dict[str, list[Said]] = defaultdict(list)
    with path.open(encoding="utf-8") as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                stated: dict[str, Any] = json.loads(line)
                devices[str(stated["device"])].append(_said(stated))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise TranscriptError(f"{path}: line {number} is no exchange: {error!r}") from error
    return devices


def _said(stated: Mapping[str, Any]) -> Said:
    observed = stated.get("observed") or {}
    return Said(
        protocol=str(stated.get("protocol", "")),
        transport=str(stated.get("transport", "tcp")),
        port=int(stated.get("port", 0)),
        address=str(stated.get("address", "")),
        request=_bytes(stated, "request"),
        reply=_bytes(stated, "reply"),
        observed=tuple(
            (str(name), str(value))
            for name, values in observed.items()
            for value in (values if isinstance(values, list) else [values])
        ),
    )


def _bytes(stated: Mapping[str, Any], name: str) -> bytes:
    if f"{name}_base64" in stated:
        return base64.b64decode(str(stated[f"{name}_base64"]))
    return str(stated.get(name, "")).encode()

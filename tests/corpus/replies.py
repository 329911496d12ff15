"""The recorded replies at hand, each with what it is known to show: `NAME.transcript.jsonl` and `NAME.expected.jsonl`."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from auditor.intake import transcript
from auditor.model import Exchange

HERE = Path(__file__).resolve()
FOLDER = HERE.parents[2] / ".." / "shared" / "corpus"
SHOWN = ("model", "firmware", "build_date", "serial", "mac", "brand", "kind")
"""What an answer key says of a device beside its maker; empty where the reply does not show it."""


@dataclass(frozen=True, slots=True)
class Want:
    """What a device is, as far as its own reply or the source of the reply shows."""

    device: str
    protocol: str
    fidelity: str
    """How close to the wire the text is: `real-capture`, `fingerprint-example`, …"""
    maker: str
    """One of the three makers, or `other`."""
    true_maker: str
    """Who made what is of another maker; `none` for what no maker of video devices built, empty where it is not known."""
    is_video: bool
    shown: tuple[tuple[str, str], ...]
    source: str
    """Where the reply was published; empty where that is not said."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One device: what it said, and what it is."""

    want: Want
    exchanges: tuple[Exchange, ...]


@dataclass(frozen=True, slots=True)
class Corpus:
    """One set of recorded devices."""

    name: str
    devices: tuple[Recorded, ...]
    digest: str
    """SHA-256 of both files, so that a published figure says which replies it is about."""


def corpora(folder: Path = FOLDER) -> tuple[Corpus, ...]:
    """Return every set in a folder that has both files, in order of name; none where there is no such folder."""
    found = ((path, path.with_name(_stem(path) + ".expected.jsonl")) for path in _transcripts(folder))
    return tuple(_corpus(said, key) for said, key in found if key.is_file())


def _transcripts(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.transcript.jsonl"))


def _stem(path: Path) -> str:
    return path.name.removesuffix(".transcript.jsonl")


def _corpus(said: Path, key: Path) -> Corpus:
    heard = {one.device: one.exchanges for one in transcript.read(said).devices}
    lines = key.read_text(encoding="utf-8").splitlines()
    wants = [_want(json.loads(line)) for line in lines if line.strip()]
    digest = hashlib.sha256(said.read_bytes() + key.read_bytes()).hexdigest()
    devices = tuple(Recorded(want, heard.get(want.device, ())) for want in wants)
    return Corpus(_stem(said), devices, digest)


def _want(line: dict[str, object]) -> Want:
    return Want(
        device=str(line["device"]),
        protocol=str(line["protocol"]),
        fidelity=str(line["fidelity"]),
        maker=str(line["maker"]),
        true_maker=str(line.get("true_maker") or ""),
        is_video=bool(line["video"]),
        shown=tuple((name, str(line[name])) for name in SHOWN if line.get(name) not in (None, "")),
        source=str(line.get("source") or ""),
    )

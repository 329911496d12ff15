"""Change what names one device or its owner, everywhere in the same way, and keep the form."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

FILE = Path(__file__).resolve().parent / "redact.yaml"
_MAC = re.compile(r"(?i)(?<![0-9a-f:-])(?:[0-9a-f]{2}([:-]))(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}(?![0-9a-f:-])")
_PRIVATE = re.compile(
    r"(?<![\d.])(?:10\.\d{1,3}|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d{1,3}\.\d{1,3}(?![\d.])"
)


@dataclass(frozen=True, slots=True)
class Redaction:
    """Which text takes the place of which, the longest first."""

    changes: tuple[tuple[str, str], ...]

    def text(self, text: str) -> str:
        """Return the text with every change made."""
        if not self.changes:
            return text
        table = dict(self.changes)
        pattern = "|".join(re.escape(old) for old, _ in self.changes)
        return re.sub(pattern, lambda match: table[match[0]], text)


@cache
def _patterns() -> Mapping[str, tuple[re.Pattern[str], ...]]:
    stated = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {kind: tuple(re.compile(one) for one in patterns) for kind, patterns in stated.items()}


def redaction(texts: Iterable[str], address: str) -> Redaction:
    """Find out what must be changed in everything one device said. `address` is the device's own."""
    said = "\n".join(texts)
    changes: dict[str, str] = {}
    for match in _MAC.finditer(said):
        changes.update(_mac_forms(match[0]))
    for kind, patterns in _patterns().items():
        for pattern in patterns:
            for match in pattern.finditer(said):
                changes.setdefault(match[1], _CHANGED[kind](match[1]))
    for match in _PRIVATE.finditer(said):
        changes.setdefault(match[0], "192.0.2.77")
    if address:
        changes[address] = "${address}"
    return Redaction(tuple(sorted(changes.items(), key=lambda pair: (-len(pair[0]), pair[0]))))


def _mac_forms(mac: str) -> dict[str, str]:
    """Change the last three octets, in every spelling of the MAC."""
    octets = re.findall(r"[0-9a-f]{2}", mac.lower())
    tail = hashlib.sha256("".join(octets).encode()).hexdigest()
    new = [*octets[:3], tail[0:2], tail[2:4], tail[4:6]]
    forms = {}
    for joiner in (":", "-", ""):
        old, changed = joiner.join(octets), joiner.join(new)
        forms.update({old: changed, old.upper(): changed.upper()})
    return forms


def _digits(value: str) -> str:
    """Change every digit after the first run that a model number may hold: the last eight at most."""
    places = [index for index, letter in enumerate(value) if letter.isdigit()][-8:]
    stream = hashlib.sha256(value.encode()).digest()
    letters = list(value)
    for place, byte in zip(places, stream, strict=False):
        letters[place] = str((int(letters[place]) + 1 + byte % 9) % 10)
    return "".join(letters)


def _name(value: str) -> str:
    return value if len(value) < 5 or value.upper() in _COMMON else "DEVICE"


def _mail(_: str) -> str:
    return "nobody@example.org"


_COMMON = frozenset({"IP CAMERA", "NETWORK VIDEO RECORDER", "CAMERA", "CITY/HANGZHOU"})
"""Names a device has from the factory tell nothing of its owner."""

_CHANGED: Mapping[str, Callable[[str], str]] = {"serials": _digits, "names": _name, "emails": _mail}

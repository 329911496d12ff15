"""The masks of a redacted copy: what stays of a serial number, a MAC address, an address."""

import fnmatch
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from auditor.reporting.texts import ReportingError
from auditor.resources import templates

HIDDEN = "••••"
WITHHELD = "(withheld in this redacted copy)"

_MAC = re.compile(
    r"(?<![0-9A-Za-z])([0-9A-Fa-f]{2}([:-])[0-9A-Fa-f]{2}\2[0-9A-Fa-f]{2})\2[0-9A-Fa-f]{2}\2[0-9A-Fa-f]{2}\2[0-9A-Fa-f]{2}(?![0-9A-Za-z])"
)
_MAC_DOTTED = re.compile(r"\b([0-9A-Fa-f]{4}\.[0-9A-Fa-f]{2})[0-9A-Fa-f]{2}\.[0-9A-Fa-f]{4}\b")
_MAC_BARE = re.compile(r"(?<![0-9A-Za-z])([0-9A-Fa-f]{6})[0-9A-Fa-f]{6}(?![0-9A-Za-z])")
# Serial numbers: one or two letters and eight or nine digits, or a long run of capitals and digits
# with at least six digits. Model names and versions of the run are exempted by the caller.
_SERIAL = re.compile(r"(?<![0-9A-Za-z])(?:[A-Z]{1,2}\d{8,9}|(?=(?:[A-Z]*\d){6})[A-Z0-9]{14,})(?![0-9A-Za-z])")
_TOKEN = re.compile(r"[0-9A-Za-z]+")


@dataclass(frozen=True, slots=True)
class MaskRules:
    """Which claims and fields are masked, and how."""

    claims: Mapping[str, str]
    fields: tuple[tuple[str, str], ...]
    public: frozenset[str]

    def of_field(self, name: str) -> str:
        """Return the treatment of a field: `serial`, `mac`, `hidden`, `withheld`, or nothing."""
        return _treatment(self.fields, name)


@lru_cache(maxsize=4096)
def _treatment(fields: tuple[tuple[str, str], ...], name: str) -> str:
    return next((how for glob, how in fields if fnmatch.fnmatchcase(name, glob)), "")


@lru_cache(maxsize=1)
def mask_rules() -> MaskRules:
    """Read the rules from the templates folder. Raise ReportingError when the file is not usable."""
    path = templates() / "redaction.yaml"
    try:
        raw: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        fields = tuple((str(name), str(how)) for name, how in raw["fields"].items())
        return MaskRules(dict(raw["claims"]), fields, frozenset(raw["public_claims"]))
    except (OSError, KeyError, AttributeError, TypeError, yaml.YAMLError) as error:
        message = f"{path}: cannot be used for redaction ({error!r}); restore the file"
        raise ReportingError(message) from error


def mask_serial(serial: str) -> str:
    """Keep the first four characters."""
    return serial[:4] + HIDDEN


def mask_mac(text: str) -> str:
    """Keep the maker's half of every MAC address in the text, however it is written."""
    text = _MAC.sub(lambda found: found[1] + f"{found[2]}••" * 3, text)
    text = _MAC_DOTTED.sub(r"\1••.••••", text)
    return _MAC_BARE.sub(r"\1••••••", text)


def mask_address(address: str, number: int | None) -> str:
    """Keep the network part: three bytes of IPv4, 64 bits of IPv6; `number` tells devices apart.

    What follows the host goes too, as in `192.0.2.9:81#3` and `[2001:db8::9]:81/2`. What is no address is hidden whole.
    """
    head = _network(address)
    return head if number is None else f"{head}(device {number})"


def _network(address: str) -> str:
    try:
        found = ipaddress.ip_address(_host(address))
    except ValueError:
        return HIDDEN
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is None:
            # Not by its text: that may end in a zone, as in fe80::1%eth0.
            groups = (int.from_bytes(found.packed[at : at + 2], "big") for at in range(0, 8, 2))
            return ":".join(f"{group:x}" for group in groups) + ":•"
        found = found.ipv4_mapped
    return ".".join((*str(found).split(".")[:3], "•"))


def _host(place: str) -> str:
    if place.startswith("["):
        return place[1:].partition("]")[0]
    at = re.split(r"[#/…]", place, maxsplit=1)[0]
    return at.partition(":")[0] if at.count(":") == 1 else at


def mask_as(how: str, text: str) -> str:
    """Apply a treatment to a whole value."""
    if not text or not how:
        return text
    if how == "serial":
        return mask_serial(text)
    if how == "mac":
        masked = mask_mac(text)
        return masked if masked != text else HIDDEN
    return WITHHELD if how == "withheld" else HIDDEN


def mask_serials(text: str, exempt: frozenset[str]) -> str:
    """Mask everything that has the form of a serial number and is not exempt."""
    return _SERIAL.sub(
        lambda found: found[0] if found[0].upper() in exempt else mask_serial(found[0]),
        text,
    )


def tokens(text: str) -> list[str]:
    """Return the letter-and-digit runs of a text, in capitals."""
    return [token.upper() for token in _TOKEN.findall(text)]

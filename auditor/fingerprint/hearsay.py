"""Which observations may claim something of a device: not what others say through it, nor what a certificate sold says.

Readers mark an exchange that carries another's words (`word.another`) and one of which it is not sure whose words it has
(`word.doubtful`). A host that relays one announcement relays others: its announcements that name no address of its own then
claim nothing either. A certificate of an authority open to everybody says whose web service answers, not who built it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from auditor import resources
from auditor.fingerprint.rule import DataError
from auditor.model import Observation, Protocol

ANOTHER, DOUBTFUL = "word.another", "word.doubtful"
"""Fields by which readers mark an exchange."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RELAYED = frozenset({Protocol.SSDP, Protocol.WSD, Protocol.MDNS})
"""Announcements, which relays repeat as their own packets."""
_OF_CERTIFICATE = ("tls.subject", "tls.issuer", "tls.san")
_WILDCARD = re.compile(r"(?:^|,\s*)CN=\*\.", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Heard:
    """The observations that may claim something, and the exchanges whose claims are tentative."""

    observations: list[Observation]
    doubtful: frozenset[str] = frozenset()


def heard(observations: Iterable[Observation]) -> Heard:
    """Leave out what is not the device's own word."""
    seen = list(observations)
    marked = any(one.field in {ANOTHER, DOUBTFUL} for one in seen)
    silent = _of_relays(seen) if marked else frozenset()
    sold = _sold(seen)
    if sold:
        seen = [
            one for one in seen if one.exchange.id not in sold or not one.field.startswith(_OF_CERTIFICATE)
        ]
    if silent:
        seen = [one for one in seen if one.exchange.id not in silent]
    return Heard(
        seen, frozenset(one.exchange.id for one in seen if one.field == DOUBTFUL) if marked else frozenset()
    )


def _of_relays(seen: Sequence[Observation]) -> frozenset[str]:
    """Name the announcements of a relay that do not name its own address."""
    relayed = {one.exchange.protocol for one in seen if one.field == ANOTHER} & _RELAYED
    theirs = {one.exchange.id for one in seen if one.exchange.protocol in relayed}
    own = {
        one.exchange.id
        for one in seen
        if one.exchange.protocol in relayed and _names(one.value, one.exchange.endpoint.address)
    }
    return frozenset(theirs - own)


def _names(value: str, address: str) -> bool:
    return bool(address) and re.search(rf"(?<![\d.]){re.escape(address)}(?![\d.])", value) is not None


def _sold(seen: Sequence[Observation]) -> frozenset[str]:
    """Name the exchanges whose certificate is of an authority open to everybody, or for a whole domain."""
    issuers = {one.exchange.id: one.value for one in seen if one.field == "tls.issuer"}
    subjects = {one.exchange.id: one.value for one in seen if one.field == "tls.subject"}
    found = (
        name for name, issuer in issuers.items() if is_open_authority(issuer) and subjects.get(name) != issuer
    )
    whole = (
        name
        for name, subject in subjects.items()
        if _WILDCARD.search(subject) and issuers.get(name, subject) != subject
    )
    return frozenset((*found, *whole))


def is_open_authority(issuer: str) -> bool:
    """Tell whether an issuer, as in `CN=…,O=…`, gives certificates to whoever runs a server."""
    return authorities().search(issuer) is not None


@lru_cache(maxsize=1)
def authorities() -> re.Pattern[str]:
    """Return what finds such an issuer, from fingerprints/authorities.yaml. Raises DataError for a bad file."""
    return read(resources.fingerprints() / "authorities.yaml")


def read(path: Path) -> re.Pattern[str]:
    """Return the pattern of a file; DataError names file and place of what is wrong with it."""
    data = yaml.load(path.read_bytes(), Loader=_LOADER)  # noqa: S506 - CSafeLoader, the safe one, in C
    if (
        not isinstance(data, Mapping)
        or data.get("schema") != 1
        or set(data) != {"schema", "organisations", "names"}
    ):
        raise DataError(f"{path}: expected `schema: 1`, `organisations:` and `names:`")
    organisations = "|".join(re.escape(str(one)) for one in data["organisations"])
    names = "|".join(str(one) for one in data["names"])
    try:
        return re.compile(rf"(?i)(?:^|,\s*)(?:O=(?:{organisations})(?![^\W_])|CN=[^,]{{0,128}}?(?:{names}))")
    except (re.error, OverflowError, RecursionError) as error:
        raise DataError(f"{path}: names: not a pattern: {error}") from error

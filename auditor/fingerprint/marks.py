"""The marks by which a device is known again: what it told, without what many devices tell alike."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from auditor import resources
from auditor.fingerprint.data_file import mapping
from auditor.fingerprint.rule import DataError
from auditor.model import Identity, Marks, Observation
from auditor.model.marks import plain_mac

_ENDPOINT_FIELDS = frozenset({"wsd.endpoint", "onvif.endpoint"})
_REALM_FIELDS = frozenset({"http.realm", "rtsp.realm"})
_CLAIMS = ("maker", "brand", "model", "platform")
_MOST_TRAITS = 40
_LONGEST_TRAIT = 64
_LONGEST = 256
"""No mark is longer; what a hostile device sends beyond is not looked at."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What fingerprints/marks.yaml says: marks many devices tell alike, and fields that help to know one again."""

    shortest: int
    fewest_signs: int
    sequences: tuple[str, ...]
    serials: re.Pattern[str]
    macs: tuple[str, ...]
    """First digits of addresses that are nobody's, whole addresses among them: lower-case hex without colons."""
    endpoints: re.Pattern[str]
    traits: tuple[str, ...]
    realms: re.Pattern[str]
    """Realms that hold something of the device's own, the same at each of its services; lower case."""
    common: re.Pattern[str]


@lru_cache(maxsize=1)
def shared() -> Shared:
    """Return the shipped list. Raises DataError for a bad one."""
    return read(resources.fingerprints() / "marks.yaml")


def read(path: Path) -> Shared:
    """Return the list in a file; DataError names file and place of what is wrong with it."""
    page = _Page(path)
    return Shared(
        shortest=page.number("serials", "shortest"),
        fewest_signs=page.number("serials", "fewest_signs"),
        sequences=tuple(page.texts("serials", "sequences")),
        serials=page.one_of("serials", "words", "patterns"),
        macs=tuple(page.digits("addresses", 12)) + tuple(page.digits("prefixes", 6)),
        endpoints=page.one_of("endpoints", "references", "patterns"),
        traits=page.names("traits"),
        realms=page.one_of("realms"),
        common=page.one_of("common"),
    )


def is_placeholder(serial: str) -> bool:
    """Tell whether a serial number is one that many devices tell alike, or none at all."""
    known = shared()
    text = " ".join(serial.casefold().split())[:_LONGEST]
    plain = "".join(sign for sign in text if sign.isalnum())
    if not plain or len(set(plain)) < known.fewest_signs or known.serials.fullmatch(text):
        return True
    return any(plain in sequence for sequence in known.sequences)


def is_shared_mac(mac: str) -> bool:
    """Tell whether a MAC address is nobody's own: an example, never set, made up locally, or a group's."""
    digits = plain_mac(mac)
    return len(digits) != 12 or bool(int(digits[:2], 16) & 0b11) or digits.startswith(shared().macs)


def is_shared_endpoint(endpoint: str) -> bool:
    """Tell whether an ONVIF endpoint reference is built into a firmware, an example, or no name of a device."""
    text = _endpoint(endpoint)
    return bool(shared().endpoints.fullmatch(text)) or plain_mac(text.rpartition("-")[2]) in shared().macs


def marks(identity: Identity, observations: Iterable[Observation]) -> Marks:
    """Take from a meeting with a device what can recognise it; guesses, placeholders and examples are left out."""
    seen = tuple(observations)
    maker, model = (identity.sure(name) for name in ("maker", "model"))
    return Marks(
        mac=next((plain_mac(mac) for mac in _told(identity, "mac") if not is_shared_mac(mac)), ""),
        serial=_serial(identity),
        endpoint=next((_endpoint(one.value) for one in seen if _is_own_endpoint(one)), ""),
        maker=maker,
        model="".join(model.upper().split()),
        traits=_traits(identity, seen),
    )


def own_realms(observations: Iterable[Observation]) -> frozenset[str]:
    """Return the realms told that hold something of the device's own: one device tells the same at all its ports."""
    told = (one.value[:_LONGEST].strip().casefold() for one in observations if one.field in _REALM_FIELDS)
    return frozenset(one for one in told if shared().realms.fullmatch(one))


def _serial(identity: Identity) -> str:
    serial = identity.sure("serial").strip()
    others = {value.casefold() for name in _CLAIMS for value in _told(identity, name)}
    is_own = (
        len(serial) >= shared().shortest and not is_placeholder(serial) and serial.casefold() not in others
    )
    return serial if is_own else ""


def _is_own_endpoint(observation: Observation) -> bool:
    return observation.field in _ENDPOINT_FIELDS and not is_shared_endpoint(observation.value)


def _told(identity: Identity, name: str) -> Iterator[str]:
    """Yield every value told under a name, the one that is held first."""
    if claim := identity.claim(name):
        yield claim.value
    yield from (one.against.value for one in identity.contradictions if one.name == name)


def _traits(identity: Identity, observations: tuple[Observation, ...]) -> frozenset[str]:
    """Return what helps to know a device again; what many devices show counts only where it shows nothing else."""
    said = [f"{name}={_short(value)}" for name in _CLAIMS for value in _told(identity, name)]
    order = {name: place for place, name in enumerate(shared().traits)}
    shown = sorted(
        {
            (order[one.field], one.field, one.value.strip())
            for one in observations
            if one.field in order and one.value
        }
    )
    usual = shared().common
    rare = [
        f"{name}={_short(value)}"
        for _, name, value in shown
        if not usual.fullmatch(value[:_LONGEST].casefold())
    ]
    found = [*said, *rare] or [f"{name}={_short(value)}" for _, name, value in shown]
    return frozenset(found[:_MOST_TRAITS])


def _short(value: str) -> str:
    """Return a value in the form traits are compared in; a long one as its digest."""
    text = " ".join(value.casefold().split())
    return text if len(text) <= _LONGEST_TRAIT else hashlib.sha256(text.encode()).hexdigest()[:16]


def _endpoint(text: str) -> str:
    """Return an endpoint reference in one spelling: `uuid:` and `urn:uuid:` name the same, in either case (RFC 4122)."""
    plain = text.strip().lower()[:_LONGEST]
    return f"urn:{plain}" if plain.startswith("uuid:") else plain


class _Page:
    """The content of one file, and where in it something is wrong."""

    def __init__(self, path: Path) -> None:
        self._path = path
        expected = "`schema: 1` and serials, macs, endpoints, traits, realms and common"
        self._data = mapping(path, expected)
        if self._data.get("schema") != 1:
            raise DataError(f"{path}: expected {expected}")

    def number(self, *place: str) -> int:
        found = self._at(*place)
        if not isinstance(found, int) or found < 1:
            raise self._wrong(place, "a number from 1", found)
        return found

    def names(self, *place: str) -> tuple[str, ...]:
        found = self._at(*place)
        if not isinstance(found, list) or not all(isinstance(name, str) and name for name in found):
            raise self._wrong(place, "a list of field names", found)
        return tuple(found)

    def texts(self, *place: str) -> Iterator[str]:
        """Yield the texts of one list, in lower case, each checked for its source."""
        for item in self._items(place):
            text = item.get("text")
            if not isinstance(text, str) or not text:
                raise self._wrong(place, "a `text` (in quotes where it looks like a number)", item)
            yield text.lower()

    def digits(self, name: str, fewest: int) -> Iterator[str]:
        """Yield the hex digits of the MAC addresses of one list, or of their beginnings."""
        for text in self.texts("macs", name):
            if not re.fullmatch(r"[0-9a-f]{2}(:[0-9a-f]{2}){2,5}", text) or len(plain_mac(text)) < fewest:
                raise self._wrong(("macs", name), "pairs of hexadecimal digits with colons", text)
            yield plain_mac(text)

    def one_of(self, *place: str) -> re.Pattern[str]:
        """Return one expression that holds for every text and pattern of a place."""
        room, kinds = place[0], place[1:]
        words = [re.escape(text) for kind in kinds[:-1] for text in self.texts(room, kind)]
        patterns = [self._pattern(item, (room, *kinds[-1:])) for item in self._items((room, *kinds[-1:]))]
        return re.compile("|".join(f"(?:{one})" for one in (*words, *patterns)))

    def _pattern(self, item: dict[str, object], place: tuple[str, ...]) -> str:
        pattern = str(item.get("pattern") or "")
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as error:
            raise self._wrong(place, f"a regular expression ({error})", item) from None
        if not pattern:
            raise self._wrong(place, "a `pattern`", item)
        return pattern

    def _items(self, place: tuple[str, ...]) -> Iterator[dict[str, object]]:
        found = self._at(*place)
        if not isinstance(found, list) or not found:
            raise self._wrong(place, "a list", found)
        for item in found:
            if (
                not isinstance(item, dict)
                or not item.get("source")
                or set(item) - {"text", "pattern", "source"}
            ):
                raise self._wrong(place, "a text or pattern and its `source`, and nothing else", item)
            yield item

    def _at(self, *place: str) -> object:
        found: object = self._data
        for name in place:
            found = found.get(name) if isinstance(found, dict) else None
        return found

    def _wrong(self, place: tuple[str, ...], expected: str, found: object) -> DataError:
        return DataError(f"{self._path}: {'.'.join(place)}: expected {expected}, found {found!r}")

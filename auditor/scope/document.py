"""Reading scope.toml strictly: every key is known or refused, with the line and the nearest known key."""

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from auditor import saved_text
from auditor.model import Method, Pace
from auditor.model.marks import plain_mac
from auditor.scope.addresses import AddressSet, edges, interval
from auditor.scope.scope import DEFAULT_METHODS, Authorisation, Exclusion, Scope, Site
from auditor.scope.windows import DAYS, Window

SCHEMA_VERSION = 1

_TOP = ("schema_version", "authorisation", "site", "exclude", "window", "pace", "methods", "retention")
_AUTHORISATION = ("reference", "issued_by", "contact", "valid_from", "valid_until")
_SITE = ("name", "networks", "interfaces", "owner")
_EXCLUDE = ("address", "network", "mac", "reason", "until", "site")
_WINDOW = ("days", "from", "until", "time_zone")
_PACE = tuple(one.name for one in fields(Pace))
_METHODS = ("allow", "basic_without_tls")
_RETENTION = ("days",)

_LONGEST_KEPT = 36_500
"""Days: a hundred years."""
_SLOWEST, _FASTEST = 1e-6, 1_000_000_000
"""What a pace can be: beyond it is no number that a clock, or a wait, can hold."""
_HEADER = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_\-.\"' ]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"^\s*([A-Za-z0-9_\-]+|\"[^\"]*\"|'[^']*')\s*[=.]")


class ScopeError(ValueError):
    """The scope file cannot be used; the message names file, line, what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a table stands in the file: its name, its number among tables of that name, and the lines."""

    source: str
    lines: tuple[str, ...]
    table: str = ""
    number: int = 0

    def line(self, key: str = "") -> int | None:
        """Return the line of a key of this table, else of the table's header."""
        header, seen, inside = None, -1, self.table == ""
        for index, text in enumerate(self.lines, 1):
            found = _HEADER.match(text)
            if found:
                same = found[2] == self.table
                seen += same
                inside = same and seen == self.number
                header = index if inside else header
            elif inside and key and (named := _KEY.match(text)) and named[1].strip("\"'") == key:
                return index
        return header

    def error(self, what: str, key: str = "") -> ScopeError:
        line = self.line(key)
        where = f"{self.source}:{line}" if line else self.source
        return ScopeError(f"{where}: {what}")


def read(path: Path) -> Scope:
    """Read a scope file. ScopeError names file, line and remedy; nothing is guessed."""
    try:
        text = saved_text.read(path)
    except FileNotFoundError as error:
        raise ScopeError(f"{path}: no such file; `auditor init` writes one to start from") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ScopeError(f"{path}: cannot be read: {error}") from error
    return read_text(text, str(path))


def read_text(text: str, source: str = "scope.toml") -> Scope:
    """Read the text of a scope file; `source` is what error messages call it."""
    try:
        document = saved_text.toml(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+), column \d+\)", str(error))
        where = f"{source}:{found[1]}" if found else source
        raise ScopeError(f"{where}: not valid TOML: {error}") from error
    place = _Place(source, tuple(text.splitlines()))
    _known(document, _TOP, place)
    version = document.get("schema_version")
    if version != SCHEMA_VERSION:
        raise place.error(
            f"schema_version must be {SCHEMA_VERSION}, not {saved_text.shown(version)}", "schema_version"
        )
    sites = _sites(document, place)
    return Scope(
        authorisation=_authorisation(document, place),
        sites=sites,
        exclusions=_exclusions(document, place, sites),
        windows=_windows(document, place),
        pace=_pace(document, place),
        methods=_methods(document, place),
        basic_without_tls=_flag(document, "methods", "basic_without_tls", place),
        retention_days=_retention(document, place),
        source=source,
    )


def _known(table: Mapping[str, object], allowed: Sequence[str], place: _Place) -> None:
    for key in table:
        if key not in allowed:
            near = difflib.get_close_matches(key, allowed, 1, 0.4)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known here: {', '.join(allowed)}"
            line_place = (
                place
                if place.table
                else _Place(place.source, place.lines, key if place.line(key) is None else "")
            )
            raise line_place.error(f"unknown key {key!r}{hint}", key)


def _tables(
    document: Mapping[str, object], name: str, allowed: Sequence[str], place: _Place
) -> list[tuple[Mapping[str, object], _Place]]:
    value = document.get(name, [])
    here = _Place(place.source, place.lines, name)
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise here.error(f"write [[{name}]] with two brackets on each side: there can be several")
    found = [(one, _Place(place.source, place.lines, name, number)) for number, one in enumerate(value)]
    for one, where in found:
        _known(one, allowed, where)
    return found


def _table(
    document: Mapping[str, object], name: str, allowed: Sequence[str], place: _Place
) -> tuple[Mapping[str, object], _Place]:
    value = document.get(name, {})
    here = _Place(place.source, place.lines, name)
    if not isinstance(value, dict):
        raise here.error(f"[{name}] must be a table")
    _known(value, allowed, here)
    return value, here


def _text(table: Mapping[str, object], key: str, place: _Place, *, needed: bool = True) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise place.error(f"{key} must be text in quotes, not {saved_text.shown(value)}", key)
    if needed and not value.strip():
        raise place.error(
            f"{key} is missing; a scope without it cannot be held against the written authorisation", key
        )
    return value.strip()


def _texts(table: Mapping[str, object], key: str, place: _Place) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise place.error(f'{key} must be a list of texts such as ["…", "…"]', key)
    return tuple(str(one) for one in value)


def _moment(table: Mapping[str, object], key: str, place: _Place) -> datetime:
    value = table.get(key)
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise place.error(
            f"{key} must be a moment with time zone such as 2026-11-01T08:00:00+01:00, not {saved_text.shown(value)}",
            key,
        )
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise place.error(f"{key} is a moment before or after all calendars: {value}", key) from error


def _authorisation(document: Mapping[str, object], place: _Place) -> Authorisation:
    table, here = _table(document, "authorisation", _AUTHORISATION, place)
    if not table:
        raise place.error(
            "[authorisation] is missing: who allowed this audit, under which reference, from when to when?"
        )
    paper = Authorisation(
        _text(table, "reference", here),
        _text(table, "issued_by", here),
        _text(table, "contact", here),
        _moment(table, "valid_from", here),
        _moment(table, "valid_until", here),
    )
    if paper.valid_until <= paper.valid_from:
        raise here.error("valid_until is not after valid_from", "valid_until")
    return paper


def _addresses(texts: Sequence[str], key: str, place: _Place, *, drop_edges: bool) -> AddressSet:
    found = AddressSet()
    for text in texts:
        try:
            one = interval(text)
        except ValueError as error:
            raise place.error(str(error), key) from error
        found |= AddressSet((one,)) - edges(one, text) if drop_edges else AddressSet((one,))
    return found


def _sites(document: Mapping[str, object], place: _Place) -> tuple[Site, ...]:
    sites: list[Site] = []
    for table, here in _tables(document, "site", _SITE, place):
        name = _text(table, "name", here)
        if "/" in name or any(not character.isprintable() for character in name):
            raise here.error("name may not contain a slash or control characters", "name")
        if name in {one.name for one in sites}:
            raise here.error(f"site {name!r} stands twice", "name")
        networks = _addresses(_texts(table, "networks", here), "networks", here, drop_edges=True)
        sites.append(
            Site(name, networks, _texts(table, "interfaces", here), _text(table, "owner", here, needed=False))
        )
    return tuple(sites)


def _exclusions(
    document: Mapping[str, object], place: _Place, sites: tuple[Site, ...]
) -> tuple[Exclusion, ...]:
    found: list[Exclusion] = []
    for table, here in _tables(document, "exclude", _EXCLUDE, place):
        what = [key for key in ("address", "network", "mac") if key in table]
        if len(what) != 1:
            raise here.error("an [[exclude]] needs exactly one of address, network, mac")
        text = _text(table, what[0], here)
        site = _text(table, "site", here, needed=False)
        if site and site not in {one.name for one in sites}:
            raise here.error(f"there is no site {site!r}", "site")
        until = table.get("until")
        if isinstance(until, datetime) or not (until is None or isinstance(until, date)):
            raise here.error(
                f"until must be a date such as 2026-12-31, not {saved_text.shown(until)}", "until"
            )
        mac = text if what[0] == "mac" else ""
        if mac and len(plain_mac(mac)) != 12:
            raise here.error(f"{mac!r} is not a MAC address of twelve hexadecimal digits", "mac")
        addresses = AddressSet() if mac else _addresses((text,), what[0], here, drop_edges=False)
        found.append(Exclusion(_text(table, "reason", here), addresses, mac, site, until))
    return tuple(found)


def _windows(document: Mapping[str, object], place: _Place) -> tuple[Window, ...]:
    found: list[Window] = []
    for table, here in _tables(document, "window", _WINDOW, place):
        zone_name = _text(table, "time_zone", here)
        try:
            zone = ZoneInfo(zone_name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise here.error(
                f"{zone_name!r} is not a time zone; write one such as Europe/Skopje", "time_zone"
            ) from error
        days = _texts(table, "days", here) or DAYS
        wrong = [day for day in days if day.lower()[:3] not in DAYS]
        if wrong:
            raise here.error(f"{wrong[0]!r} is not a day; write {', '.join(DAYS)}", "days")
        numbers = frozenset(DAYS.index(day.lower()[:3]) for day in days)
        found.append(Window(numbers, _clock(table, "from", here), _clock(table, "until", here), zone))
    return tuple(found)


def _clock(table: Mapping[str, object], key: str, place: _Place) -> time:
    value = table.get(key)
    try:
        found = (
            value if isinstance(value, time) else time.fromisoformat(value if isinstance(value, str) else "")
        )
    except ValueError as error:
        raise place.error(
            f'{key} must be a time of day such as "18:30", not {saved_text.shown(value)}', key
        ) from error
    if found.tzinfo is not None:
        raise place.error(f"{key} is a time of day without a zone, which time_zone names: not {value}", key)
    return found


def _pace(document: Mapping[str, object], place: _Place) -> Pace:
    table, here = _table(document, "pace", _PACE, place)
    numbers: dict[str, float] = {}
    for key, value in table.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not _SLOWEST <= value <= _FASTEST:
            raise here.error(
                f"{key} must be a number above 0 and at most {_FASTEST}, not {saved_text.shown(value)}", key
            )
        numbers[key] = value
    devices = int(numbers.pop("concurrent_devices", Pace().concurrent_devices)) or 1
    return Pace(**numbers, concurrent_devices=devices)


def _methods(document: Mapping[str, object], place: _Place) -> frozenset[Method]:
    table, here = _table(document, "methods", _METHODS, place)
    if "allow" not in table:
        return DEFAULT_METHODS
    chosen: set[Method] = set()
    for name in _texts(table, "allow", here):
        try:
            chosen.add(Method(name))
        except ValueError as error:
            near = difflib.get_close_matches(name, [str(one) for one in Method], 1, 0.4)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(Method)}"
            raise here.error(f"unknown method {name!r}{hint}", "allow") from error
    return frozenset(chosen)


def _flag(document: Mapping[str, object], name: str, key: str, place: _Place) -> bool:
    value = document.get(name)
    stated = value.get(key, False) if isinstance(value, dict) else False
    if not isinstance(stated, bool):
        raise _Place(place.source, place.lines, name).error(
            f"{key} must be true or false, not {saved_text.shown(stated)}", key
        )
    return stated


def _retention(document: Mapping[str, object], place: _Place) -> int | None:
    table, here = _table(document, "retention", _RETENTION, place)
    days = table.get("days")
    if days is None:
        return None
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= _LONGEST_KEPT:
        raise here.error(
            f"days must be a whole number of at least 1 and at most {_LONGEST_KEPT}, not {saved_text.shown(days)}",
            "days",
        )
    return days

"""Registers and exports of video platforms: any table, once it is said or known which column is what."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import yaml

from auditor.intake.addresses import Told, told
from auditor.intake.columns import Form, Names, Report
from auditor.intake.evidence import EvidenceError, Kind, Tell
from auditor.intake.listed import Reader
from auditor.intake.secret_words import is_secret_heading
from auditor.intake.sieved import behind
from auditor.intake.table import Known, Row, Table, plain, tables
from auditor.resources import fingerprints

NAME = "csv"
SUMMARY = "any table (CSV or Excel) once --map says which column is what"

SHORT = {
    "maker": "feed.vendor",
    "kind": "feed.type",
    "model": "feed.model",
    "firmware": "feed.version",
    "serial": "feed.serial",
    "name": "feed.name",
}
"""Plain words for the fields most tables have."""
_PLACES = ("address", "port", "transport", "at")


@dataclass(frozen=True, slots=True)
class Entry:
    """One device on paper: the row, and what it says. Empty where it says nothing."""

    row: int
    address: str = ""
    mac: str = ""
    serial: str = ""
    maker: str = ""
    model: str = ""
    firmware: str = ""
    name: str = ""
    location: str = ""
    addresses: tuple[str, ...] = ()
    """All addresses it states, the first of which is `address`."""
    sheet: str = ""
    """The sheet of a workbook with several."""

    @property
    def place(self) -> str:
        """Where it stands, in words."""
        return f"sheet {self.sheet!r}, row {self.row}" if self.sheet else f"row {self.row}"


class MapError(ValueError):
    """A --map cannot be understood; the message says how it is written."""

    exit_code = 2


def mapping(texts: Iterable[str]) -> dict[str, str]:
    """Read `field=column` pairs, several in one text divided by commas; plain words stand for the usual fields."""
    found: dict[str, str] = {}
    for text in texts:
        for part in text.split(","):
            name, equals, column = part.partition("=")
            if not equals or not name.strip() or not column.strip():
                raise MapError(
                    f"--map {part!r}: write field=column, as in --map address=IP,model='Device Model'"
                )
            if is_secret_heading(column.strip()):
                raise MapError(
                    f"--map {part!r}: a column of that name holds passwords or the like, which are never read or kept; "
                    "name another, or give the column its own heading if it holds something else"
                )
            found[SHORT.get(name.strip(), name.strip())] = column.strip()
    return found


def kind(columns: Mapping[str, str]) -> Kind:
    """Return the kind of table that this mapping describes; MapError when no column holds the address."""
    if "address" not in columns:
        raise MapError("--map must say which column holds the address, as in --map address=IP")
    fields = tuple((name, (column,)) for name, column in columns.items() if name not in _PLACES)
    if not fields:
        raise MapError("--map names no field beside the address; add for example model=COLUMN or mac=COLUMN")
    places = {name: ((columns[name],) if name in columns else ()) for name in _PLACES}
    report = Report(NAME, (), fields, (), (), None, 0)  # read from no reply, so at no port of its own
    form = Form(
        NAME, SUMMARY, places["address"], places["port"], places["transport"], places["at"], (report,)
    )
    return behind(Kind(NAME, SUMMARY, Reader(form).read, says_when=bool(places["at"])))


@cache
def _columns() -> dict[str, Names]:
    path = fingerprints() / "imports" / "register.yaml"
    given = yaml.safe_load(path.read_text(encoding="utf-8"))["columns"]
    return {name: tuple(headings) for name, headings in given.items()}


def entries(path: Path, tell: Tell, columns: Mapping[str, str] | None = None) -> Iterator[Entry]:
    """Yield what a register lists; columns by the usual headings, or as said. EvidenceError when none is found."""
    chosen = dict(_columns())
    backwards = {long: short for short, long in SHORT.items()}
    for field, column in (columns or {}).items():
        name = backwards.get(field, field)
        if name not in chosen:
            raise MapError(f"--map {field}: a register has {', '.join(chosen)}")
        chosen[name] = (column,)
    found = False
    for table in tables(path, tell, known=_known(chosen)):
        here = {name: table.present(headings) for name, headings in chosen.items()}
        for row in table.rows():
            entry = _entry(row, table, here)
            if entry is not None:
                found = True
                yield entry
    if not found:
        raise EvidenceError(f"{path.name}: lists no device with an address, a MAC address or a serial number")


def _known(columns: Mapping[str, Names]) -> Known:
    telling = frozenset(plain(heading) for name in ("address", "mac", "serial") for heading in columns[name])
    return Known(
        telling,
        telling | frozenset(plain(heading) for names in columns.values() for heading in names),
        "`auditor gap --map address=COLUMN,serial=COLUMN` says which column is what",
    )


def _address(row: Row, names: Names) -> tuple[str, Told]:
    """Return the address cell of a row and what it tells: the first that holds an address, for `Address` may be a street.

    Columns of IPv4 and of IPv6 beside each other are one device's.
    """
    cells = [(name, cell, told(cell)) for name in names if (cell := row.first((name,)))]
    telling = [one for one in cells if one[2].addresses]
    if not telling:
        return (cells[0][1], cells[0][2]) if cells else ("", told(""))
    _, stated, where = telling[0]
    more = [address for name, _, other in telling[1:] if "ipv" in plain(name) for address in other.addresses]
    return stated, replace(where, addresses=tuple(dict.fromkeys((*where.addresses, *more))))


def _entry(row: Row, table: Table, columns: Mapping[str, Names]) -> Entry | None:
    """Return what a row lists; None, said, where nothing in it tells which device is meant."""
    stated, where = _address(row, columns["address"])
    mac, serial = row.first(columns["mac"]), row.first(columns["serial"])
    if where.reason:
        kept = (
            "the row is kept without it"
            if mac or serial or where.addresses
            else "nothing says which device is meant"
        )
        table.problem(row.number, f"address {stated[:64]!r} {where.reason}; {kept}")
    if not (stated or mac or serial):
        table.leave_out(row, "without an address, a MAC address and a serial number")
        return None
    maker, model, firmware, name, location = (
        row.first(columns[each]) for each in ("maker", "model", "firmware", "name", "location")
    )
    return Entry(
        row.number,
        where.first,
        mac,
        serial,
        maker,
        model,
        firmware,
        name,
        location,
        where.addresses,
        table.sheet,
    )

"""Tables of known kinds as exchanges: Shadowserver's reports, the lists that makers' own search tools export."""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from auditor import probes
from auditor.intake.addresses import Told, told
from auditor.intake.columns import Form, Head, Report, forms
from auditor.intake.evidence import EvidenceError, Kind, Problem, Tell
from auditor.intake.table import Row, Table, plain, tables
from auditor.model import UNDATED, WRITTEN, Endpoint, Exchange, Protocol, Status, Transport
from auditor.wire import http

_NOT_TOLD_BY_PARTS = frozenset({"http.header_order", "http.answer", "rtsp.header_order", "http.body"})
"""Fields that a head put together from columns would invent."""
_TIMES = ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y")
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]{64,}={0,2}\s*")
_NOTHING = frozenset({"n/a", "-", "--", "null", "none"})


def kinds() -> tuple[Kind, ...]:
    """Return one kind for each description under fingerprints/imports."""
    return tuple(
        Kind(form.kind, form.summary, Reader(form).read, says_when=bool(form.at)) for form in forms()
    )


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads one kind of table."""

    form: Form

    def read(self, path: Path, tell: Tell, at: datetime | None = None) -> Iterator[Exchange]:
        """Yield the exchanges of all rows; a row that cannot be used is left out and said."""
        origin = f"{self.form.kind} {path.name}"
        unknown: list[EvidenceError] = []
        recognised = 0
        for table in tables(path, tell, known=self.form.known):
            try:
                report = self._report(table, path, tell)
            except EvidenceError as error:
                unknown.append(error)
                continue
            recognised += 1
            if report is None:
                continue
            for row in table.rows():
                where = told(row.first(self.form.address))
                if not where.addresses:
                    table.leave_out(row, where.reason or "without an address", row.first(self.form.address))
                    continue
                if where.reason or len(where.addresses) > 1:
                    table.problem(row.number, _partly(row.first(self.form.address), where))
                when = self._at(row, table) or at
                source = origin if when or self.form.kind in WRITTEN else f"{UNDATED} {origin}"
                yield from self._exchanges(report, row, Exchange(
                    where.first, self.form.kind, Protocol.OBSERVED, self._endpoint(report, row, where),
                    b"", self._record(report, row), Status.ANSWERED, when, source=source,
                ))  # fmt: skip
        if unknown and not recognised:
            raise unknown[0]
        for each in unknown:
            tell(Problem(path.name, "left out", str(each)))

    def _report(self, table: Table, path: Path, tell: Tell) -> Report | None:
        """Return how a table is read; None, said, for a report of which nothing is read."""
        if self.form.forms is None:
            return self.form.reports[-1]
        known = self.form.forms.recognise((table.name, path.name), table.plain_headings, table.name)
        if known is None:
            what = "a report of events: it says what an address did, not what is there; it is not read"
            tell(Problem(table.name, "table", what, is_count=True))
            return None
        reports = {name: one for one in self.form.reports for name in (one.name, *one.also)}
        report = reports.get(known.name) or reports.get("*")
        if report is None or not _reads_something(report, table):
            what = f"is a report {known.name}: nothing in it says what a device is; it is not read"
            tell(Problem(table.name, "table", what, is_count=True))
            return None
        table.how = f"a report {known.name}, {table.how}"
        return report

    def _record(self, report: Report, row: Row) -> bytes:
        """Return as much of the row as is read, as the evidence it is: what else a list holds is nobody's evidence."""
        told = report.read | self._placing
        kept = {name: value for name, value in row.cells.items() if name in told}
        return json.dumps(kept, ensure_ascii=False).encode("utf-8", "replace")

    @property
    def _placing(self) -> frozenset[str]:
        form = self.form
        return frozenset(plain(name) for name in (*form.address, *form.port, *form.transport, *form.at))

    def _exchanges(self, report: Report, row: Row, blank: Exchange) -> Iterator[Exchange]:
        for protocol, names in report.replies:
            if reply := _bytes(row.first(names)):
                yield replace(blank, protocol=protocol, probe=protocol.value, reply=reply, id="")
        pairs = tuple(_pairs(report, row, blank))
        if pairs:
            yield replace(blank, observed=pairs, id="")

    def _endpoint(self, report: Report, row: Row, where: Told) -> Endpoint:
        text = row.first(self.form.port)
        stated = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
        port = stated if 0 < stated < 65_536 else where.port or report.port
        carried = row.first(self.form.transport).lower()
        is_tls = any(protocol is Protocol.TLS for protocol, _ in report.replies)
        transport = Transport.UDP if carried == "udp" else Transport.TLS if is_tls else Transport.TCP
        return Endpoint(where.first, port, transport)

    def _at(self, row: Row, table: Table) -> datetime | None:
        text = row.first(self.form.at)
        found = time_of(text)
        if text and found is None:
            table.problem(row.number, f"{text[:64]!r} is not a time; the row counts as undated")
        return found


def _partly(stated: str, where: Told) -> str:
    """Say which of several addresses of a cell is taken, or what of it is none."""
    more = f"; of {len(where.addresses)} addresses the first is taken" if len(where.addresses) > 1 else ""
    return f"{stated[:64]!r} {where.reason or 'holds several addresses'}; {where.first} is read{more}"


def _reads_something(report: Report, table: Table) -> bool:
    """Tell whether a table has a column that this report is read from."""
    if report.head is not None or report.replies:
        return True
    names = {name for _, one in report.fields for name in one}
    return bool({plain(name) for name in names} & set(table.plain_headings))


def time_of(text: str) -> datetime | None:
    """Read a time as tables have them, UTC where no zone is given."""
    text = text.strip()
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        for form in _TIMES:
            try:
                found = datetime.strptime(text, form).replace(tzinfo=UTC)
            except ValueError:
                continue
            return found
        return None
    try:
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except OverflowError:
        return None


def _pairs(report: Report, row: Row, blank: Exchange) -> Iterator[tuple[str, str]]:
    for field, names in report.fields:
        value = row.first(names)
        if value and value.lower() not in _NOTHING:
            yield field, value
    for field, parts in report.composed:
        told = [f"{short}={value}" for short, names in parts if (value := row.first(names))]
        if told:
            yield field, ",".join(told)
    if report.head is not None:
        yield from _of_head(report.head, row, blank)


def _of_head(head: Head, row: Row, blank: Exchange) -> Iterator[tuple[str, str]]:
    """Give the reader of the protocol a head made of the columns, and take what does not depend on its form."""
    headers = [(name, value) for name, names in head.headers if (value := row.first(names))]
    status = row.first(head.status)
    if not headers and not status:
        return
    first = f"HTTP/1.1 {status or 200} {row.first(head.reason)}"
    if head.protocol in {Protocol.SIP, Protocol.RTSP}:
        first = first.replace("HTTP/1.1", "SIP/2.0" if head.protocol is Protocol.SIP else "RTSP/1.0")
    reply = http.head_bytes((first, *(f"{name}: {value}" for name, value in headers)))
    for seen in probes.read(replace(blank, protocol=head.protocol, reply=reply, id="")):
        if seen.field not in _NOT_TOLD_BY_PARTS:
            yield seen.field, seen.value


def _bytes(text: str) -> bytes:
    """Return a reply as bytes; base64 of the size of a certificate is decoded."""
    if _BASE64.fullmatch(text):
        try:
            return base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            pass
    return text.replace("\\r\\n", "\r\n").replace("\\n", "\n").encode("utf-8", "replace")

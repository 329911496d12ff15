"""Tables of known kinds as exchanges: Shadowserver's reports, the lists that makers' own search tools export."""

import base64
import binascii
import ipaddress
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from auditor import probes
from auditor.intake.columns import Form, Head, Report, forms
from auditor.intake.evidence import Kind, Problem, Tell
from auditor.intake.table import Row, plain, rows
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
        told = f"{self.form.kind} {path.name}"
        report: Report | None = None
        for row in rows(path, tell, known=self.form.known):
            report = report or report_of(self.form, path.name, row)
            address = address_of(row.first(self.form.address))
            if address is None:
                stated = row.first(self.form.address)[:64]
                tell(
                    Problem(
                        path.name, f"row {row.number}", f"{stated!r} is not an address; the row is left out"
                    )
                )
                continue
            when = self._at(row, path, tell) or at
            source = told if when or self.form.kind in WRITTEN else f"{UNDATED} {told}"
            yield from self._exchanges(report, row, Exchange(
                address, self.form.kind, Protocol.OBSERVED, self._endpoint(report, row, address),
                b"", self._record(report, row), Status.ANSWERED, when, source=source,
            ))  # fmt: skip

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

    def _endpoint(self, report: Report, row: Row, address: str) -> Endpoint:
        text = row.first(self.form.port)
        port = int(text) if text.isascii() and text.isdigit() and 0 < int(text) < 65_536 else report.port
        carried = row.first(self.form.transport).lower()
        is_tls = any(protocol is Protocol.TLS for protocol, _ in report.replies)
        transport = Transport.UDP if carried == "udp" else Transport.TLS if is_tls else Transport.TCP
        return Endpoint(address, port, transport)

    def _at(self, row: Row, path: Path, tell: Tell) -> datetime | None:
        text = row.first(self.form.at)
        found = time_of(text)
        if text and found is None:
            tell(
                Problem(
                    path.name, f"row {row.number}", f"{text[:64]!r} is not a time; the row counts as undated"
                )
            )
        return found


def report_of(form: Form, name: str, row: Row) -> Report:
    """Return the report a file is: by its name, else by columns that only that form has, else the last described."""
    for report in form.reports:
        if re.search(rf"(?<![a-z]){re.escape(report.name)}(?![a-z_])", name.lower()):
            return report
    scored = ((sum(plain(one) in row.cells for one in each.columns), each) for each in form.reports)
    best, report = max(scored, key=lambda pair: pair[0])
    return report if best else form.reports[-1]


def address_of(text: str) -> str | None:
    """Return an address in canonical form, or None for anything else."""
    try:
        return str(ipaddress.ip_address(text.strip().strip("[]")))
    except ValueError:
        return None


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

"""The report as an Excel workbook: summary, devices, findings, work orders, and where the data come from."""

import io
import re
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import BinaryIO

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from auditor.exports.cells import (
    DEVICE_COLUMNS,
    FINDING_COLUMNS,
    device_cells,
    finding_cells,
    guarded,
    stamp,
)
from auditor.model import Device, Run
from auditor.reporting import Context, Report, page, redacted
from auditor.reporting.texts import texts

NAME = "xlsx"
SUFFIX = ".xlsx"
REDACTS = True
NEEDS_BYTES = False

_ORDER_COLUMNS = (
    "order",
    "site",
    "priority",
    "action",
    "title",
    "effort",
    "goal",
    "why",
    "steps",
    "check",
    "state",
    "devices",
    "responsible",
    "done on",
    "addresses",
    "done at",
    "not heard",
    "accepted",
)
_HEAD = PatternFill("solid", fgColor="1D3A5F")
_WIDEST = 60
_MOST_ROWS = 1_000_000
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)

Cells = Iterable[tuple[str | int, ...]]


def write(run: Run, devices: Iterable[Device], out: BinaryIO, *, context: Context | None = None) -> None:
    """Write the workbook; the same values give the same bytes."""
    context = context or Context()
    given = tuple(devices)
    report = page(run, given, context)
    run, found, context = redacted(run, given, context)
    ordered = sorted(found, key=lambda device: device.key)
    book = Workbook(write_only=True)
    _sheet(book, "Summary", ("what", "value"), _summary(report))
    _sheet(book, "Devices", DEVICE_COLUMNS, (device_cells(device) for device in ordered))
    findings = (finding_cells(device, f) for device in ordered for f in device.findings)
    _sheet(book, "Findings", FINDING_COLUMNS, findings)
    _sheet(book, "Work orders", _ORDER_COLUMNS, _orders(context, ordered))
    _sheet(book, "Data", ("what", "as of", "records", "note"), _ages(run, context))
    plain = io.BytesIO()
    book.save(plain)
    out.write(_settled(plain.getvalue(), context.options.made or run.moment))


def _summary(report: Report) -> Cells:
    words, run = texts(), report.run
    yield ("marking", report.options.tlp.mark)
    yield ("authorisation", run.authorisation)
    yield ("issued by", run.issued_by)
    yield ("contact", run.contact)
    yield ("started", stamp(run.started))
    yield ("ended", stamp(run.ended) or "not complete")
    for number in report.summary.numbers:
        yield (words.label("number", number.name), "not judged" if number.value is None else number.value)
    if report.coverage:
        yield ("addresses allowed", report.coverage.granted)
        yield ("addresses that answered", report.coverage.answered)
        yield ("addresses that stayed silent", report.coverage.silent)
    for gap in report.summary.gaps:
        yield (f"not assessed: {words.label('gap', gap.reason)} {gap.settles}".strip(), gap.count)
    for chart in report.charts:
        for bar in chart.bars:
            yield (f"{words.label('chart', chart.name)}: {bar.label}", bar.count)


def _orders(context: Context, devices: Iterable[Device]) -> Cells:
    """Yield the orders; `addresses` are those at which the devices still to do were heard last, by site."""
    places = {device.key: f"{device.site}/{device.address}" for device in devices}
    for order in sorted(context.orders, key=lambda order: (-order.priority.rank, order.site, order.id)):
        yield (
            order.id,
            order.site,
            order.priority,
            order.action,
            order.title,
            order.effort,
            order.target,
            order.priority_reason,
            " ".join(f"{place}. {step}" for place, step in enumerate(order.steps, 1)),
            order.check,
            order.state,
            " ".join(order.devices),
            "",
            "",
            " ".join(places.get(key, key) for key in order.devices),
            *(" ".join(keys) for keys in (order.done, order.unheard, order.accepted)),
        )


def _ages(run: Run, context: Context) -> Cells:
    for age in context.ages:
        as_of = age.as_of.isoformat() if age.as_of else "no date stated"
        yield (age.label, as_of, age.records if age.records is not None else "", age.note)
    yield ("Identification rules", "", "", run.data_digest)
    yield ("Scope file", "", "", run.scope_digest)
    yield ("Program", "", "", run.version)


def _sheet(book: Workbook, title: str, columns: tuple[str, ...], rows: Cells) -> None:
    """Add a sheet with a heading that stays in sight, a filter, and columns as wide as they need."""
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 - only sheets make cells

    sheet = book.create_sheet(title)
    held = [row for row, _ in zip(rows, range(_MOST_ROWS), strict=False)]
    for place, name in enumerate(columns):
        longest = max((len(str(row[place])) for row in held[:500]), default=0)
        sheet.column_dimensions[get_column_letter(place + 1)].width = min(
            _WIDEST, max(len(name), longest) + 2
        )
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{len(held) + 1}"
    heading = []
    for name in columns:
        cell = WriteOnlyCell(sheet, value=name)
        cell.font, cell.fill = Font(bold=True, color="FFFFFF"), _HEAD
        cell.alignment = Alignment(vertical="top")
        heading.append(cell)
    sheet.append(heading)
    for row in held:
        sheet.append([value if type(value) is int else guarded(str(value)) for value in row])


def _settled(data: bytes, made: datetime) -> bytes:
    """Return the workbook with the time of writing replaced by the time given: it must not differ by run."""
    when = made.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as copy:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", when, content)
            member = zipfile.ZipInfo(entry.filename, _ZIP_DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            copy.writestr(member, content)
    return out.getvalue()

"""Every export through its own door: safe cells, exact records, the same bytes for the same values."""

import base64
import csv
import dataclasses
import datetime as dt
import io
import json
import os
import sys
from pathlib import Path

import openpyxl
import pytest

from auditor.exports import exports
from auditor.exports.cells import DEVICE_COLUMNS, FINDING_COLUMNS, guarded
from auditor.exports.records import SCHEMA_VERSION
from auditor.model import Acceptance, Account, Device, Outcome
from tests.reporting import town

SMALL = town.devices(12)
GOLDEN = Path(__file__).parent.parent / "reporting" / "golden"
UNITS = {
    "csv": "csv_table",
    "html": "html_page",
    "json": "json_document",
    "jsonl": "json_lines",
    "md": "markdown_text",
    "pdf": "pdf_pages",
    "xlsx": "excel_workbook",
}
FORMATS = ("csv", "html", "json", "jsonl", "md", "xlsx")


def written(name: str, *, backwards: bool = False) -> bytes:
    out = io.BytesIO()
    given = tuple(reversed(SMALL)) if backwards else SMALL
    exports()[name].write(town.run(), given, out, context=town.context(SMALL))
    return out.getvalue()


def test_every_format_of_the_folder_is_found() -> None:
    assert {*FORMATS, "pdf"} <= set(exports())
    assert {name: getattr(exports()[name], "__name__", "").rpartition(".")[2] for name in UNITS} == UNITS
    assert all(export.SUFFIX.startswith(".") for export in exports().values())


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_values_give_the_same_bytes(name: str) -> None:
    assert written(name) == written(name, backwards=True)


def test_the_table_of_the_town_is_as_reviewed() -> None:
    path = GOLDEN / "report.csv"
    if os.environ.get("AUDITOR_GOLDEN") == "write":
        path.write_bytes(written("csv"))
    assert written("csv") == path.read_bytes()


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1+1", '"=1', "'=1", "\ufeff=1", "|calc"],
)
def test_no_cell_begins_a_formula(text: str) -> None:
    assert guarded(text).startswith("'")


@pytest.mark.parametrize("text", ["V5.6.2", "2.800.0000000.28.R", "58:50:ed:00:10:01", "a=b", ""])
def test_ordinary_cells_stay_as_they_are(text: str) -> None:
    assert guarded(text) == text


def test_a_hostile_name_stays_in_its_csv_cell() -> None:
    rows = list(csv.DictReader(io.StringIO(written("csv").decode(), newline="")))
    assert len(rows) == len(SMALL)
    hostile = next(row for row in rows if row["address"] == "192.0.2.15")
    assert hostile["device_name"].startswith("'=cmd|")
    assert "\x1b" not in hostile["device_name"]


def test_an_unjudged_device_says_so_in_its_priority() -> None:
    rows = {row["address"]: row for row in csv.DictReader(io.StringIO(written("csv").decode(), newline=""))}
    assert rows["192.0.2.201"]["priority"] == "not judged"
    assert rows["192.0.2.10"]["priority"] == "act now"


def table(device: Device, name: str) -> dict[str, str]:
    """Return the one row of a table about one device, its findings or the device itself."""
    out = io.BytesIO()
    bare = dataclasses.replace(town.context((device,)), orders=())
    exports()["xlsx"].write(town.run(), [device], out, context=bare)
    head, row, *_ = openpyxl.load_workbook(out)[name].iter_rows(values_only=True)
    rows = {str(key): str(value or "") for key, value in zip(head, row, strict=True)}
    if name == "Devices":
        text = io.BytesIO()
        exports()["csv"].write(town.run(), [device], text, context=bare)
        (same,) = csv.DictReader(io.StringIO(text.getvalue().decode("utf-8-sig"), newline=""))
        assert same == rows
    return rows


REFUSED = Account("hall/192.0.2.10", "city", Outcome.REFUSED, protocol="isapi", endpoint="192.0.2.10:80/tcp")
TAKEN = dataclasses.replace(REFUSED, outcome=Outcome.ACCEPTED, answered=4, calls=4)
WITHHELD = dataclasses.replace(REFUSED, outcome=Outcome.WITHHELD, reason="=the entry had ended")


@pytest.mark.parametrize(
    ("accounts", "outcome", "settings"),
    [
        ((), "", "not read"),
        ((TAKEN,), "accepted", "read"),
        ((dataclasses.replace(TAKEN, answered=2),), "accepted", "read in part"),
        ((dataclasses.replace(TAKEN, outcome=Outcome.BROKEN_OFF, answered=1),), "broken off", "read in part"),
        ((REFUSED,), "refused", "not read"),
        ((WITHHELD,), "withheld", "not read"),
        ((TAKEN, WITHHELD), "accepted", "read"),
    ],
)
def test_the_tables_say_how_accounts_fared_and_whether_settings_were_read(
    accounts: tuple[Account, ...], outcome: str, settings: str
) -> None:
    row = table(dataclasses.replace(SMALL[0], accounts=accounts), "Devices")
    assert (row["account"], row["settings"]) == (outcome, settings)
    assert row["accounts"] == "; ".join(one.words for one in accounts)


def test_the_tables_say_what_the_owner_accepts_until_when_and_why() -> None:
    word = Acceptance("=cmd", "B. Example", dt.date(2027, 3, 31))
    first, *others = SMALL[0].findings
    device = dataclasses.replace(
        SMALL[0], findings=(dataclasses.replace(first, accepted=word), *others), accounts=()
    )
    assert table(device, "Devices")["accepted"] == first.id
    row = table(device, "Findings")
    assert row["finding"] == first.id
    assert [row[name] for name in FINDING_COLUMNS[-4:]] == ["yes", "B. Example", "2027-03-31", "'=cmd"]
    assert table(SMALL[0], "Findings")["accepted"] == "no"


def test_new_columns_come_last() -> None:
    """Programs may count on the place of the columns that were there before."""
    assert DEVICE_COLUMNS[:4] == ("device", "site", "address", "in_scope")
    assert DEVICE_COLUMNS.index("source") == len(DEVICE_COLUMNS) - 8
    assert FINDING_COLUMNS.index("references") == len(FINDING_COLUMNS) - 5


def test_json_lines_hold_run_devices_and_work() -> None:
    records = [json.loads(line) for line in written("jsonl").splitlines()]
    assert [record["record"] for record in records].count("device") == len(SMALL)
    assert records[0]["record"] == "run"
    assert records[0]["coverage"]["silent"] == 902
    assert {record["schema_version"] for record in records} == {SCHEMA_VERSION}


def test_json_lines_hold_bytes_exactly() -> None:
    device = SMALL[0]
    records = [json.loads(line) for line in written("jsonl").splitlines()]
    record = next(one for one in records if one.get("device") == device.key)
    for exchange, kept in zip(device.exchanges, record["exchanges"], strict=True):
        reply = kept["reply"].encode() if "reply" in kept else base64.b64decode(kept["reply_base64"])
        assert reply == exchange.reply
        assert kept["sha256"] == exchange.sha256
    assert record["device_name"] if "device_name" in record else record["more"]["device_name"]


def test_a_claim_that_is_not_held_is_null() -> None:
    document = json.loads(written("json"))
    nameless = next(one for one in document["devices"] if one["address"] == "192.0.2.201")
    assert nameless["maker"] is None
    assert nameless["firmware"] is None
    assert len(document["work_orders"]) == 4


def test_a_workbook_has_no_formula_and_every_device() -> None:
    book = openpyxl.load_workbook(io.BytesIO(written("xlsx")))
    assert book.sheetnames == ["Summary", "Devices", "Findings", "Work orders", "Data"]
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    assert book["Devices"].max_row == len(SMALL) + 1
    assert book["Devices"].freeze_panes == "A2"


@pytest.mark.slow
def test_pdf_has_pages_a_title_and_no_network() -> None:
    pytest.importorskip("weasyprint", reason="PDF is an extra: pip install auditor[pdf]")
    out = io.BytesIO()
    few = SMALL[:3]
    exports()["pdf"].write(town.run(), few, out, context=dataclasses.replace(town.context(few), orders=()))
    assert out.getvalue().startswith(b"%PDF-1.")
    assert len(out.getvalue()) > 20_000


def test_pdf_without_its_library_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(ValueError, match=r'pip install "auditor\[pdf\]"'):
        exports()["pdf"].write(town.run(), SMALL, io.BytesIO(), context=town.context(SMALL))

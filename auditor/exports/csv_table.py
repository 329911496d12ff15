"""The devices as a table, one line each: CSV that no spreadsheet takes for formulas."""

import csv
import io
from collections.abc import Iterable
from typing import BinaryIO

from auditor.exports.cells import DEVICE_COLUMNS, device_cells, guarded
from auditor.model import Device, Run
from auditor.reporting import Context, redacted

NAME = "csv"
SUFFIX = ".csv"
REDACTS = True
NEEDS_BYTES = False


def write(run: Run, devices: Iterable[Device], out: BinaryIO, *, context: Context | None = None) -> None:
    """Write a heading and one line for each device in the order of their keys, RFC 4180, UTF-8."""
    _, found, _ = redacted(run, devices, context or Context())
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(DEVICE_COLUMNS)
    for device in sorted(found, key=lambda device: device.key):
        table.writerow([guarded(cell) for cell in device_cells(device)])
    out.write(text.getvalue().encode("utf-8", "backslashreplace"))

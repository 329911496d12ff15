"""Everything as JSON Lines: the run first, then one record for each device, then the work orders."""

import json
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from auditor.exports.records import Record, device_record, order_record, run_record
from auditor.model import Device, Run
from auditor.reporting import Context, redacted

NAME = "jsonl"
SUFFIX = ".jsonl"
REDACTS = True
NEEDS_BYTES = True


def write(run: Run, devices: Iterable[Device], out: BinaryIO, *, context: Context | None = None) -> None:
    """Write one record a line, ASCII only, devices in the order of their keys."""
    for record in _records(run, devices, context or Context()):
        out.write(json.dumps(record, ensure_ascii=True, separators=(",", ":")).encode("ascii"))
        out.write(b"\n")


def _records(run: Run, devices: Iterable[Device], context: Context) -> Iterator[Record]:
    run, found, context = redacted(run, devices, context)
    yield run_record(run, context)
    for device in sorted(found, key=lambda device: device.key):
        yield device_record(device, context)
    for order in sorted(context.orders, key=lambda order: order.id):
        yield order_record(order)

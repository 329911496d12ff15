"""Everything as one JSON document."""

import json
from collections.abc import Iterable
from typing import BinaryIO

from auditor.exports.records import SCHEMA_VERSION, device_record, order_record, run_record
from auditor.model import Device, Run
from auditor.reporting import Context, redacted

NAME = "json"
SUFFIX = ".json"
REDACTS = True
NEEDS_BYTES = True


def write(run: Run, devices: Iterable[Device], out: BinaryIO, *, context: Context | None = None) -> None:
    """Write the document, indented, ASCII only, devices in the order of their keys."""
    run, found, context = redacted(run, devices, context or Context())
    document = {
        "schema_version": SCHEMA_VERSION,
        "run": run_record(run, context),
        "devices": [
            device_record(device, context) for device in sorted(found, key=lambda device: device.key)
        ],
        "work_orders": [order_record(order) for order in sorted(context.orders, key=lambda order: order.id)],
    }
    out.write(json.dumps(document, ensure_ascii=True, indent=2).encode("ascii") + b"\n")

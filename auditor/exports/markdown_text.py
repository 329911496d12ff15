"""The report as Markdown, for a wiki or an issue."""

from collections.abc import Iterable
from typing import BinaryIO

from auditor.model import Device, Run
from auditor.reporting import Context, markdown, page

NAME = "md"
SUFFIX = ".md"
REDACTS = True
NEEDS_BYTES = False


def write(run: Run, devices: Iterable[Device], out: BinaryIO, *, context: Context | None = None) -> None:
    """Write the text, UTF-8."""
    out.write(markdown(page(run, devices, context)).encode("utf-8", "backslashreplace"))

"""The report as one self-contained HTML file."""

from collections.abc import Iterable
from typing import BinaryIO

from auditor.model import Device, Run
from auditor.reporting import Context, html, page

NAME = "html"
SUFFIX = ".html"
REDACTS = True
NEEDS_BYTES = False


def write(run: Run, devices: Iterable[Device], out: BinaryIO, *, context: Context | None = None) -> None:
    """Write the page, UTF-8."""
    out.write(html(page(run, devices, context)).encode("utf-8", "backslashreplace"))

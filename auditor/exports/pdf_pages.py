"""The report as PDF: the same page, laid out for A4 by WeasyPrint."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import BinaryIO, NoReturn

from auditor.model import Device, Run
from auditor.reporting import Context, Evidence, ReportingError, html, page

NAME = "pdf"
SUFFIX = ".pdf"
REDACTS = True
NEEDS_BYTES = False

_MOST_SECTIONS = 150
_MOST_ROWS = 2_000
_MOST_TABLES = 25


def write(run: Run, devices: Iterable[Device], out: BinaryIO, *, context: Context | None = None) -> None:
    """Write the pages, evidence left out. Raises ReportingError where WeasyPrint is not installed.

    A document that somebody prints ends somewhere: the annex shows the 150 most urgent devices, the table
    2,000, and both say so; the HTML page has them all. Beyond 25 devices the annex keeps to a few lines each.
    """
    try:
        from weasyprint import HTML  # noqa: PLC0415 - an optional library, loaded when it is needed
    except (ImportError, OSError) as error:
        raise ReportingError(
            f"PDF needs WeasyPrint and its system libraries, which cannot be loaded here ({error}). "
            'Install them with: pip install "auditor[pdf]" (Debian also: apt install libpango-1.0-0 '
            "libpangoft2-1.0-0), or print the HTML report from a browser."
        ) from error
    context = context or Context()
    found = tuple(devices)
    evidence = Evidence.SHORT if len(found) <= _MOST_TABLES else Evidence.BRIEF
    options = replace(context.options, evidence=evidence)
    report = page(run, found, replace(context, options=options))
    report = replace(report, sections=report.sections[:_MOST_SECTIONS], rows=report.rows[:_MOST_ROWS])
    text = html(report, paged=True)
    document = HTML(string=text, url_fetcher=_refuse)
    out.write(document.write_pdf(pdf_identifier=run.id.encode(), pdf_variant="pdf/ua-1"))


def _refuse(url: str, *_: object, **__: Mapping[str, object]) -> NoReturn:
    """Fetch nothing: the document is complete in itself."""
    raise ValueError(f"the report needs nothing from {url}")

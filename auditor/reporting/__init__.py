"""From a run and its devices to documents: the values of a page, and the page itself."""

from auditor.reporting.context import Behind, Chosen, Context, DataAge, Evidence, Options, Source, Tlp, Words
from auditor.reporting.display import one_line, spoken, visible
from auditor.reporting.page import FULL_DEVICES, page
from auditor.reporting.redaction import redacted
from auditor.reporting.render import html, markdown
from auditor.reporting.texts import ReportingError
from auditor.reporting.values import Report

__all__ = [
    "FULL_DEVICES",
    "Behind",
    "Chosen",
    "Context",
    "DataAge",
    "Evidence",
    "Options",
    "Report",
    "ReportingError",
    "Source",
    "Tlp",
    "Words",
    "html",
    "markdown",
    "one_line",
    "page",
    "redacted",
    "spoken",
    "visible",
]

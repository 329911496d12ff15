"""Turn page values into text with the templates: HTML that nothing a device says can run in, and Markdown."""

import base64
import hashlib
import re
from collections import defaultdict
from datetime import UTC, datetime
from functools import lru_cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from auditor.model import Priority, Severity
from auditor.reporting.display import one_line, visible
from auditor.reporting.texts import Texts, texts
from auditor.reporting.values import Explained, Report
from auditor.resources import templates

_TITLE = "title"
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~])")
_CSS_COMMENT = re.compile(r"/\*.*?\*/|\n\s*", re.DOTALL)


def html(report: Report, *, paged: bool = False) -> str:
    """Return the report as one HTML document that needs nothing else.

    With `paged` the document is meant for a page layout engine: nothing folds and no script is inside.
    """
    environment = _environment("html")
    values = _values(report)
    style = _CSS_COMMENT.sub("", environment.get_template("report.css").render(values))
    script = "" if paged else (templates() / "report.js").read_text(encoding="utf-8")
    return environment.get_template("report.html.j2").render(
        values,
        paged=paged,
        style=Markup(style),  # noqa: S704 - our own file; from outside it takes a mark and a date only
        script=Markup(script),  # noqa: S704 - our own file
        style_hash=_digest(style),
        script_hash=_digest(script),
    )


def markdown(report: Report) -> str:
    """Return the report as Markdown: the same order, tables instead of charts, evidence left out."""
    text = _environment("markdown").get_template("report.md.j2").render(_values(report))
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _values(report: Report) -> dict[str, object]:
    words = texts()
    return {"report": report, "texts": words, "title": report.title or words.label("document", _TITLE)}


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@lru_cache(maxsize=2)
def _environment(form: str) -> Environment:
    """Build the template environment: every value is made safe for its form, none can be forgotten."""
    environment = Environment(
        loader=FileSystemLoader(templates()),
        autoescape=form == "html",  # noqa: S701 - the other form is Markdown, which `_written` escapes
        undefined=StrictUndefined,
        finalize=_seen if form == "html" else _written,
        trim_blocks=form == "markdown",
        lstrip_blocks=form == "markdown",
        keep_trailing_newline=True,
    )
    words: Texts = texts()
    environment.filters |= {"n": _number, "when": _when, "day": _day, "code": _Code}
    environment.globals |= {
        "rank": _rank,
        "told_in_full": _is_grave,
        "dict": _named,
        "fact": lambda name: _fact(name, words),
    }
    return environment


def _seen(value: object) -> object:
    """Show what would act or hide; escaping for HTML follows by autoescape."""
    return _shown(value) if type(value) is str else value


@lru_cache(maxsize=65_536)
def _shown(text: str) -> Markup:
    """Make a text safe once: names, verdicts and reasons return by the hundred thousand in a large page."""
    return escape(visible(text))


def _written(value: object) -> object:
    """Escape for Markdown: one line, no markup, no table borders."""
    if isinstance(value, str):
        return _MARKDOWN.sub(r"\\\1", one_line(value))
    return value


class _Code:
    """A text that stands in a Markdown code span as it is, so that it can be copied."""

    def __init__(self, text: str) -> None:
        self._text = one_line(text)

    def __str__(self) -> str:
        longest = max((len(run) for run in re.findall("`+", self._text)), default=0)
        fence, gap = "`" * (longest + 1), " " if longest else ""
        return f"{fence}{gap}{self._text}{gap}{fence}"


def _named(pairs: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Return facts by name; a name that is not there gives nothing."""
    named: dict[str, str] = defaultdict(str)
    named.update(pairs)
    return named


def _number(value: int) -> str:
    """Group thousands with a narrow no-break space."""
    return f"{value:,}".replace(",", "\u202f") if abs(value) >= 10_000 else str(value)


def _when(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).date().isoformat()


def _rank(priority: str) -> int:
    return Priority(priority).rank


def _is_grave(finding: Explained) -> bool:
    """Tell whether a printed copy explains a finding in full: it holds or may hold, and is bad or used by attackers."""
    grave = finding.known_exploited is not None or Severity(finding.severity).rank >= Severity.HIGH.rank
    return grave and bool(finding.affected or finding.possibly)


def _fact(name: str, words: Texts) -> str:
    label = words.label("fact", name)
    return label if label != name else (name[:1].upper() + name[1:]).replace("_", " ").replace("-", " ")

"""Reading advisory records from fingerprints/advisories/, one file each."""

import re
from pathlib import Path

from auditor.knowledge.advisory import (
    EXPECTATIONS,
    EXPLOITATIONS,
    REACHES,
    REMEDIES,
    Advisory,
    Example,
    Row,
    Suspect,
)
from auditor.knowledge.document import DataError, Node, read
from auditor.knowledge.firmware import Point, Scheme
from auditor.model import Kind, Reference, Severity

_RECORD = [
    "schema",
    "id",
    "title",
    "makers",
    "brands",
    "kinds",
    "product",
    "effect",
    "severity",
    "reach",
    "cvss",
    "weakness",
    "published",
    "published_approximate",
    "known_exploited",
    "exploitation",
    "exploitation_source",
    "scheme",
    "confidence",
    "remedy",
    "advice",
    "condition",
    "suspect",
    "rows",
    "vendor_advisory",
    "references",
    "examples",
    "source",
]
_ROW = [
    "models",
    "patterns",
    "exact",
    "from",
    "to",
    "before",
    "fixed",
    "below",
    "after",
    "series",
    "all",
    "unstated",
]


def _point(node: Node | None) -> Point | None:
    if node is None:
        return None
    node.known(("version", "build"))
    point = Point(node.text("version") if node.has("version") else None, node.day("build"))
    if point == Point():
        raise node.fail("an end needs a version, a build, or both")
    return point


def _pattern(node: Node, text: str) -> re.Pattern[str]:
    try:
        return re.compile(text, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        # a count, or a depth, that no pattern can have
        raise node.fail(f"pattern {text[:200]!r}: {error}") from error


def _row(node: Node) -> Row:
    node.known(_ROW)
    if node.has("to") and node.has("before"):
        raise node.fail("`to` (still affected) and `before` (no longer affected) exclude each other")
    patterns = tuple(_pattern(node, text) for text in node.texts("patterns"))
    if any(not pattern.pattern.startswith("^") for pattern in patterns):
        raise node.fail("every pattern starts with ^")
    points = tuple(_point(item) for item in node.nodes("exact"))
    row = Row(
        models=node.texts("models"),
        patterns=patterns,
        exact=tuple(point for point in points if point is not None),
        lower=_point(node.node("from")),
        upper=_point(node.node("to")) or _point(node.node("before")),
        closed=node.has("to"),
        fixed=_point(node.node("fixed")),
        below_is_safe=node.one_of("below", ("safe", "outside"), "outside") == "safe",
        after_is_safe=node.one_of("after", ("safe", "unknown"), "safe") == "safe",
        series=node.flag("series"),
        every=node.flag("all"),
        unstated=node.flag("unstated"),
    )
    if not (row.exact or row.upper or row.every or row.unstated):
        raise node.fail("says nothing: give `exact`, `to`, `before`, `all: true` or `unstated: true`")
    return row


def _example(node: Node) -> Example:
    built = node.values.get("build_date")
    return Example(
        why=node.text("why"),
        maker=node.text("maker"),
        brand=node.text("brand"),
        kind=node.text("kind") if node.has("kind") else None,
        model=node.text("model") if node.has("model") else None,
        firmware=node.text("firmware") if node.has("firmware") else None,
        build_date=str(built) if built is not None else None,
        expect=node.one_of("expect", EXPECTATIONS),
    )


def _suspect(node: Node | None) -> Suspect | None:
    if node is None:
        return None
    before = node.day("built_before")
    if before is None:
        raise node.fail("built_before is missing")
    return Suspect(frozenset(node.texts("kinds")), before, node.text("why"))


def _reference(url: str) -> Reference:
    return Reference(
        url.rsplit("//", maxsplit=1)[-1].split("/", maxsplit=1)[0] if "//" in url else url,
        url if "//" in url else "",
    )


def load(path: Path) -> Advisory:
    """Read one record; raises DataError that names file, place and what is wrong."""
    node = read(path)
    node.known(_RECORD)
    if node.text("id") != path.stem:
        raise node.fail(f"id is {node.text('id')!r}, the file is called {path.stem!r}")
    kinds = node.texts("kinds")
    unknown = set(kinds) - {kind.value for kind in Kind}
    if unknown or not kinds:
        raise node.fail(f"kinds holds {sorted(unknown) or 'nothing'}; use the kinds of the vocabulary")
    exploited, source, cvss = node.node("known_exploited"), node.node("source"), node.node("cvss")
    compiled = source.day("compiled") if source else None
    if compiled is None:
        raise node.fail("source.compiled, the day the record was made, is missing")
    record = Advisory(
        id=node.text("id"),
        title=node.text("title"),
        makers=frozenset(node.texts("makers")),
        brands=frozenset(node.texts("brands")),
        kinds=frozenset(kinds),
        is_software=node.one_of("product", ("device", "software")) == "software",
        effect=node.text("effect"),
        severity=Severity(node.one_of("severity", [one.value for one in Severity])),
        reach=node.one_of("reach", REACHES),
        scheme=Scheme(node.one_of("scheme", [one.value for one in Scheme])),
        confidence=node.one_of("confidence", ("high", "medium", "low")),
        remedy=node.one_of("remedy", REMEDIES),
        rows=tuple(_row(item) for item in node.nodes("rows")),
        examples=tuple(_example(item) for item in node.nodes("examples")),
        references=tuple(_reference(url) for url in node.texts("references")),
        compiled=compiled,
        score=cvss.number("score") if cvss else None,
        published=node.day("published"),
        published_approximate=node.flag("published_approximate"),
        known_exploited=exploited.day("listed") if exploited else None,
        exploitation=node.one_of("exploitation", EXPLOITATIONS, "none"),
        advice=node.text("advice", ""),
        condition=node.text("condition", ""),
        suspect=_suspect(node.node("suspect")),
        vendor_advisory=node.text("vendor_advisory", ""),
        weakness=node.text("weakness", ""),
        exploited_checked=source.day("kev_checked") if source else None,
    )
    return _complete(node, record)


def _complete(node: Node, record: Advisory) -> Advisory:
    if not record.rows or not record.makers or not record.references:
        raise node.fail("a record needs rows, makers and references")
    expected = {example.expect for example in record.examples}
    if not expected & {"affected", "possibly affected", "not assessed"} or "nothing" not in expected:
        raise node.fail("examples must show a device that is hit and one that is not")
    return record


def load_all(folder: Path) -> tuple[Advisory, ...]:
    """Read every record of a folder, in the order of their numbers."""
    records = [load(path) for path in sorted(folder.glob("*.yaml"))]
    if not records:
        raise DataError(f"{folder}: no advisory records found; is the installation complete?")
    return tuple(records)

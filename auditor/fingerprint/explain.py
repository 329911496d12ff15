"""What the rules say of one text, field by field: the help for people who write rules."""

from collections.abc import Iterator

from auditor.fingerprint.engine import Finding, hits
from auditor.fingerprint.rule import RuleBook
from auditor.model import Endpoint, Exchange, Observation, Protocol, Status


def explain(book: RuleBook, text: str, field: str = "") -> Iterator[Finding]:
    """Give the rules that read a text, in one field or in every field that rules look at."""
    names = (field,) if field else tuple(_fields(book))
    told: set[str] = set()
    for name in names:
        for finding in hits(book, (Observation(name, text, _exchange()),)):
            if finding.rule.id not in told:
                told.add(finding.rule.id)
                yield finding


def _fields(book: RuleBook) -> Iterator[str]:
    yield from book.exact
    yield from dict.fromkeys(f"{prefix}example" for prefix, _ in book.prefixed)


def _exchange() -> Exchange:
    return Exchange(
        device="text",
        probe="text",
        protocol=Protocol.OBSERVED,
        endpoint=Endpoint("192.0.2.1", 0),
        request=b"",
        reply=b"",
        status=Status.ANSWERED,
        source="text",
    )

"""Legal instruments, and what they mean for a device whose maker is known."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from auditor import saved_text
from auditor.knowledge.document import DataError, Node, read
from auditor.knowledge.firmware import Order, Span, span
from auditor.model import Reference, Severity

NATURES = (
    "law",
    "policy",
    "warning",
    "recommendation",
    "commitment",
    "export control",
    "proposal",
    "reported",
    "own rule",
)
EFFECTS = ("restricted", "conditional", "warning", "informational")
_KEYS = (
    "schema",
    "id",
    "title",
    "jurisdiction",
    "instrument",
    "clause",
    "nature",
    "enacted",
    "in_force",
    "makers",
    "brands",
    "kinds",
    "models",
    "purposes",
    "trigger",
    "entities",
    "affiliates",
    "scope",
    "effect",
    "severity",
    "confidence",
    "not_checked",
    "note",
    "references",
    "source",
)


@dataclass(frozen=True, slots=True)
class Trigger:
    """A fact about the device that an instrument speaks of."""

    claim: str
    value: str
    why: str


@dataclass(frozen=True, slots=True, eq=False)
class Restriction:
    """One instrument: whom it binds, since when, and which makers it concerns."""

    id: str
    title: str
    jurisdiction: str
    instrument: str
    clause: str
    nature: str
    makers: tuple[tuple[str, str], ...]
    """(maker, effect) pairs; effects are restricted, conditional, warning, informational."""
    scope: str
    effect: str
    severity: Severity
    confidence: str
    references: tuple[Reference, ...]
    compiled: date | None = None
    starts: Span | None = None
    ends: date | None = None
    brands: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    trigger: Trigger | None = None
    entities: tuple[str, ...] = field(default=())
    affiliates: str = "as named"
    not_checked: str = ""
    note: str = ""

    def on(self, maker: str) -> str | None:
        """Return the effect on a maker's equipment, None when the instrument does not concern it."""
        return dict(self.makers).get(maker)

    def begun(self, day: date) -> Order:
        """Say whether it had begun on a day: AFTER when in force, BEFORE when not yet, UNCLEAR in its first month."""
        if self.starts is None or self.starts.last <= day:
            return Order.AFTER
        return Order.BEFORE if day < self.starts.first else Order.UNCLEAR

    @property
    def since(self) -> str:
        """The first day in force, or the month where the day is not known."""
        if self.starts is None:
            return ""
        known = self.starts.first == self.starts.last
        return self.starts.first.isoformat() if known else self.starts.first.isoformat()[:7]

    def ended(self, day: date) -> bool:
        """Tell whether it had ceased before that day."""
        return self.ends is not None and self.ends < day


def from_node(node: Node) -> Restriction:
    """Read one instrument; the file forms of shipped ones and of an owner's own rules are the same."""
    node.known(_KEYS)
    makers = node.table("makers")
    for maker, effect in makers:
        if effect not in EFFECTS:
            raise node.fail(f"makers.{maker} is {effect!r}; it must be one of {', '.join(EFFECTS)}")
    force, source = node.node("in_force"), node.node("source")
    since = force.values.get("from") if force else None
    starts = span(str(since)) if isinstance(since, str | date) else None
    if force and since is not None and starts is None:
        raise force.fail(f"from is {saved_text.shown(since)}; write 2026-11-22 or 2026-11")
    return Restriction(
        id=node.text("id"),
        title=node.text("title"),
        jurisdiction=node.text("jurisdiction"),
        instrument=node.text("instrument"),
        clause=node.text("clause", ""),
        nature=node.one_of("nature", NATURES),
        makers=makers,
        scope=node.text("scope", ""),
        effect=node.text("effect"),
        severity=Severity(node.one_of("severity", [one.value for one in Severity])),
        confidence=node.one_of("confidence", ("high", "medium", "low"), "high"),
        references=tuple(Reference(_host(url), url) for url in node.texts("references")),
        compiled=source.day("compiled") if source else None,
        starts=starts,
        ends=force.day("until") if force else None,
        brands=node.texts("brands"),
        kinds=node.texts("kinds"),
        models=tuple(text.upper() for text in node.texts("models")),
        purposes=node.texts("purposes"),
        trigger=_trigger(node.node("trigger")),
        entities=node.texts("entities"),
        affiliates=node.text("affiliates", "as named"),
        not_checked=node.text("not_checked", ""),
        note=node.text("note", ""),
    )


def _host(url: str) -> str:
    return url.partition("//")[2].partition("/")[0] or url


def _trigger(node: Node | None) -> Trigger | None:
    return None if node is None else Trigger(node.text("claim"), node.text("value"), node.text("why"))


def load_all(folder: Path) -> tuple[Restriction, ...]:
    """Read every instrument of a folder."""
    found: list[Restriction] = []
    for path in sorted(folder.glob("*.yaml")):
        node = read(path)
        one = from_node(node)
        if one.id != path.stem:
            raise node.fail(f"id is {one.id!r}, the file is called {path.stem!r}")
        if not one.references:
            raise node.fail("references are missing: where is it written?")
        found.append(one)
    if not found:
        raise DataError(f"{folder}: no restrictions found; is the installation complete?")
    return tuple(found)

"""How old firmware and hardware are, and which ages matter: thresholds from data."""

from dataclasses import dataclass
from pathlib import Path

from auditor.knowledge.document import Node, read
from auditor.model import Severity


@dataclass(frozen=True, slots=True)
class Threshold:
    """An age from which something is to be said."""

    older_than: int
    """Days."""
    severity: Severity
    title: str
    why: str


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """Thresholds, the oldest first, and what to do."""

    firmware: tuple[Threshold, ...]
    hardware: tuple[Threshold, ...]
    firmware_remedy: str
    hardware_remedy: str


def _threshold(node: Node) -> Threshold:
    node.known(("older_than", "severity", "title", "why"))
    days = node.number("older_than")
    if days is None or days <= 0:
        raise node.fail("older_than must be a number of days")
    return Threshold(int(days), Severity(node.text("severity")), node.text("title"), node.text("why"))


def load(path: Path) -> Lifecycle:
    """Read the thresholds."""
    node = read(path)
    node.known(("schema", "firmware", "hardware", "remedy"))
    remedy = node.node("remedy")
    if remedy is None:
        raise node.fail("remedy is missing")

    def sorted_by_age(key: str) -> tuple[Threshold, ...]:
        return tuple(sorted(map(_threshold, node.nodes(key)), key=lambda one: -one.older_than))

    return Lifecycle(
        sorted_by_age("firmware"), sorted_by_age("hardware"), remedy.text("firmware"), remedy.text("hardware")
    )

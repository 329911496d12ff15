"""When somebody must act: a decision tree read from data, in the spirit of SSVC, not a sum of scores."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from auditor.knowledge.document import DataError, Node, read
from auditor.model import FindingKind, Priority, Severity, Verdict

_AXES = ("kind", "verdict", "exploitation", "reachable", "restricted", "severity")
_WORDS = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class Case:
    """One question to the tree."""

    kind: FindingKind
    verdict: Verdict
    severity: Severity
    exploitation: str = "none"
    """known: it is used by attackers; public: a way to use it is public; none: neither is known."""
    reachable: bool = True
    """The device answered on the network, and the fault can be used from there."""
    restricted: bool = False
    """The device must be replaced anyway, by an instrument the owner chose."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One branch of the tree: what it asks for (an empty set asks for nothing), what it decides, and why."""

    kind: frozenset[str]
    verdict: frozenset[str]
    exploitation: frozenset[str]
    reachable: frozenset[bool]
    restricted: frozenset[bool]
    severity: frozenset[str]
    priority: Priority
    because: str

    def holds(self, case: Case) -> bool:
        """Tell whether the branch is for this case."""
        return (
            (not self.kind or case.kind in self.kind)
            and (not self.verdict or case.verdict in self.verdict)
            and (not self.exploitation or case.exploitation in self.exploitation)
            and (not self.reachable or case.reachable in self.reachable)
            and (not self.restricted or case.restricted in self.restricted)
            and (not self.severity or case.severity in self.severity)
        )


@dataclass(frozen=True, eq=False)
class Tree:
    """Branches in order; the first that holds decides."""

    branches: tuple[Branch, ...]

    @cached_property
    def _decided(self) -> dict[Case, Branch]:
        return {}

    def decide(self, case: Case) -> Branch:
        """Return the branch for a case; the shipped tree has one for every case, and a test checks it."""
        known = self._decided.get(case)
        if known is not None:
            return known
        for branch in self.branches:
            if branch.holds(case):
                self._decided[case] = branch
                return branch
        raise DataError(f"priorities.yaml: no branch for {case}; add one")


def _texts(node: Node, axis: str, allowed: tuple[str, ...]) -> frozenset[str]:
    values = node.texts(axis)
    for value in values:
        if value not in allowed:
            raise node.fail(f"{axis} holds {value!r}; it must be one of {', '.join(allowed)}")
    return frozenset(values)


def _branch(node: Node) -> Branch:
    node.known((*_AXES, "priority", "because"))
    yes_no = tuple(_WORDS)
    return Branch(
        kind=_texts(node, "kind", tuple(FindingKind)),
        verdict=_texts(node, "verdict", tuple(Verdict)),
        exploitation=_texts(node, "exploitation", ("known", "public", "none")),
        reachable=frozenset(_WORDS[text] for text in _texts(node, "reachable", yes_no)),
        restricted=frozenset(_WORDS[text] for text in _texts(node, "restricted", yes_no)),
        severity=_texts(node, "severity", tuple(Severity)),
        priority=Priority(node.one_of("priority", list(Priority))),
        because=node.text("because"),
    )


def load(path: Path) -> Tree:
    """Read the tree."""
    node = read(path)
    node.known(("schema", "branches"))
    return Tree(tuple(_branch(item) for item in node.nodes("branches")))

"""Which instruments the owner of an audit chose, and his own rules: policy.toml."""

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from auditor.knowledge.acceptance import Accept, accept_from
from auditor.knowledge.document import DataError, Node, read
from auditor.knowledge.restriction import Restriction, from_node

_KEYS = (
    "schema_version",
    "name",
    "title",
    "version",
    "extends",
    "restrictions",
    "purposes",
    "rule",
    "accept",
)


@dataclass(frozen=True, slots=True)
class Policy:
    """The instruments that count for one audit, and what the equipment is used for."""

    name: str
    title: str
    version: str
    restrictions: tuple[Restriction, ...] = ()
    purposes: tuple[str, ...] = ()
    accepts: tuple[Accept, ...] = ()
    """What the owner accepts for a time."""


def from_file(
    path: Path, known: Mapping[str, Restriction], folder: Path, findings: Collection[str] = ()
) -> Policy:
    """Read a policy file. `known` are the shipped instruments by id, `folder` holds the shipped policies.

    `findings` are the ids that findings can have besides those of instruments: only these can be accepted.
    """
    node = read(path)
    policy = _policy(node, known, folder, ())
    ids = {*findings, *known, *(one.id for one in policy.restrictions)}
    return replace(policy, accepts=tuple(accept_from(one, ids) for one in node.nodes("accept")))


def by_name(name: str, known: Mapping[str, Restriction], folder: Path) -> Policy:
    """Return a shipped policy by its name."""
    path = folder / f"{name}.toml"
    names = sorted(item.stem for item in folder.glob("*.toml"))
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise DataError(
            f"policy {name!r}: no such policy; {hint}shipped are {', '.join(names)}, or give a file"
        )
    return from_file(path, known, folder)


def _policy(node: Node, known: Mapping[str, Restriction], folder: Path, above: tuple[str, ...]) -> Policy:
    node.known(_KEYS)
    name = node.text("name")
    if node.number("schema_version") != 1:
        raise node.fail("schema_version must be 1")
    if name in above:
        raise node.fail(f"extends itself by way of {' > '.join(above)}")
    bases = tuple(_base(node, base, known, folder, (*above, name)) for base in node.texts("extends"))
    chosen = [one for base in bases for one in base.restrictions]
    chosen += [_known(node, wanted, known) for wanted in node.texts("restrictions")]
    chosen += [_own(rule) for rule in node.nodes("rule")]
    purposes = [one for base in bases for one in base.purposes] + list(node.texts("purposes"))
    _purposes(node, purposes, chosen)
    unique = {one.id: one for one in chosen}
    return Policy(
        name=name,
        title=node.text("title", name),
        version=node.text("version", ""),
        restrictions=tuple(unique.values()),
        purposes=tuple(dict.fromkeys(purposes)),
    )


def _base(
    node: Node, base: str, known: Mapping[str, Restriction], folder: Path, above: tuple[str, ...]
) -> Policy:
    shipped = {item.stem: item for item in folder.glob("*.toml")}
    if base not in shipped:
        raise node.fail(f"extends {base!r}, which is not shipped; shipped are {', '.join(sorted(shipped))}")
    return _policy(read(shipped[base]), known, folder, above)


def _known(node: Node, wanted: str, known: Mapping[str, Restriction]) -> Restriction:
    if wanted in known:
        return known[wanted]
    near = difflib.get_close_matches(wanted, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(known))}"
    raise node.fail(f"restrictions: no instrument {wanted!r}; {hint}")


def _own(rule: Node) -> Restriction:
    values = {"nature": "own rule", "severity": "high", "jurisdiction": "own", **rule.values}
    return from_node(Node(rule.file, rule.place, values))


def _purposes(node: Node, purposes: list[str], chosen: list[Restriction]) -> None:
    allowed = {purpose for one in chosen for purpose in one.purposes}
    for purpose in purposes:
        if purpose not in allowed:
            known = "; ".join(sorted(allowed)) or "none: no chosen instrument has a purpose"
            raise node.fail(f"purposes: {purpose!r} is in no chosen instrument; known are {known}")

"""How work is done: titles, steps and effort of work orders, read from data."""

from dataclasses import dataclass
from pathlib import Path

from auditor.knowledge.document import Node, read

EFFORTS = ("minutes", "hours", "days", "project")


@dataclass(frozen=True, slots=True)
class Instruction:
    """What one kind of work order says."""

    action: str
    title: str
    effort: str
    steps: tuple[str, ...]
    makers: tuple[tuple[str, tuple[str, ...]], ...] = ()
    accounts: tuple[tuple[str, str], ...] = ()
    """(how an account fared, the step that comes first then) pairs; see `Account.kind`."""

    def steps_for(self, maker: str | None) -> tuple[str, ...]:
        """Return the steps, the maker's own hints at the end."""
        return (*self.steps, *dict(self.makers).get(maker or "", ()))


def _instruction(action: str, node: Node) -> Instruction:
    node.known(("title", "effort", "steps", "makers", "accounts"))
    makers, accounts = node.node("makers"), node.node("accounts")
    return Instruction(
        action=action,
        title=node.text("title"),
        effort=node.one_of("effort", EFFORTS),
        steps=node.texts("steps"),
        makers=tuple((maker, makers.texts(maker)) for maker in makers.values) if makers else (),
        accounts=tuple((kind, accounts.text(kind)) for kind in accounts.values) if accounts else (),
    )


def load(path: Path) -> tuple[Instruction, ...]:
    """Read the instructions."""
    node = read(path)
    below = ((action, node.node(action)) for action in node.values if action != "schema")
    return tuple(_instruction(action, one) for action, one in below if one is not None)

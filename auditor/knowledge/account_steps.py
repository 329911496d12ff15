"""What to do where a fact is missing, by how the owner's account fared: never the same advice to whom it failed already."""

from collections import defaultdict
from collections.abc import Iterable

from auditor.knowledge.remediation import Instruction
from auditor.model import Device

NONE = "none"
"""No account was tried there."""
_SAME = {"already-locked": "locked", "open": "taken"}
_MOST = 8


def account_steps(instruction: Instruction, devices: Iterable[Device]) -> tuple[str, ...]:
    """Return the first steps of an order: one for each way in which accounts fared, with the devices it is about."""
    words = dict(instruction.accounts)
    where: dict[str, list[str]] = defaultdict(list)
    for device in devices if words else ():
        kinds = dict.fromkeys(_kind(one.kind, words) for one in device.accounts) or (NONE,)
        for kind in kinds:
            where[kind].append(device.address)
    return tuple(words[kind].replace("{where}", _named(where[kind])) for kind in words if kind in where)


def _kind(kind: str, words: dict[str, str]) -> str:
    known = _SAME.get(kind, kind)
    return known if known in words else "unclear"


def _named(addresses: list[str]) -> str:
    rest = f" and {len(addresses) - _MOST} more" if len(addresses) > _MOST else ""
    return ", ".join(addresses[:_MOST]) + rest

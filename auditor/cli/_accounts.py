"""How the owner's accounts fared, as a run says it: lines for a terminal, and a summary for programs."""

from collections import Counter
from collections.abc import Iterable, Iterator

from auditor.cli._forms import account
from auditor.cli._presence import named
from auditor.cli._words import shown
from auditor.model import Account, Device, Outcome, Reason

_MOST = 12
"""Devices named at the end of a scan."""
_LAST = frozenset({Reason.NO_INTERFACE, Reason.NO_AGENT, Reason.OPEN})
"""What is said of many devices that simply have no such login."""


def summary(devices: Iterable[Device]) -> dict[str, object]:
    """Give how all accounts fared, and those of them that were not taken or not to the end."""
    pairs = _pairs(devices)
    counts = Counter(one.outcome.value for _, one in pairs)
    return {
        "by_outcome": dict(sorted(counts.items())),
        "not_whole": [{"device": device.key, **account(one)} for device, one in pairs if not one.is_whole],
    }


def lines(devices: Iterable[Device]) -> Iterator[str]:
    """Yield what the end of a scan says: counts, then the devices where settings were not read, or not all."""
    pairs = _pairs(devices)
    if not pairs:
        return
    counts = Counter(one.outcome for _, one in pairs)
    told = ", ".join(f"{counts[outcome]} {_name(outcome)}" for outcome in Outcome if counts[outcome])
    yield f"accounts, by device and entry: {told}"
    left = sorted(
        ((device, one) for device, one in pairs if not one.is_whole),
        key=lambda pair: (pair[1].reason in _LAST, pair[1].outcome, pair[0].key),
    )
    for device, one in left[:_MOST]:
        yield f"account at {named(device)}: {shown(one.words)}"
    if len(left) > _MOST:
        yield f"and at {len(left) - _MOST} more; `auditor show DEVICE` and the report say it of each device"
    if any(not one.outcome.is_taken and one.reason != Reason.OPEN for _, one in left):
        yield "settings not read are not known: that is no word about whether anything is wrong with them"


def _name(outcome: Outcome) -> str:
    names = {
        Outcome.UNTRIED: "not asked for",
        Outcome.NOT_OFFERED: "withheld for the form of login",
        Outcome.UNCLEAR: "without a clear answer",
    }
    return names.get(outcome, outcome.value)


def _pairs(devices: Iterable[Device]) -> list[tuple[Device, Account]]:
    return [(device, one) for device in devices for one in device.accounts]

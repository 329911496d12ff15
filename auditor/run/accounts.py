"""How the owner's accounts fared, device by device: read from the logs of runs, the one place that everybody asks."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from auditor.model import Account, Device, Outcome, Reason
from auditor.run.tries import EVENT, TRYING, Try, try_of
from auditor.store import Event, Store

_CUT_SHORT = "the run ended while it was being tried; it counts as tried"
_RANK = (
    Outcome.ACCEPTED,
    Outcome.BROKEN_OFF,
    Outcome.LOCKED,
    Outcome.REFUSED,
    Outcome.UNCLEAR,
    Outcome.NOT_OFFERED,
    Outcome.WITHHELD,
    Outcome.UNTRIED,
)
"""The most telling first."""


def accounts(store: Store, run: str) -> Mapping[str, tuple[Account, ...]]:
    """Return, by subject (`site/address`), how each entry fared in a run, the most telling first."""
    told: dict[str, dict[tuple[str, str, str], Account]] = defaultdict(dict)
    for event in store.events(run, EVENT):
        if (one := try_of(event.subject, event.text)) is not None:
            told[event.subject][one.entry, one.protocol, one.endpoint] = _account(one, run, event)
    return {subject: _telling(found.values()) for subject, found in told.items()}


def with_accounts(store: Store, devices: Iterable[Device], runs: tuple[str, ...]) -> Iterator[Device]:
    """Yield devices with how the accounts fared at them in these runs, oldest first: as last tried and as last taken."""
    known: dict[str, tuple[Account, ...]] = {}
    for name in runs:
        for subject, found in accounts(store, name).items():
            for key in store.keys_of(name, (subject,)):
                known[key] = _newer(known.get(key, ()), found)
    for device in devices:
        held = tuple(one for one in known.get(device.key, ()) if _is_at(one, device))
        yield replace(device, accounts=held) if held else device


def _newer(before: tuple[Account, ...], now: tuple[Account, ...]) -> tuple[Account, ...]:
    """Return the newer run's accounts; where it took none, what an earlier run read still stands behind them."""
    if any(one.outcome.is_taken for one in now):
        return now
    return (*now, *(one for one in before if one.outcome.is_taken))


def _is_at(account: Account, device: Device) -> bool:
    """Tell whether an account was tried at this device, where several are behind one address."""
    if not device.behind or not account.endpoint:
        return True
    port, _, transport = account.endpoint.rpartition(":")[2].partition("/")
    return any(
        str(number) == port and (transport == "udp") is (kind == "udp") for kind, number in device.ports
    )


def _account(one: Try, run: str, event: Event) -> Account:
    outcome, reason = _outcome(one)
    return Account(
        one.subject,
        one.entry,
        outcome,
        reason,
        one.protocol,
        one.endpoint,
        one.answered,
        one.calls,
        one.barred,
        run,
        event.at,
    )


def _outcome(one: Try) -> tuple[Outcome, str]:
    if one.outcome == TRYING:
        return Outcome.UNCLEAR, _CUT_SHORT
    try:
        return Outcome(one.outcome), one.reason
    except ValueError:
        return Outcome.UNCLEAR, f"another version of this program wrote {one.outcome!r}"


def _telling(found: Iterable[Account]) -> tuple[Account, ...]:
    """Leave out, entry by entry, what only says that an endpoint was not the right one."""
    by_entry: dict[str, list[Account]] = defaultdict(list)
    for one in sorted(found, key=_rank):
        by_entry[one.entry].append(one)
    kept = (one for tries in by_entry.values() for one in _of_entry(tries))
    return tuple(sorted(kept, key=_rank))


def _of_entry(tries: list[Account]) -> Iterator[Account]:
    """Yield the best of an entry, and what another form of login came to."""
    yield tries[0]
    forms = {tries[0].protocol}
    for one in tries[1:]:
        if one.protocol not in forms and _is_news(one):
            forms.add(one.protocol)
            yield one


def _is_news(one: Account) -> bool:
    is_said = one.outcome not in {Outcome.UNTRIED, Outcome.WITHHELD}
    return bool(one.protocol) and (is_said or one.reason == Reason.OPEN)


def _rank(one: Account) -> tuple[int, bool, str, str]:
    is_open = one.reason == Reason.OPEN
    return (0 if is_open else _RANK.index(one.outcome)), one.answered is None, one.protocol, one.endpoint

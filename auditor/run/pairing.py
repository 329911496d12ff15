"""Which device of a later picture is which of an earlier one: by key, else by the marks it tells of itself."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from auditor.model import Certainty, Device, State

_SHORTEST_SERIAL = 6
_NO_MAC = frozenset({"000000000000", "ffffffffffff"})
_SHARED = frozenset({"kind", "clock", "cloud_link", "activated"})
"""Claims that many devices have alike, so that sharing them says nothing."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A device before and after; None where it is in one of the pictures only."""

    before: Device | None
    after: Device | None


def pairs(
    before: Iterable[Device], after: Iterable[Device], *, same_store: bool, same_rules: bool = True
) -> tuple[Pair, ...]:
    """Pair devices, each at most once, those without a counterpart with None.

    Within one database the key says who is who, unless the device contradicts itself by the same rules: then
    something else was filed under its key. Between two, a key is only the address of first sight: there serial
    number and MAC come first, and an address binds only where nothing contradicts and something is shared.
    A device known by its marks at another place, while its former record is not heard, has moved.
    """
    match = _Matching(list(before), list(after))
    if same_store:
        match.by(lambda one: one.key, unless=contradict if same_rules else _never)
    for mark in (serial_of, mac_of):
        match.by(mark, unless=contradict)
    if not same_store:
        match.by(lambda one: f"{one.site} {one.address}", unless=_are_strangers)
    for mark in (serial_of, mac_of):
        match.moved(mark)
    return tuple(match.result())


class _Matching:
    """Pairs found so far, and who is left."""

    def __init__(self, before: list[Device], after: list[Device]) -> None:
        self._before = before
        self._after = after
        self._found: dict[str, Device] = {}
        self._taken: set[str] = set()
        self._dropped: set[str] = set()

    def by(
        self,
        name: Callable[[Device], str],
        *,
        unless: Callable[[Device, Device], bool],
    ) -> None:
        """Pair whoever is left and has this name alone on both sides."""
        former = _alone((one for one in self._before if one.key not in self._found), name)
        later = _alone((one for one in self._after if one.key not in self._taken), name)
        for said, one in former.items():
            other = later.get(said)
            if other is not None and not unless(one, other):
                self._found[one.key] = other
                self._taken.add(other.key)

    def moved(self, name: Callable[[Device], str]) -> None:
        """Pair a device with who bears its mark elsewhere, where its own record is not heard any more."""
        heard = (one for one in self._after if _is_heard(one))
        later = _alone(heard, name)
        former = _alone(self._before, name)
        for said, one in former.items():
            now, other = self._found.get(one.key), later.get(said)
            if now is None or other is None or other.key in self._taken:
                continue
            if not _is_heard(now) and not contradict(one, other):
                self._dropped.add(now.key)
                self._found[one.key] = other
                self._taken.add(other.key)

    def result(self) -> Iterator[Pair]:
        for one in self._before:
            yield Pair(one, self._found.get(one.key))
        for one in self._after:
            if one.key not in self._taken and one.key not in self._dropped:
                yield Pair(None, one)


def _alone(devices: Iterable[Device], name: Callable[[Device], str]) -> dict[str, Device]:
    """Return devices by name; a name that several have tells nobody apart."""
    named = [(said, one) for one in devices if (said := name(one))]
    counts = Counter(said for said, _ in named)
    return {said: one for said, one in named if counts[said] == 1}


def _is_heard(device: Device) -> bool:
    return device.retired is None and device.standing.state is State.HEARD


def serial_of(device: Device) -> str:
    """Return the serial number where it is at least firm and no placeholder, else ""."""
    said = _firm(device, "serial").strip().upper()
    return said if len(said) >= _SHORTEST_SERIAL and len(set(said)) > 2 else ""


def mac_of(device: Device) -> str:
    """Return the MAC address as twelve digits where it is at least firm and given out by a maker, else ""."""
    said = "".join(c for c in _firm(device, "mac").lower() if c in "0123456789abcdef")
    if len(said) != 12 or said in _NO_MAC or int(said[:2], 16) & 0b11:
        return ""
    return said


def _firm(device: Device, name: str) -> str:
    claim = device.identity.claim(name)
    return claim.value if claim and claim.certainty.rank >= Certainty.FIRM.rank else ""


def contradict(one: Device, other: Device) -> bool:
    """Tell whether two devices cannot be the same: another serial number, else another MAC, or another maker."""
    makers = _firm(one, "maker"), _firm(other, "maker")
    if all(makers) and makers[0] != makers[1]:
        return True
    serials = serial_of(one), serial_of(other)
    if all(serials):
        return serials[0] != serials[1]
    macs = mac_of(one), mac_of(other)
    return all(macs) and macs[0] != macs[1]


def _are_strangers(one: Device, other: Device) -> bool:
    """Tell whether two devices of one address are different ones: they contradict, or share nothing of what they say."""
    models = _plain(_firm(one, "model")), _plain(_firm(other, "model"))
    if contradict(one, other) or (all(models) and not _is_part(*models)):
        return True
    mine, theirs = _traits(one), _traits(other)
    return bool(mine) and bool(theirs) and not mine & theirs


def _never(_one: Device, _other: Device) -> bool:
    return False


def _plain(model: str) -> str:
    return "".join(c for c in model.upper() if c.isalnum())


def _is_part(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _traits(device: Device) -> frozenset[tuple[str, str]]:
    claimed = {(c.name, c.value) for c in device.identity.claims if c.name not in _SHARED}
    return frozenset(claimed | {(o.field, o.value) for o in device.observations if len(o.value) > 3})

"""Which device of a later picture is which of an earlier one: by key, else by the marks it tells of itself."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from auditor.fingerprint import marks
from auditor.model import Device, Marks, State


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
    match = _Matching(_marked(before), _marked(after))
    if same_store:
        match.by(lambda one: one.device.key, unless=_contradict if same_rules else _never)
    for mark in (_serial, _mac):
        match.by(mark, unless=_contradict)
    if not same_store:
        match.by(lambda one: f"{one.device.site} {one.device.address}", unless=_are_strangers)
    for mark in (_serial, _mac):
        match.moved(mark)
    return tuple(match.result())


@dataclass(frozen=True, slots=True)
class _Marked:
    """A device with the marks it tells: by the same rule as the store's."""

    device: Device
    marks: Marks

    @property
    def key(self) -> str:
        return self.device.key


def _marked(devices: Iterable[Device]) -> list[_Marked]:
    return [_Marked(one, marks(one.identity, one.observations)) for one in devices]


class _Matching:
    """Pairs found so far, and who is left."""

    def __init__(self, before: list[_Marked], after: list[_Marked]) -> None:
        self._before = before
        self._after = after
        self._found: dict[str, _Marked] = {}
        self._taken: set[str] = set()
        self._dropped: set[str] = set()

    def by(
        self,
        name: Callable[[_Marked], str],
        *,
        unless: Callable[[_Marked, _Marked], bool],
    ) -> None:
        """Pair whoever is left and has this name alone on both sides."""
        former = _alone((one for one in self._before if one.key not in self._found), name)
        later = _alone((one for one in self._after if one.key not in self._taken), name)
        for said, one in former.items():
            other = later.get(said)
            if other is not None and not unless(one, other):
                self._found[one.key] = other
                self._taken.add(other.key)

    def moved(self, name: Callable[[_Marked], str]) -> None:
        """Pair a device with who bears its mark elsewhere, where its own record is not heard any more."""
        heard = (one for one in self._after if _is_heard(one.device))
        later = _alone(heard, name)
        former = _alone(self._before, name)
        for said, one in former.items():
            now, other = self._found.get(one.key), later.get(said)
            if now is None or other is None or other.key in self._taken:
                continue
            if not _is_heard(now.device) and not _contradict(one, other):
                self._dropped.add(now.key)
                self._found[one.key] = other
                self._taken.add(other.key)

    def result(self) -> Iterator[Pair]:
        for one in self._before:
            now = self._found.get(one.key)
            yield Pair(one.device, now.device if now else None)
        for one in self._after:
            if one.key not in self._taken and one.key not in self._dropped:
                yield Pair(None, one.device)


def _alone(devices: Iterable[_Marked], name: Callable[[_Marked], str]) -> dict[str, _Marked]:
    """Return devices by name; a name that several have tells nobody apart."""
    named = [(said, one) for one in devices if (said := name(one))]
    counts = Counter(said for said, _ in named)
    return {said: one for said, one in named if counts[said] == 1}


def _is_heard(device: Device) -> bool:
    return not device.is_retired and device.standing.state is State.HEARD


def _serial(one: _Marked) -> str:
    return one.marks.serial.casefold()


def _mac(one: _Marked) -> str:
    return one.marks.mac


def _contradict(one: _Marked, other: _Marked) -> bool:
    """Tell whether two devices cannot be the same, from audit to audit: an update may rename a model, a repair a MAC."""
    against = replace(one.marks, model="", traits=frozenset()).contradicts(other.marks)
    return against is not None and not (against == "mac" and one.marks.shares(other.marks) == "serial")


def _are_strangers(one: _Marked, other: _Marked) -> bool:
    """Tell whether two devices of one address are different ones: they contradict, or share nothing of what they show."""
    if one.marks.contradicts(other.marks) is not None:
        return True
    return bool(one.marks.traits and other.marks.traits) and one.marks.shares(other.marks) is None


def _never(_one: _Marked, _other: _Marked) -> bool:
    return False

"""Which of the replies of one address come from one device, where a port forward puts several behind it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from auditor.fingerprint.identify import Study, study
from auditor.fingerprint.marks import marks
from auditor.fingerprint.voices import Voice, sure_makers, voice, voices
from auditor.model import Exchange, Identity, Marks, Observation
from auditor.model.marks import same_model, same_serial
from auditor.model.place import place_of

_TELLING = frozenset({"maker", "brand", "model", "base_model", "serial", "mac", "platform"})
"""Claims that two devices rarely share: where none of them is contradicted, all replies are one device's."""
_MARKS = frozenset({"serial", "mac", "endpoint"})
_GENERAL = frozenset({"maker", "brand", "kind", "clock", "activated", "oem", "cloud_link"})
"""Claims that hold for many devices of a maker alike."""


@dataclass(frozen=True, slots=True)
class Part:
    """One device behind an address: what it said, who it is, and what its address ends in."""

    identity: Identity
    observations: tuple[Observation, ...]
    exchanges: frozenset[str]
    """Names of the exchanges that are its own; what nobody answered is with the first part."""
    suffix: str = ""
    """`:PORT`, its lowest TCP port, where several devices are behind the address; `:PORT/2` for the second of two
    that take turns at one port. Empty for an only device, and for the rest of which nobody can say whose it is."""
    ports: frozenset[tuple[str, int]] = frozenset()
    """(transport, port) pairs at which it spoke."""
    suspected: frozenset[str] = frozenset()

    @property
    def marks(self) -> Marks:
        """The marks that this part showed."""
        return marks(self.identity, self.observations)


def parts(
    device: str,
    observations: Iterable[Observation],
    exchanges: Iterable[Exchange] = (),
    *,
    whole: Study | None = None,
) -> tuple[Part, ...]:
    """Return the devices behind an address, by port; one, without a suffix, where its replies agree.

    Replies are apart where two ports name other makers, serial numbers or models, each more than tentatively. What
    single port says of itself stays together, unless makers take turns at it.
    """
    seen, made = tuple(observations), tuple(exchanges)
    whole = whole or study(device, seen)
    names = frozenset(one.id for one in made) | {one.exchange.id for one in seen}
    only = Part(whole.identity, seen, names, suspected=whole.suspected)
    if not any(one.name in _TELLING for one in whole.identity.contradictions):
        return (only,)
    groups, rest = _grouped(device, voices(device, seen, made), sure_makers(whole.identity))
    if len(groups) < 2:
        return (only,)
    return _parts(device, groups, rest)


def _grouped(
    device: str, heard: Sequence[Voice], makers: frozenset[str]
) -> tuple[list[list[Voice]], list[Voice]]:
    """Put voices that can be one device's together; return these groups, and the voices that tell too little."""
    groups: list[list[Voice]] = []
    waiting: list[Voice] = []
    for one in sorted((one for one in heard if one.is_telling), key=_by_what_it_tells):
        if all(_is_apart(one, group) for group in groups):
            groups.append([one])
        elif not _joins(one, groups):
            waiting.append(one)
    rest = [*waiting, *(one for one in heard if not one.is_telling)]
    for maker in sorted(makers - {one.marks.maker for group in groups for one in group}):
        _bring_together(device, maker, groups, rest)
    if len(groups) > 1:
        rest = [one for one in rest if not _joins(one, groups)]
    return groups, rest


def _bring_together(device: str, maker: str, groups: list[list[Voice]], rest: list[Voice]) -> None:
    """Make a group of voices none of which names a maker surely, and which together do."""
    hints = [one for one in rest if maker in one.study.suspected and one.port and not one.marks.maker]
    if not hints:
        return
    together = voice(device, (seen for one in hints for seen in one.observations))
    if together.marks.maker == maker and all(_is_apart(together, group) for group in groups):
        groups.append(hints)
        rest[:] = [one for one in rest if one not in hints]


def _by_what_it_tells(one: Voice) -> tuple[bool, bool, tuple[bool, int, int]]:
    return not one.marks.maker, not (one.marks.model or one.marks.serial), one.place


def _joins(one: Voice, groups: list[list[Voice]]) -> bool:
    """Add a voice to the group it is tied to most, if there is one; tell whether it was added.

    Where it could as well be another group's, it is added only where it says nothing but the maker.
    """
    near = [(_tie(one, group), group) for group in groups if not _is_apart(one, group)]
    most = max((tie for tie, _ in near), default=0)
    best = [group for tie, group in near if tie == most]
    if not most or (len(best) > 1 and any(claim.name not in _GENERAL for claim in one.study.identity.claims)):
        return False
    best[0].append(one)
    return True


def _is_apart(one: Voice, group: list[Voice]) -> bool:
    return any(_contradict(one, other) for other in group)


def _contradict(one: Voice, other: Voice) -> bool:
    """Tell whether two voices cannot be one device's.

    A datagram that names the port of the other as its own is the same device's, whatever it calls its maker: clones
    call themselves by several names.
    """
    if one.marks.maker and other.marks.maker and one.marks.maker != other.marks.maker:
        return not _names(one, other)
    if same_serial(one.marks.serial, other.marks.serial) is False:
        return True
    return not same_model(one.marks.model, other.marks.model) and one.marks.shares(other.marks) not in _MARKS


def _names(one: Voice, other: Voice) -> bool:
    return bool((one.is_udp and other.port in one.named) or (other.is_udp and one.port in other.named))


def _tie(one: Voice, group: list[Voice]) -> int:
    """Weigh what ties a voice to a group: a mark or a named port, the same maker, anything else most devices lack."""
    return max(_bond(one, other) for other in group)


def _bond(one: Voice, other: Voice) -> int:
    shared = one.marks.shares(other.marks)
    if shared in _MARKS or other.port in one.named or one.port in other.named:
        return 100
    if one.maker and one.maker == other.maker:
        return 50
    return len(one.marks.traits & other.marks.traits)


def _parts(device: str, groups: list[list[Voice]], rest: list[Voice]) -> tuple[Part, ...]:
    """Make a device of each group, and one without a suffix of what said something and belongs to nobody."""
    ordered = sorted(groups, key=lambda group: min(one.place for one in group))
    found = [_part(device, group, _suffix(group)) for group in ordered]
    said = [one for one in rest if one.observations]
    if said:
        found.append(_part(device, said, ""))
    unanswered = frozenset[str]().union(*(one.exchanges for one in rest if not one.observations))
    return (replace(found[0], exchanges=found[0].exchanges | unanswered), *found[1:])


def _suffix(group: list[Voice]) -> str:
    first = min(group, key=lambda one: one.place)
    return f":{first.port}" if first.turn == 1 else f":{first.port}/{first.turn}"


def _part(device: str, group: list[Voice], suffix: str) -> Part:
    seen = tuple(seen for one in sorted(group, key=lambda one: one.place) for seen in one.observations)
    found = study(place_of(device, suffix), seen)
    return Part(
        found.identity,
        seen,
        frozenset[str]().union(*(one.exchanges for one in group)),
        suffix,
        frozenset(
            (name, one.port)
            for one in group
            if one.port
            for name in (("udp",) if one.is_udp else ("tcp", "tls"))
        ),
        found.suspected,
    )

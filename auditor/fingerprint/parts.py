"""Which of the replies of one address come from one device, where a port forward puts several behind it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from auditor.fingerprint.identify import Study, study
from auditor.fingerprint.marks import marks, own_realms
from auditor.fingerprint.voices import Voice, voice, voices
from auditor.model import Exchange, Identity, Marks, Observation
from auditor.model.marks import same_model, same_serial
from auditor.model.place import place_of

_TELLING = frozenset({"maker", "brand", "model", "base_model", "serial", "mac", "platform"})
"""Claims that two devices rarely share: where none of them is contradicted, nor a realm of its own told twice, all
replies are one device's."""
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

    Replies are apart where two ports name other makers, serial numbers or models, each more than tentatively, or tell
    other values of what one device tells alike at all its ports (realms of its own, the same field's MAC address). What
    single port says of itself stays together, unless makers take turns at it.
    """
    seen, made = tuple(observations), tuple(exchanges)
    whole = whole or study(device, seen)
    names = frozenset(one.id for one in made) | {one.exchange.id for one in seen}
    only = Part(whole.identity, seen, names, suspected=whole.suspected)
    is_disputed = any(one.name in _TELLING for one in whole.identity.contradictions)
    if not is_disputed and len(own_realms(seen)) < 2:
        return (only,)
    groups, rest = _grouped(device, voices(device, seen, made))
    if len(groups) < 2:
        return (only,)
    return _parts(device, groups, rest)


@dataclass(slots=True)
class _Group:
    """Voices that can be one device's, and the maker they name surely, be it only together."""

    voices: list[Voice]
    maker: str = ""

    @property
    def place(self) -> tuple[bool, int, int]:
        """Sort key: where the first of them speaks."""
        return min(one.place for one in self.voices)


def _grouped(device: str, heard: Sequence[Voice]) -> tuple[list[_Group], list[Voice]]:
    """Put voices that can be one device's together; return these groups, and the voices that tell too little.

    Voices of which none names a maker surely, and which together do, come first: each of them alone could be taken for
    part of another device.
    """
    groups = _choruses(device, heard)
    sung = [id(one) for group in groups for one in group.voices]
    waiting: list[Voice] = []
    for one in sorted((one for one in heard if one.is_telling), key=_by_what_it_tells):
        if id(one) in sung:
            continue
        if all(_is_apart(one, group) for group in groups):
            groups.append(_Group([one], one.marks.maker))
        elif not _joins(one, groups):
            waiting.append(one)
    rest = [*waiting, *(one for one in heard if not one.is_telling and id(one) not in sung)]
    if len(groups) > 1:
        rest = [one for one in rest if not _joins(one, groups)]
    return groups, rest


def _choruses(device: str, heard: Sequence[Voice]) -> list[_Group]:
    """Return the groups of voices that name a maker surely only together, where no single voice names that one."""
    unsure = [one for one in heard if one.port and not one.marks.maker]
    named = {one.marks.maker for one in heard}
    groups: list[_Group] = []
    for maker in sorted({maker for one in unsure for maker in one.study.suspected} - named):
        hints = [one for one in unsure if maker in one.study.suspected]
        # Those that hold it for the maker themselves come first; others may point to several makers.
        for said in ([one for one in hints if one.maker == maker], hints):
            free = [
                one for one in said if all(one is not other for group in groups for other in group.voices)
            ]
            together = _agreeing(free)
            if len(together) > 1 and _maker_of(device, together) == maker:
                groups.append(_Group(together, maker))
                break
    return groups


def _agreeing(said: Iterable[Voice]) -> list[Voice]:
    """Return the voices of which none contradicts an earlier one."""
    kept: list[Voice] = []
    for one in said:
        if not any(_contradict(one, other) for other in kept):
            kept.append(one)
    return kept


def _maker_of(device: str, said: Iterable[Voice]) -> str:
    return voice(device, (seen for one in said for seen in one.observations)).marks.maker


def _by_what_it_tells(one: Voice) -> tuple[bool, bool, tuple[bool, int, int]]:
    return not one.marks.maker, not (one.marks.model or one.marks.serial), one.place


def _joins(one: Voice, groups: list[_Group]) -> bool:
    """Add a voice to the group it is tied to most, if there is one; tell whether it was added.

    Where it could as well be another group's, it is added only where it says nothing but the maker.
    """
    near = [(_tie(one, group), group) for group in groups if not _is_apart(one, group)]
    most = max((tie for tie, _ in near), default=0)
    best = [group for tie, group in near if tie == most]
    if not most or (len(best) > 1 and any(claim.name not in _GENERAL for claim in one.study.identity.claims)):
        return False
    best[0].voices.append(one)
    best[0].maker = best[0].maker or one.marks.maker
    return True


def _is_apart(one: Voice, group: _Group) -> bool:
    if any(_contradict(one, other) for other in group.voices):
        return True
    differs = one.marks.maker and group.maker and one.marks.maker != group.maker
    return bool(differs) and not any(_names(one, other) for other in group.voices)


def _contradict(one: Voice, other: Voice) -> bool:
    """Tell whether two voices cannot be one device's.

    A datagram that names the port of the other as its own is the same device's, whatever it calls its maker: clones
    call themselves by several names.
    """
    if one.marks.maker and other.marks.maker and one.marks.maker != other.marks.maker:
        return not _names(one, other)
    if same_serial(one.marks.serial, other.marks.serial) is False:
        return True
    if one.marks.shares(other.marks) in _MARKS:
        return False
    return (
        not same_model(one.marks.model, other.marks.model)
        or _differ(one.realms, other.realms)
        or _tell_other_macs(one, other)
    )


def _differ(told: frozenset[str], other: frozenset[str]) -> bool:
    return bool(told and other) and told.isdisjoint(other)


def _tell_other_macs(one: Voice, other: Voice) -> bool:
    """Tell whether two streams say different MAC addresses in the same field; a datagram may come by another interface."""
    if one.is_udp or other.is_udp:
        return False
    alike = {name for name, _ in one.macs} & {name for name, _ in other.macs}
    return bool(alike) and all(
        _differ(
            frozenset(mac for field, mac in one.macs if field == name),
            frozenset(mac for field, mac in other.macs if field == name),
        )
        for name in alike
    )


def _names(one: Voice, other: Voice) -> bool:
    return bool((one.is_udp and other.port in one.named) or (other.is_udp and one.port in other.named))


def _tie(one: Voice, group: _Group) -> int:
    """Weigh what ties a voice to a group: a mark or a named port, the same maker, anything else most devices lack."""
    return max(_bond(one, other) for other in group.voices)


def _bond(one: Voice, other: Voice) -> int:
    shared = one.marks.shares(other.marks)
    if shared in _MARKS or other.port in one.named or one.port in other.named:
        return 100
    if one.maker and one.maker == other.maker:
        return 50
    return len(one.marks.traits & other.marks.traits)


def _parts(device: str, groups: list[_Group], rest: list[Voice]) -> tuple[Part, ...]:
    """Make a device of each group, and one without a suffix of what said something and belongs to nobody."""
    ordered = [group.voices for group in sorted(groups, key=lambda group: group.place)]
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

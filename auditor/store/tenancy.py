"""Who lives where: one device stays one device when its address changes, and a new tenant is a new device.

Meetings are taken in the order of their time, whatever order they arrived in, so that the answer is always the same.
A device is known again by its marks; at an address it had before, by anything it shares with what was there.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from auditor.model import WRITTEN, Marks
from auditor.model.place import place_of

_COMMON = 64
"""Devices that may bear one mark before it is taken for a whole series'."""
_BINDING = ("serial", "mac", "endpoint")


@dataclass(frozen=True, slots=True)
class Meeting:
    """Something that answered at one place in one run. `at` is RFC 3339 text, "" where nobody wrote it down."""

    run: str
    started: str
    """When its run began, RFC 3339."""
    site: str
    address: str
    part: str
    at: str
    source: str
    marks: Marks
    subject: str

    @property
    def place(self) -> str:
        """Where it was met: the address, with the port where several devices share it."""
        return place_of(self.address, self.part)

    @property
    def is_written(self) -> bool:
        """Whether somebody wrote of it, and nothing answered."""
        return self.source in WRITTEN

    @property
    def order(self) -> tuple[bool, str, str, str, str]:
        """What meetings are taken in the order of: those with who answered first, whatever was written when."""
        return self.is_written, self.at or self.started, self.started, self.subject, self.part

    @property
    def name(self) -> tuple[str, str, str]:
        """What the database calls it."""
        return self.run, self.subject, self.part


@dataclass(slots=True)
class Places:
    """Where one run met a device, and what it showed there, each counted: a router is met at thousands of addresses."""

    shown: dict[tuple[str, str], Marks] = field(default_factory=dict)
    """By site and place."""
    _marks: Counter[Marks] = field(default_factory=Counter)
    _kinds: Counter[tuple[str, bool]] = field(default_factory=Counter)
    """By site, and whether the address is of IPv6."""

    def put(self, one: Meeting) -> None:
        """Take in a meeting."""
        self.drop(one)
        self.shown[one.site, one.place] = one.marks
        self._marks[one.marks] += 1
        self._kinds[one.site, _is_v6(one.place)] += 1

    def drop(self, one: Meeting) -> None:
        """Forget what was met at the place of a meeting."""
        before = self.shown.pop((one.site, one.place), None)
        if before is not None:
            self._marks[before] -= 1
            self._kinds[one.site, _is_v6(one.place)] -= 1

    def elsewhere(self, one: Meeting) -> tuple[list[Marks], list[tuple[str, bool]]]:
        """Return, each once, what was shown at other places than this meeting's, and of which kind these are."""
        here = self.shown.get((one.site, one.place))
        kind = (one.site, _is_v6(one.place)) if here is not None else None
        marks = [told for told, count in self._marks.items() if count > (told == here)]
        return marks, [each for each, count in self._kinds.items() if count > (each == kind)]


@dataclass(slots=True)
class Tenant:
    """A device as its meetings made it known."""

    key: str
    site: str
    place: str
    marks: Marks
    source: str
    met: dict[str, Places] = field(default_factory=lambda: defaultdict(Places))
    """By run: where it was met, and what it showed there."""
    was_heard: bool = False
    """Whether it ever answered, and was not only written of."""

    def take(self, one: Meeting) -> None:
        """Take in a meeting with this device."""
        self.met[one.run].put(one)
        said = _says_something(one.marks)
        if not (one.is_written and self.was_heard):
            self.site, self.place = one.site, one.place
        self.was_heard = self.was_heard or not one.is_written
        is_hearsay = one.is_written and self.was_heard
        first, then = (self.marks, one.marks) if is_hearsay else (one.marks, self.marks)
        self.source = one.source if said and not is_hearsay else self.source
        self.marks = Marks(
            mac=first.mac or then.mac,
            serial=first.serial or then.serial,
            endpoint=first.endpoint or then.endpoint,
            maker=first.maker or then.maker,
            model=first.model or then.model,
            traits=first.traits or then.traits,
        )

    def is_met_elsewhere(self, one: Meeting) -> bool:
        """Tell whether the same run met it at another place."""
        met = self.met.get(one.run)
        return met is not None and any(where != (one.site, one.place) for where in met.shown)


class Tenancy:
    """All devices of a database, made from their meetings."""

    def __init__(self, meetings: Iterable[Meeting] = ()) -> None:
        self._tenants: dict[str, Tenant] = {}
        self._by_mark: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        """Mark -> keys of who bears it, in the order of their first meeting."""
        self._at: dict[tuple[str, str], str] = {}
        """(site, place) -> key of who was met there last."""
        self._earlier: dict[tuple[str, str], list[str]] = defaultdict(list)
        """(site, place) -> keys of all who were ever met there, in the order of their first meeting."""
        self.assigned: dict[tuple[str, str, str], str] = {}
        for one in sorted(meetings, key=lambda each: each.order):
            self.take(one)

    def __iter__(self) -> Iterator[Tenant]:
        return iter(self._tenants.values())

    def at(self, site: str, place: str) -> str | None:
        """Return the key of who was met last at a place, at its address where nobody was."""
        return self._at.get((site, place))

    def tenant(self, key: str) -> Tenant | None:
        """Return the device of that key."""
        return self._tenants.get(key)

    def take(self, one: Meeting) -> str:
        """Return the key of the device this meeting is with, a new one where it is nobody known."""
        self._take_back(one)
        tenant = self._known(one) or self._occupant(one) or self._new(one)
        tenant.take(one)
        for name in _BINDING:
            if value := getattr(one.marks, name):
                self._by_mark[name, value].setdefault(tenant.key)
        there = self._tenants.get(self._at.get((one.site, one.place), ""))
        if not (one.is_written and there and there.was_heard):
            self._at[one.site, one.place] = tenant.key
        if tenant.key not in self._earlier[one.site, one.place]:
            self._earlier[one.site, one.place].append(tenant.key)
        self.assigned[one.name] = tenant.key
        return tenant.key

    def _take_back(self, one: Meeting) -> None:
        """Forget what this meeting said before: a run knows more of a device when it has asked it to its end."""
        before = self._tenants.get(self.assigned.get(one.name, ""))
        if before is not None:
            before.met[one.run].drop(one)
            if not any(met.shown for met in before.met.values()):
                before.marks = Marks()

    def _known(self, one: Meeting) -> Tenant | None:
        """Return the device that bears one of these marks, where nothing says that it is another.

        At home, that is at the place or site it is known from, it is looked for first.
        """
        for name in _BINDING:
            value = getattr(one.marks, name)
            found = [self._tenants[key] for key in self._bearers(name, value, one)] if value else []
            found.sort(
                key=lambda each: (each.place != one.place or each.site != one.site, each.site != one.site)
            )
            for tenant in found:
                if _binds(name, tenant, one):
                    return tenant
        return None

    def _bearers(self, name: str, value: str, one: Meeting) -> Iterable[str]:
        """Return the keys of who bears a mark; of one that very many bear, of those who were met at this place.

        A number that a maker gave a whole series tells nobody elsewhere apart, and asking each takes time by the square.
        """
        named = self._by_mark.get((name, value), {})
        if len(named) <= _COMMON:
            return named
        places = dict.fromkeys((one.place, one.address))
        return [key for place in places for key in self._earlier[one.site, place] if key in named]

    def _occupant(self, one: Meeting) -> Tenant | None:
        """Return the device at this place, or at this address when it was alone there, where it may still be the one."""
        for place in dict.fromkeys((one.place, one.address)):
            key = self._at.get((one.site, place))
            if key is None:
                continue
            tenant = self._tenants[key]
            if (tenant.site, tenant.place) == (one.site, place) and self._may_stay(tenant, one):
                return tenant
        return self._former(one)

    def _former(self, one: Meeting) -> Tenant | None:
        """Return who was met here earlier and shares something with it: who came after may only answer at another port."""
        for place in dict.fromkeys((one.place, one.address)):
            for key in reversed(self._earlier[one.site, place]):
                tenant = self._tenants[key]
                shares = tenant.marks.shares(one.marks) is not None
                at_home = (tenant.site, tenant.place) == (one.site, place)
                if at_home and shares and self._may_stay(tenant, one):
                    return tenant
        return None

    def _may_stay(self, tenant: Tenant, one: Meeting) -> bool:
        """Tell whether what answers where a device was may be that device: it shares something and contradicts nothing."""
        if tenant.is_met_elsewhere(one):
            return False
        if not _says_something(one.marks) or not _says_something(tenant.marks):
            return True
        if tenant.marks.contradicts(one.marks) is not None:
            return False
        if tenant.marks.shares(one.marks) is not None:
            return True
        # Two sources that asked different things have nothing to compare; one that asked the same finds nothing alike.
        alike = tenant.source == one.source
        return not alike and not _named(tenant.marks) & _named(one.marks)

    def _new(self, one: Meeting) -> Tenant:
        base = f"{one.site}/{one.place}"
        key, count = base, 1
        while key in self._tenants:
            count += 1
            key = f"{base}#{count}" if "#" not in one.place else f"{base}/{count}"
        tenant = Tenant(key, one.site, one.place, one.marks, one.source)
        self._tenants[key] = tenant
        return tenant


def _binds_within_a_run(name: str, tenant: Tenant, one: Meeting) -> bool:
    others, kinds = tenant.met[one.run].elsewhere(one)
    if any(site != one.site for site, _ in kinds):
        return False
    # One device has an address of each family, and may have a network card for each.
    families = any(is_v6 != _is_v6(one.place) for _, is_v6 in kinds)
    harmless = {None, "mac"} if name == "serial" and families else {None}
    if any(told.contradicts(one.marks) not in harmless for told in others):
        return False
    return families if name == "endpoint" else True


def _is_v6(place: str) -> bool:
    return place.count(":") > 1


def _says_something(marks: Marks) -> bool:
    return bool(marks.mac or marks.serial or marks.endpoint or marks.maker or marks.model or marks.traits)


def _named(marks: Marks) -> frozenset[str]:
    """Return what kinds of traits there are to compare."""
    return frozenset(one.partition("=")[0] for one in marks.traits)


def _binds(name: str, tenant: Tenant, one: Meeting) -> bool:
    """Tell whether a shared mark makes a meeting one with a known device.

    Within one run a mark told at several places binds them only where nothing contradicts: makers build whole series
    with one number, and a firmware may hand out one endpoint. From run to run a device may be renamed by an update.
    """
    against = tenant.marks.contradicts(one.marks)
    if tenant.is_met_elsewhere(one):
        return _binds_within_a_run(name, tenant, one)
    if against is None:
        return True
    at_home = (tenant.site, tenant.place) == (one.site, one.place)
    renamed = against == "model" and at_home
    return (name == "serial" and (renamed or against == "mac")) or (name == "mac" and renamed)

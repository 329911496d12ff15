"""The scope: who allowed what, where, when and how fast. The only maker of Grants."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from enum import StrEnum

from auditor.model import Grant, Method, Pace
from auditor.model.marks import plain_mac
from auditor.scope.addresses import NEVER, AddressSet, address_number, address_text, interval
from auditor.scope.windows import Window, closes, opens

SWEEP_LIMIT_V6 = 1 << 16
"""An IPv6 range larger than this cannot be walked address by address; what discovery finds in it may be asked."""

PASSIVE_METHODS = frozenset({Method.CREDENTIALS, Method.SNMP, Method.NMAP})
"""Methods a scope grants only by naming them."""

DEFAULT_METHODS = frozenset(Method) - PASSIVE_METHODS


class Why(StrEnum):
    """Why an address is refused. The set is closed, so that coverage can count it."""

    OUTSIDE = "outside the scope"
    NOT_A_TARGET = "not among the targets"
    """Granted, but left out of this run on the command line."""
    EXCLUDED = "excluded"
    AMBIGUOUS = "at several sites"
    EXPIRED = "authorisation expired"
    NOT_YET = "authorisation not yet valid"
    WINDOW = "outside the time window"
    MALFORMED = "not an address"


@dataclass(frozen=True, slots=True)
class Refusal:
    """We may not touch this address, and why."""

    address: str
    why: Why
    reason: str


class OutsideScopeError(ValueError):
    """Somebody asked for more than the scope grants. Commands end with exit code 3."""


@dataclass(frozen=True, slots=True)
class Authorisation:
    """The paper behind the audit."""

    reference: str
    issued_by: str
    contact: str
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class Site:
    """One place with its networks; the same private range may exist at two sites and is kept apart."""

    name: str
    networks: AddressSet
    interfaces: tuple[str, ...] = ()
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Something never to be touched: addresses or a MAC address, why, and until when."""

    reason: str
    addresses: AddressSet = field(default_factory=AddressSet)
    mac: str = ""
    site: str = ""
    until: date | None = None
    is_own: bool = True
    """Stands in the scope; else it was given on the command line."""

    def holds(self, at: datetime) -> bool:
        """Tell whether the exclusion is in force at that moment; its last day is included."""
        return self.until is None or at.astimezone(UTC).date() <= self.until


@dataclass(frozen=True, slots=True)
class Scope:
    """Everything an audit may do. Narrowing gives a new, smaller Scope; nothing makes one larger."""

    authorisation: Authorisation
    sites: tuple[Site, ...]
    exclusions: tuple[Exclusion, ...] = ()
    windows: tuple[Window, ...] = ()
    pace: Pace = field(default_factory=Pace)
    methods: frozenset[Method] = DEFAULT_METHODS
    retention_days: int | None = None
    source: str = ""
    narrowed_to: AddressSet | None = None
    left_out: tuple[Site, ...] = ()
    """Sites of the scope that this run leaves out."""
    basic_without_tls: bool = False
    """A handed-over account may be sent readable over the network where a device knows no better login."""

    def admit(
        self, address: str, *, at: datetime, site: str | None = None, mac: str | None = None
    ) -> Grant | Refusal:
        """Return a Grant for this address at this moment, or the Refusal. Exclusions win."""
        try:
            version, number = address_number(address)
        except ValueError as error:
            return Refusal(address, Why.MALFORMED, str(error))
        canonical = address_text(version, number)
        found = self._site_of(canonical, version, number, site)
        if isinstance(found, Refusal):
            return found
        excluded = self._excluded(version, number, found.name, mac, at)
        if excluded is not None and not excluded.is_own:
            return Refusal(canonical, Why.NOT_A_TARGET, f"left out: {excluded.reason}")
        if excluded is not None:
            return Refusal(canonical, Why.EXCLUDED, f"excluded: {excluded.reason}")
        until = self._until(canonical, at)
        if isinstance(until, Refusal):
            return until
        return Grant(canonical, found.name, self.methods, self.pace, until)

    def _site_of(self, canonical: str, version: int, number: int, wanted: str | None) -> Site | Refusal:
        if NEVER.contains(version, number):
            return Refusal(canonical, Why.OUTSIDE, "no host has this address")
        here = [
            one for one in self.sites if one.networks.contains(version, number) and wanted in {None, one.name}
        ]
        if not here and any(
            one.networks.contains(version, number) and wanted in {None, one.name} for one in self.left_out
        ):
            return Refusal(canonical, Why.NOT_A_TARGET, "at a site that was left out on the command line")
        if here and self.narrowed_to is not None and not self.narrowed_to.contains(version, number):
            return Refusal(canonical, Why.NOT_A_TARGET, "not among the targets given on the command line")
        if not here:
            where = f"site {wanted!r}" if wanted else "the scope"
            return Refusal(canonical, Why.OUTSIDE, f"not in a network of {where}")
        if len(here) > 1:
            names = ", ".join(one.name for one in here)
            return Refusal(canonical, Why.AMBIGUOUS, f"the address exists at {names}: choose one with --site")
        return here[0]

    def _excluded(
        self, version: int, number: int, site: str, mac: str | None, at: datetime
    ) -> Exclusion | None:
        for one in self.exclusions:
            if one.site not in {"", site} or not one.holds(at):
                continue
            if one.addresses.contains(version, number) or (
                mac and one.mac and plain_mac(mac) == plain_mac(one.mac)
            ):
                return one
        return None

    def bars_macs(self, site: str, at: datetime) -> bool:
        """Tell whether somebody at a site may be excluded by a hardware address, which a packet must not find out."""
        return any(one.mac and one.site in {"", site} and one.holds(at) for one in self.exclusions)

    def holding_off(self, site: str, macs: Mapping[str, str], at: datetime) -> "Scope":
        """Return a scope that excludes also the addresses where excluded hardware addresses were met (address -> MAC)."""
        found: list[Exclusion] = []
        for address, mac in macs.items():
            version, number = address_number(address)
            one = self._excluded(version, number, site, mac, at)
            if one is not None and one.mac:
                found.append(replace(one, addresses=AddressSet((interval(address),)), site=site))
        return replace(self, exclusions=(*self.exclusions, *found))

    def _until(self, canonical: str, at: datetime) -> datetime | Refusal:
        paper = self.authorisation
        if at < paper.valid_from:
            return Refusal(
                canonical,
                Why.NOT_YET,
                f"{paper.reference} is valid from {paper.valid_from:%Y-%m-%d %H:%M} UTC",
            )
        if at >= paper.valid_until:
            return Refusal(
                canonical, Why.EXPIRED, f"{paper.reference} ended {paper.valid_until:%Y-%m-%d %H:%M} UTC"
            )
        if not self.windows:
            return paper.valid_until
        closing = closes(self.windows, at)
        if closing is None:
            opening = opens(self.windows, at)
            word = (
                f"the next window opens {opening:%Y-%m-%d %H:%M} UTC" if opening else "no window opens again"
            )
            return Refusal(canonical, Why.WINDOW, word)
        return min(closing, paper.valid_until)

    def opening(self, at: datetime) -> datetime | None:
        """Return when sending may next begin: now if it may, the next window, or None if never again."""
        paper = self.authorisation
        moment = max(at, paper.valid_from)
        if self.windows and closes(self.windows, moment) is None:
            later = opens(self.windows, moment)
            if later is None:
                return None
            moment = later
        return moment if moment < paper.valid_until else None

    def granted(self, site: str, at: datetime) -> AddressSet:
        """Return the addresses of a site that are granted at this moment, time limits aside."""
        return self._without_exclusions(next(one for one in self.sites if one.name == site), at)

    def _without_exclusions(self, site: Site, at: datetime) -> AddressSet:
        inside = site.networks - NEVER
        if self.narrowed_to is not None:
            inside &= self.narrowed_to
        for one in self.exclusions:
            if one.site in {"", site.name} and one.holds(at):
                inside -= one.addresses
        return inside

    def grants(self, *, at: datetime, site: str | None = None) -> Iterator[Grant]:
        """Walk the addresses that can be swept, one Grant each, lazily and in order."""
        for one in self._chosen(site):
            for part in self._without_exclusions(one, at).intervals:
                if part.version == 6 and part.size > SWEEP_LIMIT_V6:
                    continue
                for number in range(part.first, part.last + 1):
                    admitted = self.admit(address_text(part.version, number), at=at, site=one.name)
                    if isinstance(admitted, Grant):
                        yield admitted

    def too_large(self, *, at: datetime, site: str | None = None) -> tuple[str, ...]:
        """Return the IPv6 networks too large to sweep, which must be said in the report."""
        return tuple(
            text
            for one in self._chosen(site)
            for part in self._without_exclusions(one, at).intervals
            if part.version == 6 and part.size > SWEEP_LIMIT_V6
            for text in AddressSet((part,)).texts()
        )

    def count(self, *, at: datetime, site: str | None = None) -> int:
        """Return how many addresses can be swept, exclusions taken out."""
        return sum(
            part.size
            for one in self._chosen(site)
            for part in self._without_exclusions(one, at).intervals
            if part.version == 4 or part.size <= SWEEP_LIMIT_V6
        )

    def excluded_count(self, *, at: datetime, site: str | None = None) -> int:
        """Return how many addresses of the networks the exclusions take out."""
        total = 0
        for one in self._chosen(site):
            inside = (
                one.networks - NEVER
                if self.narrowed_to is None
                else (one.networks - NEVER) & self.narrowed_to
            )
            total += inside.count() - self._without_exclusions(one, at).count()
        return total

    def _chosen(self, site: str | None) -> tuple[Site, ...]:
        return tuple(one for one in self.sites if site in {None, one.name})

    def site(self, name: str) -> Site | None:
        """Return the site of that name."""
        return next((one for one in self.sites if one.name == name), None)

    def interfaces(self, site: str) -> tuple[str, ...]:
        """Return the interfaces on which multicast and layer 2 are granted for a site."""
        found = self.site(site)
        return found.interfaces if found and Method.MULTICAST in self.methods else ()

    def narrow(
        self,
        *,
        targets: Sequence[str] = (),
        exclude: Sequence[str] = (),
        methods: frozenset[Method] | None = None,
        pace: Pace | None = None,
        site: str | None = None,
    ) -> "Scope":
        """Return a smaller scope. OutsideScopeError when a target, method or site is not granted; nothing is ever added."""
        sites = self.sites if site is None else self._only(site)
        narrowed = self.narrowed_to
        if targets:
            wanted = AddressSet(interval(text) for text in targets)
            self._refuse_outside(wanted, sites)
            narrowed = wanted if narrowed is None else narrowed & wanted
        taken_out = tuple(
            Exclusion("--exclude on the command line", AddressSet((interval(text),)), is_own=False)
            for text in exclude
        )
        return replace(
            self,
            sites=sites,
            left_out=(*self.left_out, *(one for one in self.sites if one not in sites)),
            narrowed_to=narrowed,
            exclusions=(*self.exclusions, *taken_out),
            methods=self.methods if methods is None else self._fewer(methods),
            pace=self.pace if pace is None else slower(self.pace, pace),
        )

    def _only(self, name: str) -> tuple[Site, ...]:
        found = self.site(name)
        if found is None:
            known = ", ".join(one.name for one in self.sites) or "none"
            raise OutsideScopeError(f"the scope has no site {name!r} (it has: {known})")
        return (found,)

    def _refuse_outside(self, wanted: AddressSet, sites: tuple[Site, ...]) -> None:
        granted = AddressSet(part for one in sites for part in one.networks.intervals)
        beyond = wanted - granted
        if beyond:
            shown = ", ".join(beyond.texts()[:3])
            raise OutsideScopeError(
                f"{shown} is not granted by the scope{f' ({self.source})' if self.source else ''}; "
                "targets can only narrow it. Add the network to the scope if your authorisation covers it."
            )

    def _fewer(self, methods: frozenset[Method]) -> frozenset[Method]:
        more = methods - self.methods
        if more:
            names = ", ".join(sorted(more))
            raise OutsideScopeError(
                f"the scope does not allow {names}; add it under [methods] if your authorisation covers it"
            )
        return methods

    @property
    def digest(self) -> str:
        """The SHA-256 of everything the scope says, so that a resumed run can be held to the same permission."""
        return hashlib.sha256(json.dumps(self._plain(), sort_keys=True).encode()).hexdigest()

    def _plain(self) -> dict[str, object]:
        paper = self.authorisation
        return {
            "authorisation": [
                paper.reference,
                paper.issued_by,
                paper.contact,
                str(paper.valid_from),
                str(paper.valid_until),
            ],
            "sites": [[one.name, one.owner, one.networks.texts(), one.interfaces] for one in self.sites],
            "exclusions": [
                [x.reason, x.addresses.texts(), x.mac, x.site, str(x.until)] for x in self.exclusions
            ],
            "windows": [[sorted(w.days), str(w.start), str(w.end), str(w.zone)] for w in self.windows],
            "pace": repr(self.pace),
            "methods": sorted(self.methods),
            "retention": self.retention_days,
            "narrowed": self.narrowed_to.texts() if self.narrowed_to is not None else None,
            **({"basic_without_tls": True} if self.basic_without_tls else {}),
        }


def slower(one: Pace, other: Pace) -> Pace:
    """Return the lower bound of each pair, so that a pace can only be reduced."""
    return Pace(
        min(one.packets_per_second, other.packets_per_second),
        min(one.packets_per_second_subnet, other.packets_per_second_subnet),
        min(one.packets_per_second_host, other.packets_per_second_host),
        min(one.requests_per_second_host, other.requests_per_second_host),
        min(one.concurrent_devices, other.concurrent_devices),
    )


def loopback() -> Scope:
    """Return the one scope that needs no paper: this machine's own loopback addresses."""
    return Scope(
        authorisation=Authorisation(
            reference="loopback needs no authorisation",
            issued_by="built in",
            contact="",
            valid_from=datetime(2000, 1, 1, tzinfo=UTC),
            valid_until=datetime(9999, 1, 1, tzinfo=UTC),
        ),
        sites=(Site("loopback", AddressSet((interval("127.0.0.0/8"), interval("::1"))), ("lo",)),),
        source="built-in loopback scope",
        pace=Pace(100_000, 100_000, 100_000, 100_000, 1024),
        methods=frozenset(Method),
    )


def outside(sighted: Sequence[str], scope: Scope, *, at: datetime) -> tuple[str, ...]:
    """Return those addresses that the scope does not grant at this moment."""
    return tuple(address for address in sighted if isinstance(scope.admit(address, at=at), Refusal))

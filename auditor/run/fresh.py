"""What was asked of a device between two pictures, and what of it answered: the ground of every "changed"."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from auditor.intake import undated
from auditor.model import (
    NOT_THERE,
    WRITTEN,
    Claim,
    Device,
    Endpoint,
    Exchange,
    Finding,
    FindingKind,
    Status,
    Transport,
)
from auditor.store import CONNECT

Port: TypeAlias = tuple[str, int]
"""(`tcp` or `udp`, number): TLS is a way of speaking on a TCP port."""


@dataclass(frozen=True, slots=True)
class Looked:
    """TCP ports that sweeps tried at a device, by its key: before, and between the two pictures."""

    before: Mapping[str, frozenset[int]] = field(default_factory=dict)
    since: Mapping[str, frozenset[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Fresh:
    """One device before and after, seen as what was said in between. Not slotted: its parts are kept once made."""

    before: Device
    after: Device
    swept_before: frozenset[int] = frozenset()
    swept: frozenset[int] = frozenset()

    @cached_property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Exchanges newer than anything the earlier picture holds of the device; lists ask nobody and are none."""
        said = (one.at for one in self.before.exchanges if one.at and not is_listed(one))
        last = max(said, default=self.before.last_seen)
        return tuple(
            one for one in self._came_in if not is_listed(one) and one.at and (last is None or one.at > last)
        )

    @cached_property
    def _came_in(self) -> tuple[Exchange, ...]:
        known = {one.id for one in self.before.exchanges}
        return tuple(one for one in self.after.exchanges if one.id not in known)

    @cached_property
    def is_heard(self) -> bool:
        """Whether it answered anything since."""
        if any(one.status.is_heard for one in self.exchanges):
            return True
        return _is_later(self.after, self.before) and not any(map(is_listed, self._came_in))

    @cached_property
    def is_asked(self) -> bool:
        """Whether anything was asked of it since, answered or not."""
        return self.is_heard or any(one.status in NOT_THERE for one in self.exchanges)

    @cached_property
    def answering(self) -> frozenset[Port]:
        """Ports at which it answered since."""
        return frozenset(
            port_of(one.endpoint) for one in self.exchanges if one.status.is_heard and one.endpoint.port
        )

    @cached_property
    def closed(self) -> frozenset[Port]:
        """Ports at which nobody answers now: every question answered there before was put again in vain, or swept."""
        in_vain = {_question(one) for one in self.exchanges if one.status in NOT_THERE}
        left = {one for one in map(_question, self._answered_before) if one not in in_vain}
        said_no = {port for _, _, port in in_vain} - {port for _, _, port in left}
        tried = {("tcp", number) for number in self.swept} - ports_of(self.after)
        if self.is_heard:
            tried |= {port_of(one.endpoint) for one in self.exchanges if one.probe == CONNECT}
        return frozenset((said_no | tried) - self.answering - ports_of(self.after))

    @property
    def _answered_before(self) -> Iterator[Exchange]:
        return (one for one in self.before.exchanges if one.status.is_heard)

    @cached_property
    def not_there_before(self) -> frozenset[Port]:
        """Ports that had been tried before and did not answer then."""
        said_no = {port_of(one.endpoint) for one in self.before.exchanges if one.status in NOT_THERE}
        return frozenset(said_no | {("tcp", number) for number in self.swept_before}) - ports_of(self.before)

    def was_answered(self, claim: Claim) -> bool:
        """Tell whether a question a claim of before rests on was put again and answered in full."""
        return any(self._is_answered(match.observation.exchange) for match in claim.because)

    def _is_answered(self, old: Exchange) -> bool:
        return any(
            new.status is Status.ANSWERED and _question(new) == _question(old) and (old.cut or not new.cut)
            for new in self.exchanges
        )

    def asked_all_of(self, finding: Finding) -> bool:
        """Tell whether everything a finding of before rests on was put again, completely.

        Each claim by one of its questions, which must be answered and the claim still be told; each observation
        by its question. For an exposure a port that is found closed is an answer, too.
        """
        shut = self.closed if finding.kind is FindingKind.EXPOSURE else frozenset()
        told = all(
            (self.was_answered(one) and self.after.identity.claim(one.name) is not None)
            or all(port_of(match.observation.exchange.endpoint) in shut for match in one.because)
            for one in finding.because
        )
        seen = all(
            self._is_answered(one.exchange) or port_of(one.exchange.endpoint) in shut
            for one in finding.observations
        )
        return told and seen

    def asked_any_of(self, finding: Finding) -> bool:
        """Tell whether any of the questions a finding of now rests on was put since."""
        new = {one.id for one in self.exchanges}
        return any(one.id in new for one in grounds_of(finding))

    def rests_on_lists(self, finding: Finding) -> bool:
        """Tell whether a finding of now rests on a list, or on older evidence, that came in later, and on no newer answer."""
        fresh, late = {one.id for one in self.exchanges}, {one.id for one in self._came_in}
        grounds = {one.id for one in grounds_of(finding)}
        return bool(grounds & late) and not grounds & fresh


def is_listed(exchange: Exchange) -> bool:
    """Tell whether somebody's list says this: it asked nobody that we know of, and bears the date of a file."""
    kind = exchange.source.partition(" ")[0]
    return kind in WRITTEN or kind in undated()


def are_listed(exchanges: Iterable[Exchange]) -> bool:
    """Tell whether lists say all of this; not where there is nothing."""
    told = tuple(exchanges)
    return bool(told) and all(map(is_listed, told))


def _question(exchange: Exchange) -> tuple[str, str, Port]:
    """Return what makes two exchanges the same question: who asked, in which protocol, at which port."""
    return exchange.probe, exchange.protocol.value, port_of(exchange.endpoint)


def grounds_of(finding: Finding) -> Iterator[Exchange]:
    """Yield the exchanges a finding rests on."""
    for observation in finding.observations:
        yield observation.exchange
    for claim in finding.because:
        for match in claim.because:
            yield match.observation.exchange


def _is_later(after: Device, before: Device) -> bool:
    if after.last_seen is None:
        return False
    return before.last_seen is None or after.last_seen > before.last_seen


def port_of(endpoint: Endpoint) -> Port:
    """Return the port of an endpoint, TLS counted as TCP."""
    return ("udp" if endpoint.transport is Transport.UDP else "tcp", endpoint.port)


def ports_of(device: Device) -> frozenset[Port]:
    """Return the ports a device answered at."""
    return frozenset(_plain(device.ports))


def _plain(ports: Iterable[tuple[str, int]]) -> Iterator[Port]:
    for transport, number in ports:
        if number:
            yield ("udp" if transport == Transport.UDP else "tcp", number)

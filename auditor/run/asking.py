"""Asking one device: what its ports are worth, then what its first answers make worth asking."""

import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from auditor.discovery import printing_ports
from auditor.model import (
    Endpoint,
    Exchange,
    Grant,
    Identity,
    Method,
    Page,
    Plan,
    Protocol,
    Status,
    Transport,
)
from auditor.net import FAULT, Budget, Network
from auditor.run.again import Known
from auditor.run.agenda import Port, port_of, questions_for, was_connected
from auditor.run.gate import Gate
from auditor.run.named import choose, named_by
from auditor.run.plan import Audit, Question, claimed, datagram_questions, name_of
from auditor.run.remember import RememberingLine
from auditor.run.target import Target, is_left_alone
from auditor.scope import Refusal
from auditor.store import StoreError

_TARPIT = "accepts nearly every port: a tarpit, asked no further"
_NAMED = "the device names it of itself"
_PRINTS = "takes connections; nothing is said there, since printers print what they are told at it"
_PASSES = 4
"""How often what a port named by a device says may name another: a chain of redirects ends somewhere."""
_DRIPPING = "its answers never end, asked no further"


@dataclass(slots=True)
class Asker:
    """Puts questions to targets. What it hears goes to `keep`, our own faults to `fault`."""

    gate: Gate
    network: Network
    audit: Audit
    plan: Plan
    keep: Callable[[Target, Exchange], None]
    fault: Callable[[str, str], None]
    """Told (subject, traceback) of every bug."""

    async def ask_ports(self, target: Target, budget: Budget) -> bool:
        """Ask what the ports known by now are worth; False when nothing more may be asked of the target.

        Idempotent, as everything here: what was asked before, in this process or an earlier one, is recalled.
        """
        for port in sorted(printing_ports().intersection(target.open_ports())):
            self._state(target, "printing", f"port {port} {_PRINTS}")
        if any(not claimed(1).get(port) and not target.said_at(port) for port in target.open_ports()):
            # A port of no known use: the device may have said what it is.
            self._heed(target, await self.known(target))
        return await self._ask_round(target, budget, 1, self.plan)

    async def conclude(self, target: Target, budget: Budget) -> Known:
        """Say who the target is, after asking what its first answers make worth asking."""
        known = await self._hear_out(target, budget, await self.known(target))
        plan = replace(self.plan, suspected=known.suspected)
        if known.suspected and await self._ask_round(target, budget, 2, plan):
            known = await self.known(target)
        return known

    async def _hear_out(self, target: Target, budget: Budget, known: Known) -> Known:
        """Ask where the device says that it may be asked, and more where nothing points to any maker."""
        for _ in range(_PASSES):
            has_news = self._heed(target, known)
            is_nobodys = target.closed and not known.suspected
            if not has_news and is_nobodys <= target.is_nobodys:
                break
            target.is_nobodys = is_nobodys
            if not await self._ask_round(target, budget, 1, self.plan):
                break
            known = await self.known(target)
        return known

    def _heed(self, target: Target, known: Known) -> bool:
        """Take in what a device names of itself; tell whether there is anything new to ask."""
        before, found = target.named, set(target.open_ports())
        spoken_to = {
            one.endpoint.port
            for one in target.memory.exchanges
            if one.endpoint.transport is not Transport.UDP and one.protocol is not Protocol.OBSERVED
        }
        swept = set(self.audit.swept_ports) if Method.TCP_SWEEP in self.gate.scope.methods else set()
        choice = choose(
            named_by(target.address, known.observations),
            before,
            found=found,
            heeded=target.heeded | (spoken_to - found),
            may_ask=lambda port: (
                port not in printing_ports() and (not self.audit.ports or port in self.audit.ports)
            ),
            # A sweep that found other ports has tried this one, too.
            is_settled=lambda port: port not in swept or (target.closed and not found),
        )
        target.named, target.heeded = choice.named, set(choice.heeded)
        if target.closed:
            for words in choice.words():
                self._state(target, "named", words)
        return choice.named != before

    def _state(self, target: Target, probe: str, words: str) -> None:
        """Write down, once, that something was not asked."""
        if not any(one.detail == words for one in target.memory.exchanges):
            self.keep(target, self._remark(target, Status.WITHHELD, probe, words))

    async def _ask_round(self, target: Target, budget: Budget, round_: int, plan: Plan) -> bool:
        """Put one round of questions; again after a closed window. False when nothing more may be asked."""
        while True:
            await self.gate.passed()
            admitted = self.gate.scope.admit(
                target.address, site=target.site, mac=target.mac, at=self.gate.clock()
            )
            if isinstance(admitted, Refusal):
                return False
            if self._is_trap(target):
                return False
            await self._put_all(target, admitted, budget, round_, plan)
            if self.gate.clock() < admitted.until:
                return True

    def _is_trap(self, target: Target) -> bool:
        """Tell whether a target only wastes our time; it is marked, and asked no further."""
        reason = (
            _TARPIT
            if target.is_tarpit(len(self.audit.swept_ports))
            else _DRIPPING
            if target.is_dripping()
            else None
        )
        if reason:
            self._state(target, "tarpit", reason)
        return reason is not None

    async def _put_all(self, target: Target, grant: Grant, budget: Budget, round_: int, plan: Plan) -> None:
        for number in sorted({*target.open_ports(), *(one.port for one in target.named)}):
            if self._is_trap(target):
                return
            await self._ask_port(target, grant, number, budget, round_, plan)
        if round_ == 1:
            for question in datagram_questions(target.address, grant.methods):
                await self._put(target, grant, question, budget, plan)

    async def _ask_port(
        self, target: Target, grant: Grant, number: int, budget: Budget, round_: int, plan: Plan
    ) -> None:
        """Put question after question to a port, each chosen by what was said so far."""
        said: dict[Endpoint, list[Exchange]] = {}
        put: set[Question] = set()
        while True:
            port = port_of(target, number)
            question = next(
                (
                    one
                    for one in questions_for(port, grant.methods, round_=round_)
                    if one not in put and not is_left_alone(said.get(one.endpoint, ()))
                ),
                None,
            )
            if question is None:
                break
            put.add(question)
            told = _as_named(_unserved(plan, target, number), port, name_of(question.probe))
            said.setdefault(question.endpoint, []).extend(
                await self._put(target, grant, question, budget, told)
            )
            self.gate.check()
        if not port.is_open and any(was_connected(one) for one in port.said):
            target.ports.add((Transport.TCP, number))

    async def _put(
        self, target: Target, grant: Grant, question: Question, budget: Budget, plan: Plan
    ) -> list[Exchange]:
        name = name_of(question.probe)
        put = target.put.setdefault((question.endpoint, name), [])
        for by, said in put:
            if by == plan:
                return said
        if target.memory.failed(question.endpoint, name):
            return []
        line = RememberingLine(
            self.network.line(grant, question.endpoint, budget, plan),
            target.memory,
            lambda exchange: self.keep(target, exchange),
        )
        fault = await self._attempt(target.subject, question.probe.probe(line))
        if fault is not None:
            words = f"{type(fault).__name__}: {fault}"
            self.keep(target, self._remark(target, Status.BUG, name, words, question.endpoint))
        if all(one.status is not Status.WITHHELD for one in line.said):
            put.append((plan, line.said))
        return line.said

    def _remark(
        self, target: Target, status: Status, probe: str, detail: str, endpoint: Endpoint | None = None
    ) -> Exchange:
        """Make the record of something that did not happen on the network."""
        return Exchange(
            device=target.subject,
            probe=probe,
            protocol=Protocol.OBSERVED,
            endpoint=endpoint or Endpoint(target.address, 0),
            request=b"",
            reply=b"",
            status=status,
            at=self.gate.clock(),
            detail=detail,
        )

    async def known(self, target: Target) -> Known:
        """Say who a target is, as far as can be told."""
        found = Known(Identity(target.subject), ())

        async def conclude() -> None:
            nonlocal found
            found = target.reader.known(target.subject, target.memory.exchanges)

        fault = await self._attempt(target.subject, conclude())
        if isinstance(fault, OSError):  # this machine's mood: what was said is read when the run is taken up
            target.owed["who it is",] = f"{FAULT}: {fault.strerror or fault}"
        elif fault is None:
            target.owed.pop(("who it is",), None)
        target.mac = target.mac or next(
            (seen.value for seen in found.observations if seen.field == "mac"), None
        )
        return found

    async def attempt(self, subject: str, work: Awaitable[None]) -> bool:
        """Do something that must not end the run; False when it failed through our own fault."""
        return await self._attempt(subject, work) is None

    async def _attempt(self, subject: str, work: Awaitable[None]) -> Exception | None:
        try:
            await work
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001  the one place where any exception becomes Status.BUG; see docs/architecture.md
            self.fault(subject, "".join(traceback.format_exception(error)))
            return error
        return None


def _unserved(plan: Plan, target: Target, port: int) -> Plan:
    """Return the plan without the pages that a lower port of the target has served already."""
    if not plan.suspected:
        return plan
    served = {
        one.request.partition(b" HTTP/")[0].decode("latin-1")
        for one in target.memory.exchanges
        if one.endpoint.port < port and one.protocol is Protocol.HTTP and one.reply[9:12] == b"200"
    }
    return replace(
        plan, pages=tuple(page for page in plan.pages if f"{page.method} {page.path}" not in served)
    )


def _as_named(plan: Plan, port: Port, probe: str) -> Plan:
    """Return the plan with the paths that the device names at a port, for the probe that asks them."""
    if probe == "onvif":
        return replace(plan, paths=port.paths(Protocol.ONVIF))
    if probe == "http_pages" and not plan.suspected:
        return replace(plan, pages=tuple(Page(path, "", _NAMED) for path in port.paths(Protocol.HTTP)))
    return plan

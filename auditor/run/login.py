"""Logging in with the owner's accounts: which one where, once, and what came of it, remembered in the run's log."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from types import ModuleType

from auditor import probes
from auditor.model import (
    Certainty,
    Endpoint,
    Exchange,
    Grant,
    LoginForm,
    Method,
    Protocol,
    Status,
    Transport,
)
from auditor.net import Budget, Ears, LoggedLine, ManagedLine, Outcome
from auditor.run.again import Known
from auditor.run.asking import Asker
from auditor.run.attached import attached
from auditor.run.record import Record
from auditor.run.target import Target
from auditor.run.tries import EVENT, TRYING, Try
from auditor.run.turns import Turns
from auditor.scope import Credentials, Doorstep, Entry

ENDED = "credentials: entry "
"""How the note begins that says an entry was given up; such a run ends with exit code 4."""

SNMP_PORT = 161
_ALL = "onvif"
"""The protocol of everybody, asked where the maker has none of its own."""


@dataclass(slots=True)
class Logins:
    """The credentials of a run, and how they fare."""

    credentials: Credentials
    forms: tuple[LoginForm, ...]
    asker: Asker
    record: Record
    earlier: tuple[Try, ...] = ()
    """What earlier processes of the run tried, in order."""
    _turns: dict[str, Turns] = field(default_factory=dict)
    _spent: dict[tuple[str, str], str] = field(default_factory=dict)
    """(entry, subject or mark) of a device that was tried without success -> how it went."""

    def __post_init__(self) -> None:
        last: dict[tuple[str, str], Try] = {}
        for one in self.earlier:
            last[one.entry, one.subject] = one
        for one in last.values():
            self._turn(one.entry).learn(one.outcome if one.outcome != TRYING else Outcome.REFUSED)
            self._remember(one)

    def _turn(self, entry: str) -> Turns:
        return self._turns.setdefault(entry, Turns(self.credentials.refusals))

    def _remember(self, one: Try) -> None:
        for name in (one.subject, *one.marks):
            if one.outcome == Outcome.ACCEPTED:
                self._spent.pop((one.entry, name), None)
            else:
                self._spent[one.entry, name] = one.outcome

    async def enter(self, target: Target, budget: Budget) -> None:
        """Ask a device what only a login shows, when an entry fits it and was not tried there before."""
        admitted = self.asker.gate.scope.admit(
            target.address, site=target.site, mac=target.mac, at=self.asker.gate.clock()
        )
        if not isinstance(admitted, Grant):
            return
        before = len(target.memory)
        known = await self.asker.known(target)
        door = _doorstep(target, known)
        if Method.CREDENTIALS not in admitted.methods:
            return
        if entry := self.credentials.account(door):
            await self._account(target, admitted, budget, known, door, entry)
        if Method.SNMP in admitted.methods and (entry := self.credentials.management(door)):
            await self._management(target, admitted, budget, door, entry)
        if len(target.memory) > before:
            await self._save(target)

    async def _save(self, target: Target) -> None:
        known = await self.asker.known(target)
        self.record.save(target, known)
        for part in known.parts:
            for child in attached(
                target, part.identity.value("maker") or "", part.observations, self._columns(), part.suffix
            ):
                found = await self.asker.known(child)
                for exchange in child.memory.exchanges:
                    self.record.keep(child, exchange)
                self.record.save(child, found)

    def _columns(self) -> dict[str, str]:
        return {call.path: call.column for form in self.forms for call in form.calls if call.column}

    def _may_try(self, entry: Entry, door: Doorstep, subject: str) -> bool:
        spent = any((entry.name, name) in self._spent for name in (subject, *door.marks))
        return not spent and not self._turn(entry.name).is_ended

    async def _account(
        self, target: Target, grant: Grant, budget: Budget, known: Known, door: Doorstep, entry: Entry
    ) -> None:
        """Go through the forms the device may speak until one took the account, or refused it.

        Another form is tried after that only where the entry names it: makers keep accounts apart by form.
        """
        kind, taken = known.identity.value("kind") or "", False
        for form in self._forms_for(known.identity.value("maker") or "", entry):
            if taken and not entry.protocols:
                return
            for endpoint in _web_endpoints(target, known):
                if not self._may_try(entry, door, target.subject):
                    return
                line = self._line(target, grant, budget, entry, _with_calls(form, kind), endpoint, door)
                await self.asker.attempt(target.subject, _module(form.protocol).probe(line))
                self.asker.gate.check()
                if line.outcome is Outcome.NOT_OFFERED:
                    break
                if line.outcome.is_final:
                    self._note_end(entry)
                    return
                if line.outcome is Outcome.ACCEPTED:
                    taken = True
                    break

    def _forms_for(self, maker: str, entry: Entry) -> Iterator[LoginForm]:
        """Yield the maker's own forms, then ONVIF; where the entry names forms, those alone."""
        for form in self.forms:
            if maker in form.makers and (not entry.protocols or form.protocol in entry.protocols):
                yield form
        for form in self.forms:
            if form.protocol == _ALL and (not entry.protocols or _ALL in entry.protocols):
                yield form

    def _line(
        self,
        target: Target,
        grant: Grant,
        budget: Budget,
        entry: Entry,
        form: LoginForm,
        endpoint: Endpoint,
        door: Doorstep,
    ) -> LoggedLine:
        plan = replace(self.asker.plan, calls=form.calls)
        probe = f"login_{form.protocol}"

        def attempt(line: LoggedLine) -> AbstractAsyncContextManager[bool]:
            return _Attempt(self, line, target, entry, door)

        def recall(request: bytes) -> Exchange | None:
            protocol = Protocol.ONVIF if form.protocol == _ALL else Protocol.HTTP
            return next(
                (
                    one
                    for one in reversed(target.memory.recall((endpoint, probe, protocol, request)))
                    if one.status is Status.ANSWERED
                ),
                None,
            )

        return LoggedLine(
            self.asker.network.line(grant, endpoint, budget, plan),
            entry,
            Ears(lambda exchange: self.asker.keep(target, exchange), recall, attempt),
            probe,
            basic_without_tls=self.asker.gate.scope.basic_without_tls,
        )

    async def _management(
        self, target: Target, grant: Grant, budget: Budget, door: Doorstep, entry: Entry
    ) -> None:
        """Read the management tree by UDP, once; silence is all a wrong community gets."""
        form = next((one for one in self.forms if one.protocol == "snmp"), None)
        if form is None or entry.snmp is None or not self._may_try(entry, door, target.subject):
            return
        one = Try(target.subject, entry.name, TRYING, tuple(sorted(door.marks)))
        self.log(one)
        endpoint = Endpoint(target.address, SNMP_PORT, Transport.UDP)
        line = ManagedLine(
            self.asker.network.line(grant, endpoint, budget, replace(self.asker.plan, calls=form.calls)),
            entry.snmp,
            lambda exchange: self.asker.keep(target, exchange),
            "login_snmp",
        )
        await self.asker.attempt(target.subject, _module(form.protocol).probe(line))
        self.log(replace(one, outcome=line.outcome.value))
        self._turn(entry.name).learn(line.outcome)
        self._note_end(entry)
        self.asker.gate.check()

    def log(self, one: Try) -> None:
        """Write down a try, on disk before anything else happens."""
        self.record.event(EVENT, one.subject, one.text())
        self.record.store.flush()
        self._remember(one)

    def turn(self, entry: Entry) -> Turns:
        """Return the turns of an entry."""
        return self._turn(entry.name)

    def _note_end(self, entry: Entry) -> None:
        turns = self._turn(entry.name)
        if turns.is_ended:
            self.record.note(
                f"{ENDED}{entry.name!r} was refused {turns.refusals} times in a row and was tried no further, so that "
                "no account is locked out: correct it in the credentials file, or bind it to the devices it is for"
            )


class _Attempt(AbstractAsyncContextManager[bool]):
    """One try of an entry at one device: its turn, and its two lines in the log."""

    def __init__(
        self, logins: Logins, line: LoggedLine, target: Target, entry: Entry, door: Doorstep
    ) -> None:
        self._logins = logins
        self._line = line
        self._try = Try(target.subject, entry.name, TRYING, tuple(sorted(door.marks)))
        self._held = logins.turn(entry).turn(line, lambda: logins.log(self._try))
        self._allowed = False

    async def __aenter__(self) -> bool:
        # The host's own pace is waited for outside the turn, so that turns are short.
        await asyncio.sleep(self._line.rest)
        self._allowed = await self._held.__aenter__()
        return self._allowed

    async def __aexit__(self, *how: object) -> None:
        await self._held.__aexit__(None, None, None)
        if self._allowed:
            self._logins.log(replace(self._try, outcome=self._line.outcome.value))


def _with_calls(form: LoginForm, kind: str) -> LoginForm:
    return replace(
        form, calls=tuple(call for call in form.calls if not (kind and call.kinds) or kind in call.kinds)
    )


def _module(protocol: str) -> ModuleType:
    wanted = f"login_{protocol}"
    return next(one for one in probes.all_probes() if one.__name__.rpartition(".")[2] == wanted)


def _doorstep(target: Target, known: Known) -> Doorstep:
    maker = known.identity.claim("maker")
    mac = "".join(one for one in (known.identity.value("mac") or "").lower() if one in "0123456789abcdef")
    serial = known.identity.claim("serial")
    sure = serial is not None and serial.certainty is not Certainty.TENTATIVE
    marks = {mac if len(mac) == 12 else "", serial.value.strip().lower() if serial and sure else ""}
    return Doorstep(
        site=target.site,
        address=target.address,
        maker=maker.value if maker and maker.certainty is not Certainty.TENTATIVE else "",
        marks=frozenset(one for one in marks if one),
    )


def _web_endpoints(target: Target, known: Known) -> tuple[Endpoint, ...]:
    """Return where the device answered as a web server, encrypted ones first, then where it says that it is one."""
    found = {
        one.endpoint
        for one in target.memory.exchanges
        if one.status is Status.ANSWERED
        and one.protocol in {Protocol.HTTP, Protocol.ONVIF}
        and one.endpoint.transport is not Transport.UDP
        and one.reply[:5] == b"HTTP/"
    }
    ports = {one.port for one in found}
    told = {
        int(seen.value)
        for seen in known.observations
        if seen.field.endswith(".http_port") and seen.value.isdigit() and 0 < int(seen.value) < 65_536
    }
    found |= {Endpoint(target.address, port) for port in told - ports}
    return tuple(sorted(found, key=lambda one: (one.transport is not Transport.TLS, one.port)))


def has_given_up(notes: Iterable[str]) -> bool:
    """Tell whether a run's notes say that an entry was given up."""
    return any(note.startswith(ENDED) for note in notes)

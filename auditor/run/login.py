"""Logging in with the owner's accounts: which one where, once, and what came of it, remembered in the run's log."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from types import ModuleType

from auditor import probes
from auditor.model import (
    Call,
    Certainty,
    Endpoint,
    Exchange,
    Grant,
    LoginForm,
    Method,
    Observation,
    Outcome,
    Protocol,
    Reason,
    Status,
    Transport,
)
from auditor.net import Budget, Ears, LoggedLine, ManagedLine, Trust
from auditor.run.again import Known
from auditor.run.asking import Asker
from auditor.run.attached import attached
from auditor.run.attempt import Attempt, told_of
from auditor.run.doors import Door, doors, doorstep, maker_at
from auditor.run.record import Record
from auditor.run.target import Target
from auditor.run.tries import EVENT, TRYING, Tried, Try
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
    _tried: Tried = field(init=False)

    def __post_init__(self) -> None:
        self._tried = Tried(self.earlier)
        for one in self._tried.last_shown():
            self._turn(one.entry).learn(one.outcome if one.outcome != TRYING else Outcome.REFUSED)

    def _turn(self, entry: str) -> Turns:
        return self._turns.setdefault(entry, Turns(self.credentials.refusals))

    async def enter(self, target: Target, budget: Budget) -> None:
        """Ask a device what only a login shows, when an entry fits it and was not tried there before."""
        admitted = self.asker.gate.scope.admit(
            target.address, site=target.site, mac=target.mac, at=self.asker.gate.clock()
        )
        if not isinstance(admitted, Grant):
            return
        before = len(target.memory)
        known = await self.asker.known(target)
        hinted = known.suspected | {one for one in (known.identity.value("maker"),) if one}
        for door in doors(target, known):
            await self._at_the_door(target, admitted, budget, door, hinted)
        step = doorstep(target, known.identity)
        if entry := self.credentials.management(step):
            if {Method.CREDENTIALS, Method.SNMP} <= admitted.methods:
                await self._management(target, admitted, budget, known, step, entry)
            else:
                self._withhold(target, entry, Reason.SCOPE)
        if len(target.memory) > before:
            await self._save(target)

    async def _at_the_door(
        self, target: Target, grant: Grant, budget: Budget, door: Door, hinted: frozenset[str]
    ) -> None:
        """Use the one account that fits; where only its maker is not sure enough, say so."""
        entry = self.credentials.account(door.step)
        if entry is None:
            if bound := self.credentials.unconfirmed(door.step, hinted):
                self._withhold(target, bound, Reason.MAKER)
        elif Method.CREDENTIALS not in grant.methods:
            self._withhold(target, entry, Reason.SCOPE)
        else:
            await self._account(target, grant, budget, door, entry)

    def _withhold(
        self, target: Target, entry: Entry, reason: Reason, outcome: Outcome = Outcome.WITHHELD
    ) -> None:
        """Write down that an entry was not shown, and why."""
        self.log(Try(target.subject, entry.name, outcome.value, reason=reason.value, is_shown=False))

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

    def _bar(self, entry: Entry, step: Doorstep, subject: str) -> Reason | None:
        """Return why an entry may not be tried here any more; None where it may."""
        if self._tried.is_spent(entry.name, subject, *step.marks):
            return Reason.ELSEWHERE
        return Reason.ENDED if self._turn(entry.name).is_ended else None

    async def _account(self, target: Target, grant: Grant, budget: Budget, door: Door, entry: Entry) -> None:
        """Go through the forms the device may speak until one took the account, or refused it.

        Another form is tried after that only where the entry names it: makers keep accounts apart by form. An
        endpoint where the account was not shown says nothing of the next.
        """
        taken = was_asked = False
        for form in self._forms_for(door.maker, entry):
            if taken and not entry.protocols:
                return
            for endpoint in door.endpoints:
                if reason := self._bar(entry, door.step, target.subject):
                    self._say_barred(target, entry, reason)
                    return
                was_asked = True
                line = self._line(target, grant, budget, entry, form, endpoint, door.step)
                outcome = await self._ask(target, entry, form, endpoint, door.step, line)
                if outcome.is_final and (line.is_shown or outcome is Outcome.LOCKED):
                    self._note_end(entry)
                    return
                if outcome is Outcome.ACCEPTED:
                    taken = True
                    break
        if not was_asked:
            self._withhold(target, entry, Reason.NO_INTERFACE, Outcome.UNTRIED)

    def _say_barred(self, target: Target, entry: Entry, reason: Reason) -> None:
        """Write down why an entry is not tried, unless how it was tried here stands there already."""
        if not self._tried.is_spent(entry.name, target.subject):
            self._withhold(target, entry, reason)

    async def _ask(
        self,
        target: Target,
        entry: Entry,
        form: LoginForm,
        endpoint: Endpoint,
        step: Doorstep,
        line: LoggedLine,
    ) -> Outcome:
        """Put the calls of a form, and write down how far that came."""
        is_ours = await self.asker.attempt(target.subject, _module(form.protocol).probe(line))
        told = told_of(self._try(target, entry, form, endpoint, step), line, is_ours=is_ours)
        self.log(told)
        self.asker.gate.check()
        return Outcome(told.outcome)

    def _try(self, target: Target, entry: Entry, form: LoginForm, endpoint: Endpoint, step: Doorstep) -> Try:
        return Try(
            target.subject, entry.name, TRYING, tuple(sorted(step.marks)), form.protocol, str(endpoint)
        )

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
        step: Doorstep,
    ) -> LoggedLine:
        plan = replace(self.asker.plan, calls=form.calls)
        probe = f"login_{form.protocol}"

        def attempt(line: LoggedLine) -> AbstractAsyncContextManager[bool]:
            one = self._try(target, entry, form, endpoint, step)
            return Attempt(line, one, self._turn(entry.name), log=self.log, shows_maker=shows_maker)

        def shows_maker() -> bool:
            bound = entry.place.makers
            return not bound or maker_at(target.subject, self._seen(target), endpoint.port) in bound

        def fits(call: Call) -> bool:
            """A kind that is a mere hint keeps no call from being asked."""
            kind = target.reader.known(target.subject, target.memory.exchanges).identity.claim("kind")
            return kind is None or kind.certainty is Certainty.TENTATIVE or kind.value in call.kinds

        def recall(request: bytes) -> Exchange | None:
            protocol = Protocol.ONVIF if form.protocol == _ALL else Protocol.HTTP
            return next(
                (
                    one
                    for one in reversed(target.memory.recall((endpoint, probe, protocol, request)))
                    if one.status is Status.ANSWERED and one.reply[9:12] != b"401"
                ),
                None,
            )

        return LoggedLine(
            self.asker.network.line(grant, endpoint, budget, plan),
            entry,
            Ears(lambda exchange: self.asker.keep(target, exchange), recall, attempt, fits),
            probe,
            basic_without_tls=self.asker.gate.scope.basic_without_tls,
            trust=Trust(entry.certificates, self.credentials.authorities),
        )

    def _seen(self, target: Target) -> tuple[Observation, ...]:
        return target.reader.known(target.subject, target.memory.exchanges).observations

    async def _management(
        self, target: Target, grant: Grant, budget: Budget, known: Known, step: Doorstep, entry: Entry
    ) -> None:
        """Read the management tree by UDP, once; silence is all a wrong community gets."""
        form = next((one for one in self.forms if one.protocol == "snmp"), None)
        if form is None or entry.snmp is None or self._tried.was_read_before(entry.name, target.subject):
            return
        bound = entry.place.makers
        if reason := self._bar(entry, step, target.subject):
            self._say_barred(target, entry, reason)
            return
        if bound and maker_at(target.subject, known.observations, SNMP_PORT, udp=True) not in bound:
            self._withhold(target, entry, Reason.ENDPOINT)
            return
        endpoint = Endpoint(target.address, SNMP_PORT, Transport.UDP)
        one = self._try(target, entry, form, endpoint, step)
        self.log(one)
        line = ManagedLine(
            self.asker.network.line(grant, endpoint, budget, replace(self.asker.plan, calls=form.calls)),
            entry.snmp,
            lambda exchange: self.asker.keep(target, exchange),
            "login_snmp",
        )
        await self.asker.attempt(target.subject, _module(form.protocol).probe(line))
        is_whole = not line.outcome.is_taken or line.answered >= line.due
        outcome = line.outcome if is_whole else Outcome.BROKEN_OFF
        why = line.reason if is_whole else line.reason or Reason.SILENT
        told = replace(one, outcome=outcome.value, reason=str(why), answered=line.answered, calls=line.due)
        self.log(replace(told, is_shown=outcome is not Outcome.WITHHELD))
        self._turn(entry.name).learn(line.outcome)
        self._note_end(entry)
        self.asker.gate.check()

    def log(self, one: Try) -> None:
        """Write down a try, on disk before anything else happens."""
        self.record.event(EVENT, one.subject, one.text())
        self.record.store.flush()
        self._tried.remember(one)

    def _note_end(self, entry: Entry) -> None:
        turns = self._turn(entry.name)
        if turns.is_ended:
            self.record.note(
                f"{ENDED}{entry.name!r} was refused {turns.refusals} times in a row and was tried no further, so that "
                "no account is locked out: correct it in the credentials file, or bind it to the devices it is for"
            )


def _module(protocol: str) -> ModuleType:
    wanted = f"login_{protocol}"
    return next(one for one in probes.all_probes() if one.__name__.rpartition(".")[2] == wanted)


def has_given_up(notes: Iterable[str]) -> bool:
    """Tell whether a run's notes say that an entry was given up."""
    return any(note.startswith(ENDED) for note in notes)

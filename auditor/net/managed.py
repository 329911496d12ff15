"""A line that reads a device's management tree with the owner's community or user, which stays inside."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from auditor.model import Exchange, Outcome, Plan, Protocol, Reason, Status
from auditor.net.line import Confidence, Line
from auditor.scope import Privacy, Proof, Snmp
from auditor.wire import snmp, snmp_ask, usm
from auditor.wire.sieve import Sift

_DEADLINE = 2.0
"""Seconds; an agent answers at once or not at all."""
MAX_ROWS = 128
"""Rows read of a table."""
_ROW_DIGITS = 4
_NUMBER = 0x2A51C0
"""Of the first question; each further one has the next, so that a record of them is the same every time."""


@dataclass(slots=True)
class ManagedLine:
    """Stands where the SNMP login probe expects a line."""

    line: Line
    snmp: Snmp = field(repr=False)
    keep: Callable[[Exchange], None]
    probe: str
    outcome: Outcome = Outcome.UNTRIED
    reason: str = ""
    answered: int = 0
    """Objects of the plan that came to an answer; a table's columns when its first row was asked for."""
    _asked: int = 0
    _engine: usm.Engine | None = None
    _user: usm.User = field(default_factory=lambda: usm.User(""), repr=False)

    @property
    def plan(self) -> Plan:
        """The objects chosen for the device."""
        return self.line.plan

    async def get(self, oids: Sequence[str]) -> Exchange | None:
        """Ask for objects; None when nothing more may be asked. Silence is what a wrong community gets."""
        if self.outcome.is_final:
            return None
        number = _NUMBER + self._asked
        self._asked += 1
        made = await (self._as_user(oids, number) if self.snmp.user else self._with_community(oids, number))
        self.answered += len(oids) if self.outcome.is_taken and made.status is Status.ANSWERED else 0
        return made

    @property
    def due(self) -> int:
        """How many objects and columns the device was to be asked for; a version 3 user is asked for no columns."""
        return sum(not (call.column and self.snmp.user) for call in self.plan.calls)

    async def walk(self, columns: Sequence[str]) -> None:
        """Read a table of cameras row by row with the owner's community; a version 3 user is not asked for tables yet."""
        row, rows = -1, 0
        while columns and not self.snmp.user and not self.outcome.is_final and rows < MAX_ROWS:
            made = await self._after([f"{column}.{row}" if rows else column for column in columns], columns)
            self.answered += len(columns) if not rows and made.status is Status.ANSWERED else 0
            told = snmp.parse(made.reply)
            named = [name.rpartition(".")[2] for name, _ in told.varbinds] if told else []
            if not named or len(named[0]) > _ROW_DIGITS or int(named[0]) <= row:
                return
            row, rows = int(named[0]), rows + 1

    async def _after(self, oids: Sequence[str], columns: Sequence[str]) -> Exchange:
        """Ask for what follows some objects, and keep what lies in the columns."""
        number = _NUMBER + self._asked
        self._asked += 1
        sent = snmp_ask.get_next(oids, self.snmp.community.reveal(), number)
        recorded = snmp_ask.get_next(oids, "", number)
        return await self._send(recorded, sent, lambda reply: snmp_ask.kept(reply, (), columns))

    async def _with_community(self, oids: Sequence[str], number: int) -> Exchange:
        sent = snmp_ask.get(oids, self.snmp.community.reveal(), number)
        recorded = snmp_ask.get(oids, "", number)
        made = await self._send(recorded, sent, lambda reply: snmp_ask.kept(reply, oids))
        self._judge(made, made.status is Status.ANSWERED)
        return made

    async def _as_user(self, oids: Sequence[str], number: int) -> Exchange:
        """Ask as a version 3 user, whose keys hang on the engine's identifier, which anybody may ask for."""
        if self._engine is None:
            hello = snmp.engine_discovery()
            made = await self._send(hello, hello, lambda reply: reply)
            self._engine = usm.engine_of(made.reply)
            if self._engine is None:
                self._judge(made, taken=False)
                return made
            self._user = _user(self.snmp, self._engine)
        user = self._user
        sent = usm.get(oids, user, self._engine, number, secrets.token_bytes(8))
        made = await self._send(usm.plain(oids, number), sent, lambda reply: usm.opened(reply, user))
        refused = usm.is_refusal(made.reply)
        self._judge(made, made.status is Status.ANSWERED and bool(made.reply) and not refused)
        if refused:
            self.outcome, self.reason = Outcome.REFUSED, ""
        return made

    async def _send(self, recorded: bytes, sent: bytes, sift: Sift) -> Exchange:
        made = await self.line.exchange(
            recorded,
            probe=self.probe,
            protocol=Protocol.SNMP,
            done=bool,
            deadline=_DEADLINE,
            secret=Confidence(sent, sift),
        )
        self.keep(made)
        return made

    def _judge(self, made: Exchange, taken: bool) -> None:
        if taken:
            self.outcome = Outcome.ACCEPTED
        elif self.outcome is Outcome.ACCEPTED and made.status is Status.WITHHELD:
            self.reason = Reason.STOPPED
        elif self.outcome is Outcome.UNTRIED:
            is_held = made.status is Status.WITHHELD
            self.outcome = Outcome.WITHHELD if is_held else Outcome.UNCLEAR
            self.reason = Reason.STOPPED if is_held else Reason.NO_AGENT


def _user(told: Snmp, engine: usm.Engine) -> usm.User:
    """Return the operator's user at one engine; both keys come from the same kind of hash."""
    if told.proof is Proof.NONE:
        return usm.User(told.user.reveal())
    proof = told.proof.value
    has_privacy = told.privacy is not Privacy.NONE
    return usm.User(
        told.user.reveal(),
        proof,
        usm.key(told.proof_secret.reveal(), engine.id, proof),
        told.privacy.value if has_privacy else "",
        usm.key(told.privacy_secret.reveal(), engine.id, proof) if has_privacy else b"",
    )

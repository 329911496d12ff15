"""A line that reads a device's management tree with the owner's community, which stays inside."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from auditor.model import Exchange, Plan, Protocol, Status
from auditor.net.authenticated import Outcome
from auditor.net.line import Confidence, Line
from auditor.scope import Snmp
from auditor.wire import snmp_ask

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
    _asked: int = 0

    @property
    def plan(self) -> Plan:
        """The objects chosen for the device."""
        return self.line.plan

    async def get(self, oids: Sequence[str]) -> Exchange:
        """Ask for objects; silence is what a wrong community gets."""
        number = _NUMBER + self._asked
        self._asked += 1
        made = await self.line.exchange(
            snmp_ask.get(oids, "", number),
            probe=self.probe,
            protocol=Protocol.SNMP,
            done=bool,
            secret=Confidence(
                snmp_ask.get(oids, self.snmp.community.reveal(), number),
                lambda reply: snmp_ask.kept(reply, oids),
            ),
        )
        self.keep(made)
        if made.status is Status.ANSWERED:
            self.outcome = Outcome.ACCEPTED
        elif self.outcome is Outcome.UNTRIED:
            self.outcome = Outcome.WITHHELD if made.status is Status.WITHHELD else Outcome.UNCLEAR
        return made

"""A device as stored, the run that saw it, and how far the run got."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from auditor.model.conversation import Exchange, Observation
from auditor.model.finding import Finding
from auditor.model.identity import Identity
from auditor.model.login import Account


class State(StrEnum):
    """Whether a device is there, as far as anybody looked."""

    HEARD = "heard"
    """It answered when its address was last asked."""
    SILENT = "silent"
    """Its address was asked since, and nobody answered."""
    NOT_ASKED = "not asked"
    """The last whole audit of its site did not ask it, or nobody ever did: it is known from other evidence alone."""
    REPLACED = "replaced"
    """Another device answers in its place."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of a device, since when (UTC), and which device is in its place."""

    state: State = State.HEARD
    since: datetime | None = None
    by: str = ""
    """Key of the device in its place."""


@dataclass(frozen=True, slots=True)
class Retirement:
    """Somebody's word that a device was taken out of service for good: an event, and it can be undone."""

    at: datetime
    by: str
    reason: str
    replaced_by: str = ""
    """Key of the device that came in its place."""


@dataclass(frozen=True, slots=True)
class Device:
    """One physical thing, however many addresses it has had. `key` is `site/address` of first sight."""

    key: str
    site: str
    address: str
    """The address it was last seen at."""
    identity: Identity
    addresses: tuple[str, ...] = ()
    ports: tuple[tuple[str, int], ...] = ()
    """(transport, port) pairs that answered."""
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    source: str = "live"
    """`live`, or the kinds of file it is known from, joined by ", "."""
    observations: tuple[Observation, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    findings: tuple[Finding, ...] = ()
    granted: bool = True
    """False for a device that answered from outside the scope: seen, not contacted."""
    standing: Standing = Standing()
    retired: Retirement | None = None
    behind: str = ""
    """The address it shares with other devices, as behind a port forward; `address` then is `ADDRESS:PORT`."""
    accounts: tuple[Account, ...] = ()
    """How the owner's accounts fared at it, the most telling first; put in by `auditor.run.accounts`."""

    @property
    def is_retired(self) -> bool:
        """Whether somebody retired it, and nobody heard it since."""
        if self.retired is None:
            return False
        return self.last_seen is None or self.last_seen <= self.retired.at

    @property
    def is_present(self) -> bool:
        """Whether it counts as being on the network: nobody retired it, and nobody found it silent or replaced."""
        return not self.is_retired and self.standing.state in {State.HEARD, State.NOT_ASKED}


@dataclass(frozen=True, slots=True)
class Withheld:
    """Something we were asked to do and did not, and how many addresses it concerns."""

    reason: str
    addresses: int
    questions: int = 0
    """Of devices that answered: how many questions to them; 0 where whole addresses were left out."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far a run got. Silent and withheld addresses are said, never counted as fine."""

    granted: int
    """Addresses the scope grants, exclusions taken out."""
    swept: int
    answered: int
    silent: int
    withheld: tuple[Withheld, ...] = ()
    outside: int = 0
    """Devices that answered from outside the scope."""


@dataclass(frozen=True, slots=True)
class Run:
    """One audit: who allowed it, with which data and version, when, and whether it is complete."""

    id: str
    version: str
    scope_digest: str
    data_digest: str
    started: datetime
    ended: datetime | None
    complete: bool
    authorisation: str
    issued_by: str
    contact: str
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    sites: tuple[str, ...] = ()
    coverage: Coverage | None = None
    state: str = "running"
    """`running`, `complete`, `stopped`, `window closed`, `budget spent`, `partial`, `killed`."""
    notes: tuple[str, ...] = ()
    owners: tuple[tuple[str, str], ...] = ()
    """(site, who answers for it) pairs, as the scope names them."""
    whole: tuple[str, ...] | None = None
    """Sites this run was to audit whole: every granted address, method and listed port. None: nobody wrote it down."""

    @property
    def moment(self) -> datetime:
        """When it ended; where it did not, or has not yet, when it began."""
        return self.ended or self.started

    def owner(self, site: str) -> str:
        """Return who answers for a site, "" where the scope does not say."""
        return dict(self.owners).get(site, "")

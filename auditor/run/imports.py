"""Evidence that others recorded becomes a run of its own: kept, identified, and held to the scope in what it reports."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from auditor import probes
from auditor.model import Coverage, Exchange, Run, Withheld
from auditor.model.conversation import whole_text
from auditor.run.again import known_from
from auditor.run.behind import heard_last, own_exchanges, parted
from auditor.run.execute import ENDED, new_run
from auditor.scope import AddressSet, Authorisation, Refusal, Scope, Site, interval
from auditor.scope.scope import Why
from auditor.store import Presence, Store

NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for "the file does not say when": older than everything that does, so that it overrules nothing."""

NO_SCOPE = "no scope: everything in the files is described, as --no-scope asked"

_NOT_ABOUT_ADDRESSES = frozenset({Why.EXPIRED, Why.NOT_YET, Why.WINDOW})
"""Refusals to send. Reading what others recorded sends nothing, so these do not count."""
_FLUSH_AFTER = 200
RECORDED = '{"engine": "evidence that others recorded"}'
"""The options of a run that nobody can take up: what it read is in files."""


@dataclass(slots=True)
class _Seen:
    """What a run must know of one address until it is identified: at which ports it spoke, and to whom."""

    ports: set[tuple[str, int]] = field(default_factory=set)
    sources: set[str] = field(default_factory=set)

    def add(self, exchange: Exchange) -> None:
        """Take note of an exchange."""
        self.sources.add(exchange.source.partition(" ")[0])
        if exchange.endpoint.port and exchange.status.is_heard:
            self.ports.add((exchange.endpoint.transport.value, exchange.endpoint.port))


def unscoped(site: str) -> Scope:
    """Return what stands for a scope when there is none and the user said so: one site with every address."""
    everything = AddressSet((interval("0.0.0.0/0"), interval("::/0")))
    paper = Authorisation(
        reference=NO_SCOPE,
        issued_by="",
        contact="",
        valid_from=NO_TIME,
        valid_until=datetime(9999, 12, 31, tzinfo=UTC),
    )
    return Scope(paper, (Site(site, everything),), source=NO_SCOPE)


@dataclass(slots=True)
class Importer:
    """One run that is filled from evidence instead of from the network."""

    store: Store
    scope: Scope
    clock: Callable[[], datetime]
    site: str | None = None
    """Where the evidence comes from, for scopes in which the same addresses exist at several sites."""
    taken: Run | None = None
    """A run begun before that is filled further; else a new one is begun."""
    options: str = ""
    """With which options, for who would take the run up."""
    run: Run = field(init=False)
    outside: set[str] = field(default_factory=set)
    excluded: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    exchanges: int = 0
    _seen: dict[str, _Seen] = field(default_factory=dict)
    _held: dict[str, list[Exchange]] = field(default_factory=dict)
    """By subject, where the scope excludes hardware addresses, which may be told late."""
    _subjects: dict[tuple[str | None, str], str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.run = self.taken or new_run(self.scope, self.clock())
        self.store.begin(self.run, options=self.options or RECORDED)
        if self.taken is not None:
            for exchange in self.store.asked(self.run.id):
                self._seen.setdefault(exchange.device, _Seen()).add(exchange)

    @property
    def subjects(self) -> int:
        """How many addresses within the scope have spoken so far."""
        return len(self._seen) + len(self._held)

    def take(self, exchange: Exchange) -> bool:
        """Keep an exchange whose device is an address, if the scope holds it; outside it is counted, not described."""
        name = (self.site, exchange.device)
        if name not in self._subjects:
            self._subjects[name] = self._subject(exchange.device)
        subject = self._subjects[name]
        if subject is None:
            return False
        kept = replace(exchange, device=subject, id="")
        self.exchanges += 1
        if any(one.mac for one in self.scope.exclusions):
            self._held.setdefault(subject, []).append(kept)
        else:
            self._keep(subject, kept)
        return True

    def _keep(self, subject: str, exchange: Exchange) -> None:
        self._seen.setdefault(subject, _Seen()).add(exchange)
        self.store.add(self.run.id, (exchange,))
        if self.exchanges % _FLUSH_AFTER == 0:
            self.store.flush()

    def release(self) -> None:
        """Keep what was held back until every hardware address is known, but for the excluded ones."""
        for subject, exchanges in self._held.items():
            site, _, address = subject.rpartition("/")
            macs = {seen.value for one in exchanges for seen in probes.read(one) if seen.field == "mac"}
            refusals = (self.scope.admit(address, site=site, mac=mac, at=self.clock()) for mac in macs)
            if any(isinstance(one, Refusal) and one.why is Why.EXCLUDED for one in refusals):
                self.excluded.add(address)
                self.exchanges -= len(exchanges)
                continue
            for exchange in exchanges:
                self._keep(subject, exchange)
        self._held = {}

    def take_all(self, exchanges: Iterable[Exchange]) -> int:
        """Keep all of them; return how many were within the scope."""
        return sum(self.take(one) for one in exchanges)

    def note(self, words: str) -> None:
        """Remember what the report must say."""
        words = whole_text(words)
        if words not in self.notes:
            self.notes.append(words)

    def _subject(self, address: str) -> str | None:
        now = self.clock()
        admitted = self.scope.admit(address, site=self.site, at=now)
        if not isinstance(admitted, Refusal):
            return admitted.device
        if admitted.why in _NOT_ABOUT_ADDRESSES:
            if admitted.why is Why.EXPIRED:
                self.note(f"described though the authorisation is over ({admitted.reason}): nothing was sent")
            found = next(
                one.name
                for one in self.scope.sites
                if self.site in {None, one.name} and AddressSet((interval(address),)) & one.networks
            )
            return f"{found}/{admitted.address}"
        (self.excluded if admitted.why is Why.EXCLUDED else self.outside).add(admitted.address)
        if admitted.why is Why.AMBIGUOUS:
            self.note(f"{admitted.address}: {admitted.reason}")
        return None

    def finish(
        self,
        *,
        swept: int = 0,
        granted: int | None = None,
        ended: str = "",
        state: str = "",
        withheld: tuple[Withheld, ...] = (),
    ) -> Run:
        """Identify every address that spoke, write how far it got, and return the run.

        `swept` and `granted` count addresses where somebody looked for them; `ended` says why it ended early, `state`
        what the run is called then, `withheld` what was not asked and why.
        """
        state = state or ("stopped" if ended else "complete")
        if ended:
            self.store.event(self.run.id, self.clock(), ENDED, "", ended)
        self.release()
        self.store.flush()
        for subject in sorted(self._seen):
            self._identify(subject)
        self.store.settle()
        if self.excluded:
            withheld = (*withheld, Withheld(str(Why.EXCLUDED), len(self.excluded)))
        answered = len(self._seen)
        self.run = replace(
            self.run,
            ended=self.clock(),
            complete=state == "complete",
            state=state,
            coverage=Coverage(
                granted=answered if granted is None else granted,
                swept=swept,
                answered=answered,
                silent=max(0, swept - answered),
                withheld=withheld,
                outside=len(self.outside),
            ),
            notes=tuple(dict.fromkeys((*self.run.notes, *self.notes, *((ended,) if ended else ())))),
        )
        self.store.finish(self.run)
        return self.run

    def _identify(self, subject: str) -> None:
        """Identify one address from what the store holds of it, so that no more than one is in memory."""
        seen = self._seen[subject]
        site, _, address = subject.rpartition("/")
        said = tuple(self.store.said(self.run.id, subject))
        known = known_from(subject, said)
        for part, ports in parted(known, tuple(sorted(seen.ports))):
            met = Presence(
                site,
                address,
                heard_last(part, said, NO_TIME),
                ports,
                source=", ".join(sorted(seen.sources)),
                part=part.suffix,
            )
            self.store.save(
                self.run.id,
                met,
                part.identity,
                part.observations,
                marks=part.marks,
                exchanges=own_exchanges(known, part),
            )

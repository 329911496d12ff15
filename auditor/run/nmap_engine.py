"""nmap as the engine of a run: it connects and asks, within the scope, and its results are read as imports are.

What counts is what was finished: a piece that nmap did not bring to its end is neither swept nor silent, and is asked
again when the run is taken up.
"""

import asyncio
import json
import logging
import shlex
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby, islice
from pathlib import Path

from auditor.intake import EvidenceError, Problem, nmap_xml
from auditor.model import Exchange, Grant, Method, Protocol, Withheld
from auditor.net import Stop
from auditor.probes import sdk
from auditor.run.gate import EndedError, Gate, ends_at
from auditor.run.helper import Ended, Ending, run
from auditor.run.imports import Importer
from auditor.run.nmap_words import NmapError, arguments, program, rules, version_probes
from auditor.run.plan import Audit
from auditor.scope import AddressSet, OutsideScopeError, Scope, interval

logger = logging.getLogger(__name__)

SOURCE = "nmap"
ASKED = "asked by nmap"
"""The kind of the log's line that names addresses which nmap asked to the end."""
TOGETHER = 256
"""Addresses handed to one nmap."""
_FEWEST = 16
"""A piece that a closing window cut off is halved down to this many addresses, so that some fit into a window."""
_GOODBYE = timedelta(seconds=1)
"""How long before the end of its leave nmap is ended: the kernel still closes its connections then."""
_GAVE_UP = "time for one device over in nmap (--host-timeout)"
_TOO_SHORT = "no time window was long enough for nmap to finish"
_FAILED = "nmap did not finish"


@dataclass(slots=True)
class NmapEngine:
    """One run made by nmap: it sends, we read. Refused before anything is sent when scope or nmap do not suffice."""

    scope: Scope
    audit: Audit
    stop: Stop
    clock: Callable[[], datetime]
    asked: dict[str, AddressSet] = field(default_factory=dict)
    """By site, what was asked to the end, by earlier processes of the run too."""
    ended: str = ""
    """Why it ended early; empty when it did not."""
    state: str = "complete"
    _left_out: Counter[str] = field(default_factory=Counter)
    _gate: Gate = field(init=False)
    _waiting: Callable[[datetime], None] = lambda _: None
    _program: str = field(default_factory=program)

    def __post_init__(self) -> None:
        if Method.NMAP not in self.scope.methods:
            raise OutsideScopeError(
                "the scope does not allow nmap; add it under [methods] if your authorisation covers it"
            )
        if any(self.scope.bars_macs(one.name, self.clock()) for one in self.scope.sites):
            raise OutsideScopeError(
                "the scope excludes devices by hardware address, and nmap asks before anybody knows it; leave out --engine "
                "nmap, or exclude their addresses"
            )
        until = ends_at(self.clock(), self.audit.total_seconds)
        self._gate = Gate(self.scope, self.stop, self.clock, until, self.audit.waits, self._waiting)

    @property
    def swept(self) -> int:
        """How many addresses were asked to the end."""
        return sum(one.count() for one in self.asked.values())

    def withheld(self, granted: int) -> tuple[Withheld, ...]:
        """Return what was not asked to the end, by reason, of so many granted addresses."""
        rest = granted - self.swept - sum(self._left_out.values())
        reasons = Counter(self._left_out)
        if rest > 0:
            reasons["not asked to the end"] = rest
        return tuple(Withheld(reason, count) for reason, count in sorted(reasons.items()))

    def run(self, importer: Importer) -> None:
        """Ask nmap about everything the scope grants, a piece at a time, and fill the importer."""
        try:
            self._passed()
            for grants in self._pieces():
                self._piece(grants, importer)
            if self.withheld(self.scope.count(at=self.clock())):
                self.state = "partial"
        except EndedError as end:
            self.state, self.ended = end.state, end.reason

    def _passed(self) -> None:
        """Wait for our time windows; EndedError when nothing more may be sent."""
        asyncio.run(self._gate.passed())

    def _pieces(self) -> Iterator[tuple[Grant, ...]]:
        """Cut what is left to ask into pieces of one site and one version of IP each."""
        left = (one for one in self.scope.grants(at=self.clock()) if not self._was_asked(one))
        for _, grants in groupby(left, key=lambda one: (one.site, ":" in one.address)):
            while piece := tuple(islice(grants, TOGETHER)):
                yield piece

    def _was_asked(self, grant: Grant) -> bool:
        one = interval(grant.address)
        done = self.asked.get(grant.site)
        return done is not None and done.contains(one.version, one.first)

    def _piece(self, grants: tuple[Grant, ...], importer: Importer) -> None:
        """See to it that a piece is asked to its end, in parts where a window closes upon it."""
        left, retries = deque([grants]), 1
        while left:
            self._passed()
            now, given = self.clock(), left.popleft()
            some = self._granted(given, now)
            until = self._until(some)
            if self.scope.opening(now) != now or until <= now:
                left.appendleft(given)
                time.sleep(0.2)  # the last second before a border: the gate says what is behind it
                continue
            if not some:
                continue  # excluded meanwhile
            ended = self._asked(some, until, importer)
            if ended.how is Ending.STOPPED:
                self._gate.check()
            if ended.how is Ending.OVER and len(some) > _FEWEST:
                half = len(some) // 2
                left.extendleft((some[half:], some[:half]))
            elif ended.how in {Ending.OVER, Ending.SUSPENDED} and retries:
                left.appendleft(some)
                retries -= 1
            elif ended.how is not Ending.DONE:
                self._give_up(ended, len(some))

    def _give_up(self, ended: Ended, count: int) -> None:
        """Count what was not finished, and go no further where nmap cannot do it at all."""
        if ended.how is Ending.FAILED:
            words = f"{_FAILED} ({ended.detail}): {ended.complaints[:500] or 'it said nothing'}"
            raise NmapError(words)
        self._left_out[_TOO_SHORT if ended.how is Ending.OVER else f"{_FAILED}: {ended.how}"] += count

    def _granted(self, grants: Iterable[Grant], at: datetime) -> tuple[Grant, ...]:
        admitted = (self.scope.admit(one.address, site=one.site, at=at) for one in grants)
        return tuple(one for one in admitted if isinstance(one, Grant))

    def _until(self, grants: tuple[Grant, ...]) -> datetime:
        """Return when nmap must have ended."""
        ends = [one.until - _GOODBYE for one in grants]
        if self._gate.until is not None:
            ends.append(self._gate.until)
        return min(ends, default=self.scope.authorisation.valid_until)

    def _asked(self, grants: tuple[Grant, ...], until: datetime, importer: Importer) -> Ended:
        """Ask granted addresses, exactly those; then run the scripts kept to some ports where these were found open."""
        importer.site = grants[0].site
        found: dict[int, set[str]] = {}
        gave_up: set[str] = set()

        def kept(exchanges: Iterable[Exchange]) -> Iterator[Exchange]:
            for one in exchanges:
                if any(name == "nmap.port" for name, _ in one.observed):
                    found.setdefault(one.endpoint.port, set()).add(one.device)
                yield one

        round_ = _Round(self, until, importer, gave_up)
        ended = round_.made(grants, self._ports(), (), kept)
        for script, allowed in rules().narrow.items():
            ports = tuple(sorted(allowed & found.keys()))
            holders = set().union(*(found[port] for port in ports))
            again = tuple(one for one in grants if one.address in holders)
            if again and ended.how is Ending.DONE:
                ended = round_.made(again, ports, (script,), _without_observed)
        importer.release()
        if ended.how is Ending.DONE:
            self._count(grants, gave_up, importer)
        return ended

    def _count(self, grants: tuple[Grant, ...], gave_up: set[str], importer: Importer) -> None:
        """Count and write down what was asked to the end; what nmap gave up is asked when the run is taken up."""
        site = grants[0].site
        done = AddressSet(interval(one.address) for one in grants if one.address not in gave_up)
        self.asked[site] = self.asked.get(site, AddressSet()) | done
        if gave_up:
            self._left_out[_GAVE_UP] += len(gave_up)
        importer.store.event(importer.run.id, self.clock(), ASKED, site, json.dumps(done.texts()))
        importer.store.flush()

    def _ports(self) -> tuple[int, ...]:
        """Return what the first round asks; private ports only where they were asked for by number."""
        private = () if self.audit.ports else sdk.PORTS
        return tuple(port for port in self.audit.swept_ports if port not in private)


@dataclass(slots=True)
class _Round:
    """One calling of nmap after another for the same piece."""

    engine: NmapEngine
    until: datetime
    importer: Importer
    gave_up: set[str]

    def made(
        self,
        grants: tuple[Grant, ...],
        ports: tuple[int, ...],
        scripts: tuple[str, ...],
        sift: Callable[[Iterable[Exchange]], Iterator[Exchange]],
    ) -> Ended:
        """Run nmap once, and take in what it wrote though it did not finish: whoever answered did answer."""
        with tempfile.TemporaryDirectory(prefix="auditor-nmap-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            path = folder / "nmap.xml"
            versions = () if scripts else version_probes(folder)
            words = (*self._words(grants, path, ports, scripts), *versions)
            logger.info("%s", shlex.join(words))
            ended = run(words, folder, until=self.until, stop=self.engine.stop)
            is_done = ended.how is Ending.DONE
            try:
                self.importer.take_all(sift(self._read(path, tell_all=is_done)))
                self.gave_up |= set(nmap_xml.given_up(path))
            except (EvidenceError, OSError) as error:
                if is_done:
                    return Ended(
                        Ending.FAILED, f"it left no result that can be read: {error}", ended.complaints
                    )
            return ended

    def _read(self, path: Path, *, tell_all: bool) -> Iterator[Exchange]:
        def tell(problem: Problem) -> None:
            if tell_all:  # an nmap that was ended leaves an unfinished file
                self.importer.note(f"nmap: {problem.what}")

        for exchange in nmap_xml.read(path, tell, self.engine.clock()):
            yield replace(exchange, source=SOURCE, id="")

    def _words(
        self, grants: tuple[Grant, ...], path: Path, ports: tuple[int, ...], scripts: tuple[str, ...]
    ) -> tuple[str, ...]:
        """Return nmap's whole command line; addresses come from grants alone, so none can be an option."""
        engine = self.engine
        family = ("-6",) if ":" in grants[0].address else ()
        listed = ",".join(str(port) for port in ports)
        own = (*arguments(engine.scope, engine.audit, scripts), *family, "-p", listed, "-oX", str(path))
        return (engine._program, *own, *(grant.address for grant in grants))  # noqa: SLF001  its own class


def _without_observed(exchanges: Iterable[Exchange]) -> Iterator[Exchange]:
    return (one for one in exchanges if one.protocol is not Protocol.OBSERVED)


def asked_before(texts: Iterable[tuple[str, str]]) -> dict[str, AddressSet]:
    """Read what the log of a run says was asked, (site, text) pairs; what cannot be read was not asked."""
    found: dict[str, AddressSet] = {}
    for site, text in texts:
        try:
            some = AddressSet(interval(one) for one in json.loads(text))
        except (ValueError, TypeError, AttributeError) as error:
            logger.warning("what nmap asked cannot be read and counts as not asked: %s", error)
            continue
        found[site] = found.get(site, AddressSet()) | some
    return found

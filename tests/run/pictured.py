"""Stored runs as values, and what the picture of them says: the one place where tests of properties use the product."""

import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

from auditor.model import Device, Exchange, Run, Status, Transport, Verdict
from auditor.run.again import known_from
from auditor.run.coverage import Swept
from auditor.run.imports import Importer, unscoped
from auditor.run.judge import judge
from auditor.run.picture import picture
from auditor.run.record import Record
from auditor.run.target import Target
from auditor.run.work import work
from auditor.store import Access, Store

FIRST = datetime(2026, 9, 1, 12, tzinfo=UTC)
TODAY = date(2026, 11, 22)
SITE = "hall"
NETWORK = "127.125.9"
RESTRICTED = frozenset({"hikvision", "dahua", "huawei"})


@dataclass(frozen=True, slots=True)
class Hearing:
    """One run: when it was, which sites it audited whole, and everything it heard, in order."""

    name: str
    day: int
    exchanges: tuple[Exchange, ...]
    whole: bool = True
    source: str = "live"

    @property
    def at(self) -> datetime:
        return FIRST + timedelta(days=self.day)

    def without(self, exchange: Exchange) -> "Hearing":
        return replace(self, exchanges=tuple(one for one in self.exchanges if one.id != exchange.id))

    def and_then(self, more: Iterable[Exchange]) -> "Hearing":
        return replace(self, exchanges=(*self.exchanges, *more))


@dataclass(frozen=True, slots=True)
class View:
    """What a picture says, in plain values."""

    devices: Mapping[str, str]
    """Everything a reader is told of a device, by key."""
    who: Counter[str]
    """Devices as a reader would recognise them: address, claims, verdicts; without keys, which say who came first."""
    verdicts: Mapping[tuple[str, str], int]
    """How bad each finding of each device is: 3 affected, 2 possibly, 1 not assessed, 0 not affected."""
    open: frozenset[tuple[str, str]]
    """(order's action and device) that are to be done."""
    unheard: frozenset[tuple[str, str]]
    done: frozenset[tuple[str, str]]
    restricted: int
    """Devices on the network that one of the three makers built."""
    missing: int
    """As many of these makers that are known, and silent or not there when somebody last looked."""


BAD = {Verdict.AFFECTED: 3, Verdict.POSSIBLY_AFFECTED: 2, Verdict.NOT_ASSESSED: 1, Verdict.NOT_AFFECTED: 0}


def told(store: Store, hearing: Hearing) -> None:
    """Store a run as a scan or an import does: what it heard, who that is, and the judgement of it."""
    run = scanned(store, hearing) if hearing.source == "live" else imported(store, hearing)
    judge(store, run, today=TODAY, policy="us-federal")


def imported(store: Store, hearing: Hearing) -> str:
    importer = Importer(store, unscoped(SITE), lambda: hearing.at)
    importer.take_all(
        replace(one, device=one.endpoint.address, source=hearing.source, id="") for one in hearing.exchanges
    )
    return importer.finish().id


def scanned(store: Store, hearing: Hearing) -> str:
    run = Run(
        hearing.name, "0", "00", "00", hearing.at, hearing.at + timedelta(minutes=10), True, "test", "test", "test",
        sites=(SITE,), state="complete", whole=(SITE,) if hearing.whole else (),
    )  # fmt: skip
    store.begin(run, options=json.dumps({"ports": [], "port_shift": 0}))
    record = Record(store, run.id, lambda: run.ended or run.started)
    targets: dict[str, Target] = {}
    for exchange in hearing.exchanges:
        site, _, address = exchange.device.rpartition("/")
        target = targets.setdefault(exchange.device, Target(site, address))
        record.keep(target, exchange)
        if (
            exchange.status in {Status.ANSWERED, Status.GARBLED}
            and exchange.endpoint.transport is Transport.TCP
        ):
            target.ports.add((Transport.TCP, exchange.endpoint.port))
    for target in targets.values():
        known = known_from(target.subject, target.memory.exchanges)
        record.save(target, known)
        record.done(target)
    if hearing.whole:
        record.chunk(f"{SITE} {NETWORK}.0-{NETWORK}.255", Swept(256))
    store.settle()
    store.finish(run)
    return run.id


def seen(hearings: Sequence[Hearing]) -> View:
    """Store the runs in this order and look at the picture."""
    return _seen(tuple(hearings))


@cache
def _seen(hearings: tuple[Hearing, ...]) -> View:
    with (
        tempfile.TemporaryDirectory() as folder,
        Store.open(Path(folder) / "a.sqlite", Access.CREATE) as store,
    ):
        for hearing in hearings:
            told(store, hearing)
        view = picture(store)
        orders = work(store, view)
        return View(
            devices={one.key: text_of(one) for one in view.devices},
            who=Counter(recognised(one) for one in view.devices),
            verdicts={
                (one.key, finding.id): max(
                    BAD[each.verdict] for each in one.findings if each.id == finding.id
                )
                for one in view.devices
                for finding in one.findings
            },
            open=frozenset((order.action, key) for order in orders for key in order.devices),
            unheard=frozenset((order.action, key) for order in orders for key in order.unheard),
            done=frozenset((order.id, key) for order in orders for key in order.done),
            restricted=sum(
                one.is_present and one.identity.value("maker") in RESTRICTED for one in view.devices
            ),
            missing=sum(
                not one.is_present and one.identity.value("maker") in RESTRICTED for one in view.devices
            ),
        )


def text_of(device: Device) -> str:
    """Return all that is shown of a device."""
    return f"{recognised(device)} {device.addresses} {device.first_seen} {device.last_seen} {device.ports}"


def recognised(device: Device) -> str:
    claims = sorted((one.name, one.value, one.certainty.value) for one in device.identity.claims)
    findings = sorted((one.id, one.verdict.value, one.reason) for one in device.findings)
    return f"{device.address} {device.standing.state} {device.is_present} {claims} {findings}"

"""10,000 stored devices judged against all data and rendered: seconds of each, from the database to the page."""

import io
import json
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from auditor.exports import exports
from auditor.garbage import seldom_collected
from auditor.knowledge import knowledge_book, plan
from auditor.model import (
    Certainty,
    Claim,
    Coverage,
    Endpoint,
    Exchange,
    Identity,
    Match,
    Observation,
    Protocol,
    Run,
    Status,
)
from auditor.reporting import Context
from auditor.run.basis import judging_by
from auditor.run.judge import keep_judged
from auditor.store import Access, Presence, Store

COUNT = 10_000
TODAY = date(2026, 11, 22)
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
SITES = tuple(f"site-{number:02}" for number in range(20))
FORMATS = ("html", "csv", "md")
_CLAIMS = ("maker", "brand", "kind", "model", "firmware", "build_date")


def _models() -> tuple[dict[str, str], ...]:
    """Return what devices claim to be: every example of every advisory, hits and misses alike."""
    found = []
    for record in knowledge_book().advisories:
        for example in record.examples:
            values = {name: getattr(example, name) for name in _CLAIMS}
            found.append({name: value for name, value in values.items() if value})
    return tuple(found)


def _town(count: int) -> Iterator[tuple[str, str, Identity, tuple[Observation, ...]]]:
    """Yield (site, address, identity, observations), the same every time."""
    chance, models = random.Random(7), _models()
    for number in range(count):
        site = SITES[number % len(SITES)]
        address = f"10.{number // 62_500}.{number // 250 % 250}.{number % 250 + 1}"
        key = f"{site}/{address}"
        said = Exchange(
            key, "http_root", Protocol.HTTP, Endpoint(address, 80), b"GET / HTTP/1.1\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n\r\n", Status.ANSWERED, AT + timedelta(seconds=number),
        )  # fmt: skip
        pairs = [("http.server", "webserver"), ("http.title", f"Door {number}")]
        pairs += [("telnet.banner", "login:")] if chance.random() < 0.05 else []
        seen = tuple(Observation(name, value, said) for name, value in pairs)
        certainty = chance.choice((Certainty.CERTAIN, Certainty.CERTAIN, Certainty.FIRM, Certainty.TENTATIVE))
        claims = tuple(
            Claim(name, value, certainty, (Match("bench", seen[0], ((name, value),), certainty),))
            for name, value in chance.choice(models).items()
        )
        yield site, address, Identity(key, claims), seen


def _stored(path: Path, count: int) -> Run:
    run = Run(
        "bench", "0", "00", "00", AT, AT, True, "benchmark", "nobody", "nobody@example.org",
        sites=SITES, coverage=Coverage(count, count, count, 0), state="complete",
    )  # fmt: skip
    with Store.open(path, Access.CREATE) as store:
        store.begin(run, options=json.dumps({}))
        for site, address, identity, seen in _town(count):
            store.add(run.id, [seen[0].exchange])
            store.save(run.id, Presence(site, address, AT, (("tcp", 80),)), identity, seen)
        store.finish(run)
    return run


@seldom_collected()
def run(out: Path) -> dict[str, object]:
    """Measure judging and keeping, work orders, and each form of the report; seconds by clock and of processor."""
    path = out / "assessment.sqlite"
    for leftover in out.glob("assessment.sqlite*"):
        leftover.unlink()
    measured: dict[str, object] = {"devices": COUNT}
    audit, watch = _stored(path, COUNT), _Watch(measured)
    judging = judging_by(None, policy="us-federal", today=TODAY, otherwise=TODAY)
    watch.start()
    with Store.open(path) as store:
        before = tuple(store.devices(audit.id, with_bytes=False))
        watch.lap("read")
        found = tuple(replace(device, findings=judging.of(device)) for device in before)
        watch.lap("assess")
        keep_judged(store, audit.id, judging, all_anew=True)
        watch.lap("keep")
    measured["findings"] = sum(len(device.findings) for device in found)
    orders = plan(found)
    watch.lap("plan")
    measured["orders"] = len(orders)
    context = Context(orders, assessed=True)
    for name in FORMATS:
        document = io.BytesIO()
        watch.start()
        exports()[name].write(audit, found, document, context=context)
        watch.lap(name)
        measured[f"{name}_mb"] = round(len(document.getvalue()) / 1e6, 1)
    return measured


class _Watch:
    """Writes down how long each step took."""

    def __init__(self, measured: dict[str, object]) -> None:
        self._measured = measured
        self.start()

    def start(self) -> None:
        """Begin to count."""
        self._clock, self._processor = time.perf_counter(), time.process_time()

    def lap(self, name: str) -> None:
        """Write down the seconds since the last lap, and begin another."""
        clock, processor = time.perf_counter() - self._clock, time.process_time() - self._processor
        self._measured[f"{name}_seconds"] = round(clock, 2)
        self._measured[f"{name}_processor_seconds"] = round(processor, 2)
        self.start()

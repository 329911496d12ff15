"""Runs against servers on loopback, through the run's front door."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from auditor.model import Method, Run, Status
from auditor.net import Stop
from auditor.run import Audit, begin, resume
from auditor.run.execute import Execution, utc_now
from auditor.run.past import Past
from auditor.scope import OutsideScopeError, Scope, Window, loopback
from auditor.store import Access, Store

SHIFT = 23_000
BASE = f"127.{1 + os.getpid() % 90}.{os.getpid() // 90 % 250}"
TCP_ONLY = frozenset(
    {Method.TCP_SWEEP, Method.HTTP, Method.RTSP, Method.TLS, Method.ONVIF, Method.SDK, Method.BANNERS}
)
REALM = 'Digest realm="DVR", nonce="aa"'


@dataclass
class Served:
    """A server's answer to every request, and what it was asked."""

    reply: bytes = (
        b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm="x"\r\nContent-Length: 0\r\n\r\n'
    )
    delay: float = 0.0
    heard: list[bytes] = field(default_factory=list)
    connections: int = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            request = await asyncio.wait_for(reader.read(4096), 5)
            if request:
                self.heard.append(request)
                await asyncio.sleep(self.delay)
                writer.write(self.reply)
                await writer.drain()
        except (OSError, TimeoutError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(*places: tuple[str, int, Served]) -> AsyncIterator[None]:
    servers = [await asyncio.start_server(served, address, port + SHIFT) for address, port, served in places]
    try:
        yield
    finally:
        for server in servers:
            server.close()


def scope_of(*targets: str, **changes: object) -> Scope:
    return replace(loopback().narrow(targets=targets, methods=TCP_ONLY), **changes)  # type: ignore[arg-type]


def audit(*ports: int, **changes: object) -> Audit:
    return replace(Audit(ports=ports or (80, 554), port_shift=SHIFT), **changes)  # type: ignore[arg-type]


async def scanned(
    scope: Scope,
    options: Audit,
    store: Store,
    *,
    stop: Stop | None = None,
    run: Run | None = None,
    past: Past | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Run:
    begun = begin(scope)
    return await Execution(
        scope, options, store, stop or Stop(), run or begun.run, past or begun.past, clock=clock
    ).execute()


def trial(folder: Path, act: Callable[[Store], Awaitable[None]]) -> None:
    async def main() -> None:
        with Store.open(folder / "audit.sqlite", Access.CREATE) as store:
            await act(store)

    asyncio.run(main())


def test_who_answers_is_kept_with_what_was_asked_and_said(tmp_path: Path) -> None:
    async def act(store: Store) -> None:
        web = Served(b"HTTP/1.1 200 OK\r\nServer: Thing/1\r\nContent-Length: 2\r\n\r\nhi")
        async with serving((f"{BASE}.1", 80, web)):
            run = await scanned(scope_of(f"{BASE}.1"), audit(), store)
        assert (run.complete, run.state) == (True, "complete")
        (device,) = store.devices(run.id)
        assert device.key == f"loopback/{BASE}.1"
        assert ("tcp", 80) in device.ports
        assert ("http.server", "Thing/1") in {(one.field, one.value) for one in device.observations}
        assert all(one.status is not Status.BUG for one in device.exchanges)
        assert web.heard[0].startswith(b"GET / HTTP/1.1\r\n")

    trial(tmp_path, act)


def test_an_address_without_open_port_is_no_device(tmp_path: Path) -> None:
    async def act(store: Store) -> None:
        run = await scanned(scope_of(f"{BASE}.3"), audit(), store)
        assert run.complete
        assert list(store.devices(run.id)) == []
        assert run.coverage is not None
        assert run.coverage.swept == 1

    trial(tmp_path, act)


def test_an_excluded_address_hears_nothing(tmp_path: Path) -> None:
    async def act(store: Store) -> None:
        wanted, spared = Served(), Served()
        async with serving((f"{BASE}.5", 80, wanted), (f"{BASE}.6", 80, spared)):
            scope = scope_of(f"{BASE}.4/30").narrow(exclude=[f"{BASE}.6"])
            run = await scanned(scope, audit(), store)
        assert wanted.connections > 0
        assert spared.connections == 0
        assert run.coverage is not None
        assert {one.reason: one.addresses for one in run.coverage.withheld} == {"excluded by the scope": 1}

    trial(tmp_path, act)


def test_a_host_that_accepts_everything_is_marked_and_asked_no_further(tmp_path: Path) -> None:
    ports = tuple(range(9200, 9220))

    async def act(store: Store) -> None:
        tarpit = Served(delay=0.4)
        async with serving(*((f"{BASE}.7", port, tarpit) for port in ports)):
            run = await scanned(scope_of(f"{BASE}.7"), audit(*ports), store)
        (device,) = store.devices(run.id)
        assert any("tarpit" in one.detail for one in device.exchanges if one.status is Status.WITHHELD)
        assert len(tarpit.heard) <= 8

    trial(tmp_path, act)


def test_a_host_that_drips_nonsense_is_asked_two_questions_and_no_more(tmp_path: Path) -> None:
    asked: list[bytes] = []

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked.append(await reader.read(4096))
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.5)
        except OSError:
            writer.close()

    async def act(store: Store) -> None:
        places = [
            await asyncio.start_server(drip, f"{BASE}.19", port + SHIFT) for port in (80, 88, 554, 8080)
        ]
        run = await scanned(scope_of(f"{BASE}.19"), audit(80, 88, 554, 8080), store)
        for place in places:
            place.close()
        (device,) = store.devices(run.id)
        reasons = [one.detail for one in device.exchanges if one.status is Status.WITHHELD]
        assert reasons == ["its answers never end, asked no further"]
        assert len([one for one in asked if one]) == 2

    trial(tmp_path, act)


def test_a_page_that_one_port_served_is_not_asked_for_at_the_next(tmp_path: Path) -> None:
    async def act(store: Store) -> None:
        page = b"HTTP/1.1 200 OK\r\nServer: App-webs/\r\nContent-Length: 2\r\n\r\nhi"
        first, second = Served(page), Served(page)
        async with serving((f"{BASE}.20", 80, first), (f"{BASE}.20", 81, second)):
            await scanned(scope_of(f"{BASE}.20"), audit(80, 81), store)
        both = [{one.partition(b" HTTP/")[0] for one in served.heard} for served in (first, second)]
        pages = both[0] - both[1]
        assert pages, "what is suspected has pages of its own"
        assert both[1] < both[0]

    trial(tmp_path, act)


def test_a_stopped_run_goes_on_where_it_ended_and_asks_nothing_twice(tmp_path: Path) -> None:
    async def act(store: Store) -> None:
        served = {f"{BASE}.{last}": Served(delay=0.15) for last in range(9, 15)}
        scope = scope_of(f"{BASE}.8/29")
        async with serving(*((address, 80, one) for address, one in served.items())):
            stop = Stop()
            asyncio.get_running_loop().call_later(0.5, stop.set, "told to")
            began = asyncio.get_running_loop().time()
            first = await scanned(scope, audit(), store, stop=stop)
            assert asyncio.get_running_loop().time() - began < 2.5
            assert (first.complete, first.state) == (False, "stopped")
            again = resume(scope, audit(), store)
            assert again.run.id == first.id
            second = await scanned(scope, audit(), store, run=again.run, past=again.past)
        assert second.complete
        devices = list(store.devices(second.id))
        assert len(devices) == len(served)
        for device in devices:
            asked = [
                (one.endpoint, one.probe, one.request)
                for one in device.exchanges
                if one.status is not Status.WITHHELD
            ]
            assert len(asked) == len(set(asked))
        # What was under way when we stopped got its answer, and is not put again either.
        for one in served.values():
            assert len(one.heard) == len(set(one.heard))

    trial(tmp_path, act)


def test_another_scope_may_not_resume(tmp_path: Path) -> None:
    async def act(store: Store) -> None:
        stop = Stop()
        stop.set("before it began")
        await scanned(scope_of(f"{BASE}.1"), audit(), store, stop=stop)
        with pytest.raises(OutsideScopeError, match="another scope"):
            resume(scope_of(f"{BASE}.2"), audit(), store)
        with pytest.raises(ValueError, match="other options"):
            resume(scope_of(f"{BASE}.1"), audit(81), store)

    trial(tmp_path, act)


def test_a_complete_run_cannot_be_resumed(tmp_path: Path) -> None:
    async def act(store: Store) -> None:
        await scanned(scope_of(f"{BASE}.1"), audit(), store)
        with pytest.raises(ValueError, match="every run is complete"):
            resume(scope_of(f"{BASE}.1"), audit(), store)

    trial(tmp_path, act)


def test_a_database_without_a_run_has_none_to_resume(tmp_path: Path) -> None:
    async def act(store: Store) -> None:
        with pytest.raises(ValueError, match="holds no run to take up"):
            resume(scope_of(f"{BASE}.1"), audit(), store)

    trial(tmp_path, act)


def test_time_for_the_run_is_kept_and_said(tmp_path: Path) -> None:
    async def act(store: Store) -> None:
        async with serving((f"{BASE}.1", 80, Served(delay=3.0))):
            run = await scanned(scope_of(f"{BASE}.1"), audit(total_seconds=0.6), store)
        assert (run.complete, run.state) == (False, "budget spent")

    trial(tmp_path, act)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 3, hour, minute, tzinfo=UTC)


def windowed(*targets: str) -> Scope:
    window = Window(frozenset(range(7)), time(9), time(10), ZoneInfo("UTC"))
    return scope_of(*targets, windows=(window,))


def test_outside_its_windows_a_run_that_may_not_wait_ends_without_sending(tmp_path: Path) -> None:
    async def act(store: Store) -> None:
        served = Served()
        async with serving((f"{BASE}.1", 80, served)):
            run = await scanned(windowed(f"{BASE}.1"), audit(waits=False), store, clock=lambda: at(8))
        assert (run.complete, run.state) == (False, "window closed")
        assert served.connections == 0
        assert any("2026-11-03 09:00" in note for note in run.notes)

    trial(tmp_path, act)


def test_outside_its_windows_a_run_waits_for_the_next(tmp_path: Path) -> None:
    async def act(store: Store) -> None:
        served = Served()
        began = asyncio.get_running_loop().time()

        def clock() -> datetime:
            # One second of the loop is half a minute of the run.
            return at(8, 59) + timedelta(seconds=30 * (asyncio.get_running_loop().time() - began))

        async with serving((f"{BASE}.1", 80, served)):
            run = await scanned(windowed(f"{BASE}.1"), audit(), store, clock=clock)
        assert run.complete
        assert served.connections > 0
        assert all(one.at is not None and one.at >= at(9) for one in store.asked(run.id))
        assert [event.kind for event in store.events(run.id, "waiting")] == ["waiting"]

    trial(tmp_path, act)


def test_an_authorisation_that_has_ended_ends_the_run(tmp_path: Path) -> None:
    async def act(store: Store) -> None:
        scope = scope_of(f"{BASE}.1")
        paper = replace(scope.authorisation, valid_until=at(8))
        served = Served()
        async with serving((f"{BASE}.1", 80, served)):
            run = await scanned(replace(scope, authorisation=paper), audit(), store, clock=lambda: at(9))
        assert (run.complete, run.state) == (False, "window closed")
        assert served.connections == 0

    trial(tmp_path, act)


def test_a_window_that_closes_under_way_leaves_a_run_that_can_go_on(tmp_path: Path) -> None:
    async def act(store: Store) -> None:
        began = asyncio.get_running_loop().time()

        def clock() -> datetime:
            return at(9, 59) + timedelta(seconds=58 + asyncio.get_running_loop().time() - began)

        scope = windowed(f"{BASE}.1")
        async with serving((f"{BASE}.1", 80, Served(delay=1.5))):
            run = await scanned(scope, audit(waits=False), store, clock=clock)
            assert (run.complete, run.state) == (False, "window closed")
            sent = [one.at for one in store.asked(run.id) if one.status is not Status.WITHHELD]
            assert all(moment is not None and moment <= at(10) for moment in sent)
            again = resume(scope, audit(waits=False), store)
            done = await scanned(
                scope, audit(), store, run=again.run, past=again.past, clock=lambda: at(9, 30)
            )
        assert done.complete
        assert len(list(store.devices(done.id))) == 1

    trial(tmp_path, act)


def test_results_do_not_depend_on_who_answers_first(tmp_path: Path) -> None:
    async def act(store: Store) -> None:
        slow_first = [(f"{BASE}.{last}", 80, Served(delay=0.5 / last)) for last in range(9, 15)]
        async with serving(*slow_first):
            run = await scanned(scope_of(f"{BASE}.8/29"), audit(), store)
        assert [one.address for one in store.devices(run.id)] == [f"{BASE}.{last}" for last in range(9, 15)]

    trial(tmp_path, act)

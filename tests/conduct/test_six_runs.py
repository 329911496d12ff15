"""Six runs, judged by a capture of everything the scanning host sent: nothing outside, nothing after the end, caps as stated.

Whatever a run could wrongly contact exists behind the cable, and there is a way to it. The caps are those of the default
pace; what the kernel adds is stated in docs/scope.md with the figures held here.
"""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from lab.sensor import Caps
from lab.sensor import judge as sensor
from lab.sensor.event import read_journal
from tests.conduct.frames import Kind, Packet
from tests.conduct.ground import NEEDS, Cable, await_file, ground, lab_at
from tests.conduct.pcap_judge import Bounds, Rates, Verdict, judge
from tests.lab.stage import PAPER, ROOT

pytestmark = [pytest.mark.netns, pytest.mark.slow, NEEDS]

NETWORK, OUT = "10.90.1.0/28", "10.90.9.1"
OWN = "10.90.1.14/24"
BOUNDS = Bounds((NETWORK,), ("10.90.1.2/32",), segment=True)
SITE = f"""[[site]]
name = "hall"
networks = ["{NETWORK}"]
"""
EXCLUDED = """[[exclude]]
address = "10.90.1.2"
reason = "must not be touched"
"""
CAMERA = "hikvision-hikvision-ds-2cd2385g1-i-v5.6.2"
PERSONAS = (CAMERA, "dahua-dahua-ipc-hdw5421s-2.400.0.8")
PORTS = ("-p", "80,443,554,8000")
PEERS = ("endless", "crumbs", "drip", "resets", "elsewhere", "hangs")
HOST, SUBNET, TOTAL, REQUESTS = 40, 200, 1000, 2
EDGE = 3
"""Both ends of a second may hold an evenly paced packet; see lab/sensor/verdict.py."""
CRUMBS = 120
"""Packets a second that a host wrings from the kernel which sends an answer in crumbs: docs/scope.md."""
NMAP = 120
"""The same of nmap, which paces its connections but not what it says on them."""


@dataclass(frozen=True)
class Run:
    """How a run ended and what went over each cable."""

    done: "subprocess.CompletedProcess[str]"
    sent: tuple[tuple[Packet, ...], ...]
    folder: Path


def native(folder: Path) -> Run:
    """Devices of two kinds behind one cable, asked without multicast and ARP."""
    return _lab(folder, PAPER + SITE + EXCLUDED, *PORTS)


def segment(folder: Path) -> Run:
    """The same on our own segment, with groups, broadcast, ARP and a device excluded by its hardware address."""
    barred = '[[exclude]]\nmac = "02:4a:00:00:00:99"\nreason = "must not be touched"\n'
    listening = PAPER + SITE + 'interfaces = ["eth0"]\n' + EXCLUDED + barred
    return _lab(folder, listening, "-p", "80", neighbour="02:4a:00:00:00:99")


def accounts(folder: Path) -> Run:
    """A camera whose owner handed over an account."""
    secret = folder / "accounts.toml"
    secret.write_text(
        '[[entry]]\nname = "hall"\nsite = "hall"\nuser = "lab-operator"\npassword = "only-in-the-lab-7"\n',
        encoding="utf-8",
    )
    secret.chmod(0o600)
    allowed = '[methods]\nallow = ["tcp-sweep", "http", "onvif", "credentials"]\n'
    return _lab(folder, PAPER + SITE + EXCLUDED + allowed, "-p", "80", "--credentials", str(secret))


def nmap(folder: Path) -> Run:
    """nmap in our place."""
    allowed = '[methods]\nallow = ["tcp-sweep", "http", "rtsp", "tls", "banners", "nmap"]\n'
    scope = PAPER + SITE + EXCLUDED + allowed
    return _lab(folder, scope, *PORTS, "--engine", "nmap", "--host-timeout", "30s")


def overlapping(folder: Path) -> Run:
    """Two sites with the same private range, of which one is chosen; a stop file ends it."""
    sites = "".join(
        f'[[site]]\nname = "{name}"\nnetworks = ["{NETWORK}"]\ninterfaces = ["eth{number}"]\n'
        for number, name in enumerate(("north", "south"))
    )
    (folder / "scope.toml").write_text(PAPER + sites + EXCLUDED, encoding="utf-8")
    there = tuple(f"10.90.1.{number}/24" for number in range(1, 6))
    with ground(folder, Cable(OWN, there, (f"{OUT}/32",)), Cable("10.90.1.13/24", there)) as up:
        for number in range(2):
            lab_at(up, NETWORK, PERSONAS, number=number, interface="10.90.1.1", outside="10.90.1.4")
        with ThreadPoolExecutor(1) as pool:
            scanning = pool.submit(up.scan, "--site", "north", *PORTS, "--stop-file", str(folder / "stop"))
            _await_pages(folder / "sensor0.jsonl", 4)
            (folder / "stop").touch()
            stopped = time.time()  # noqa: TID251 - a capture has the time of the clock
            done = scanning.result()
        time.sleep(2.5)
        run = Run(done, tuple(tuple(up.sent(number)) for number in range(2)), folder)
    (folder / "stopped").write_text(str(stopped), encoding="ascii")
    return run


def hostile(folder: Path) -> Run:
    """Peers that send without end, in crumbs, slowly, elsewhere, too much, or nothing."""
    (folder / "scope.toml").write_text(PAPER + SITE + 'interfaces = ["eth0"]\n' + EXCLUDED, encoding="utf-8")
    there = tuple(f"10.90.1.{number}/24" for number in range(1, 10))
    with ground(folder, Cable(OWN, there, (f"{OUT}/32",))) as up:
        up.start(
            up.theirs[0], sys.executable, str(ROOT / "tests/conduct/hostile.py"), str(folder / "up"), OUT,
            *(f"{name}=10.90.1.{number}" for number, name in enumerate(PEERS, 3)),
        )  # fmt: skip
        await_file(folder / "up")
        return Run(up.scan(*PORTS, "--host-timeout", "8s"), (tuple(up.sent()),), folder)


def _await_pages(journal: Path, count: int) -> None:
    for _ in range(600):
        if journal.exists() and journal.read_bytes().count(b'"request": "GET ') >= count:
            return
        time.sleep(0.1)


def _lab(folder: Path, scope: str, *words: str, neighbour: str = "") -> Run:
    (folder / "scope.toml").write_text(scope, encoding="utf-8")
    there = tuple(f"10.90.1.{number}/24" for number in range(1, 6))
    with ground(folder, Cable(OWN, there, (f"{OUT}/32",))) as up:
        if neighbour:
            up.add_neighbour("10.90.1.7/24", neighbour)
        lab_at(up, NETWORK, PERSONAS, interface="10.90.1.1", outside=OUT)
        return Run(up.scan(*words), (tuple(up.sent()),), folder)


RUNS: dict[str, Callable[[Path], Run]] = {
    one.__name__: one for one in (native, segment, accounts, nmap, overlapping, hostile)
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, "Future[Run]"]]:
    """Make all of them side by side: most of the time they wait for their turn."""
    chosen = {name: run for name, run in RUNS.items() if name != "nmap" or shutil.which("nmap")}
    with ThreadPoolExecutor(6) as pool:
        yield {name: pool.submit(run, tmp_path_factory.mktemp(name)) for name, run in chosen.items()}


def test_native(runs: dict[str, "Future[Run]"]) -> None:
    run = runs["native"].result()
    verdict = judge(run.sent[0], replace(BOUNDS, segment=False))
    assert run.done.returncode == 0, run.done.stderr[-2000:]
    assert verdict.trespasses == ()
    assert verdict.unbidden == ()
    _as_stated(verdict)
    assert verdict.syns_again == 0
    assert verdict.kinds[Kind.DATA] > 20


def test_on_our_own_segment(runs: dict[str, "Future[Run]"]) -> None:
    run = runs["segment"].result()
    verdict = judge(run.sent[0], replace(BOUNDS, excluded_macs=("02:4a:00:00:00:99",)))
    assert run.done.returncode == 0, run.done.stderr[-2000:]
    assert verdict.trespasses == ()
    _as_stated(verdict)
    groups = {one.to for one in run.sent[0] if one.kind is Kind.DATAGRAM}
    assert {"239.255.255.250", "255.255.255.255"} <= groups
    asked = [one for one in run.sent[0] if one.kind is Kind.ARP and one.to == "10.90.1.7"]
    assert asked, "who has the address is asked, and nothing more"
    assert not [one for one in run.sent[0] if one.to == "10.90.1.7" and one.kind is not Kind.ARP]
    silent = [one for one in run.sent[0] if one.to == "10.90.1.9"]
    assert {one.kind for one in silent} == {Kind.ARP}
    assert len(silent) <= 9, "an address that nobody has costs a few questions, not one for each port"


def test_with_accounts(runs: dict[str, "Future[Run]"]) -> None:
    run = runs["accounts"].result()
    verdict = judge(run.sent[0], replace(BOUNDS, segment=False))
    assert run.done.returncode == 0, run.done.stderr[-2000:]
    assert verdict.trespasses == ()
    _as_stated(verdict)
    shown = [one for one in run.sent[0] if b"Authorization:" in one.payload]
    assert shown
    assert {one.kind for one in shown} == {Kind.DATA}
    caps = Caps(requests_host=REQUESTS)
    assert sensor(read_journal(run.folder / "sensor0.jsonl"), caps=caps, accounts=("*",)).clean


def test_with_nmap(runs: dict[str, "Future[Run]"]) -> None:
    if "nmap" not in runs:
        pytest.skip("nmap is not installed")
    run = runs["nmap"].result()
    verdict = judge(run.sent[0], replace(BOUNDS, segment=False))
    assert run.done.returncode == 0, run.done.stderr[-2000:]
    assert verdict.trespasses == ()
    assert verdict.kinds[Kind.DATA] > 5
    assert verdict.all.host <= NMAP, verdict.all
    assert verdict.all.total <= TOTAL


def test_sites_with_the_same_range_are_kept_apart_and_a_stop_is_the_end(
    runs: dict[str, "Future[Run]"],
) -> None:
    run = runs["overlapping"].result()
    north, south = run.sent
    stopped = float((run.folder / "stopped").read_text(encoding="ascii"))
    verdict = judge(north, replace(BOUNDS, spans=((0.0, stopped),)))
    assert run.done.returncode == 4, run.done.stderr[-2000:]
    assert verdict.trespasses == ()
    assert {one.kind for one in verdict.late_farewells} <= {Kind.ARP, Kind.CLOSE, Kind.ACK}
    assert verdict.kinds[Kind.DATA] > 3
    _as_stated(verdict)
    assert not [one for one in south if one.kind not in {Kind.HOST, Kind.ARP_ANSWER}], (
        "nothing of the other site"
    )


def test_with_hostile_peers(runs: dict[str, "Future[Run]"]) -> None:
    run = runs["hostile"].result()
    crumbs = f"10.90.1.{3 + PEERS.index('crumbs')}"
    verdict = judge(run.sent[0], BOUNDS)
    assert run.done.returncode in {0, 4}, run.done.stderr[-2000:]
    assert verdict.trespasses == ()
    _as_stated(judge([one for one in run.sent[0] if one.to != crumbs], BOUNDS))
    assert verdict.questions.host <= HOST + EDGE
    assert verdict.all.host <= CRUMBS
    assert verdict.all.total <= TOTAL
    assert verdict.syns_again == 0


def _as_stated(verdict: Verdict) -> None:
    """Hold a verdict to the caps of the default pace, the kernel's own packets included."""
    assert _within(verdict.all, HOST + EDGE), verdict.all
    assert _within(verdict.questions, HOST + EDGE), verdict.questions
    assert _within(verdict.arp, 2 * 2 + EDGE), verdict.arp
    assert verdict.requests_host <= REQUESTS + 1, "both ends of a second may hold one"


def _within(rates: Rates, host: float) -> bool:
    return rates.host <= host and rates.subnet <= SUBNET + EDGE and rates.total <= TOTAL + EDGE

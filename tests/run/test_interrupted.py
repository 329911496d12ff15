"""A scan ended at any moment and in any way: all that reads it reads on, and --resume comes to the undisturbed result.

AUDITOR_KILL_MOMENTS says at how many moments, spread over the whole run; the ways of ending it take turns.
"""

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from tests.lab.stage import PAPER, READABLE, Said, Stage, has_begun, served

BEGAN = date(*time.gmtime()[:3])

MOMENTS = int(os.environ.get("AUDITOR_KILL_MOMENTS", "4"))
NETWORK = "127.126.1.0/27"
DEVICES = (
    "hikvision-hikvision-ds-2cd2385g1-i-v5.6.2",
    "hikvision-hikvision-ds-7616ni-k2-v4.74.210",
    "hikvision-hilook-ipc-t250h-v5.5.83",
    "hikvision-hikvision-ds-2cd2132-i-v5.2.0",
    "dahua-dahua-dh-nvr4108hs-8p-4ks2-3.212.0000.1",
    "dahua-dahua-ipc-hdw1025c-2.420.dahua-00.14.r",
    "dahua-ez-ip-ipc-d2b20-zs-2.680.0000000.2.r",
    "huawei-holosens-m2141-10-ei",
    "axis-axis-m3085-v",
    "unknown-nobrand-nothing-nginx",
    "unknown-nobrand-nothing-resets",
)
SCOPE = f"""{PAPER}[[site]]
name = "hall"
networks = ["{NETWORK}"]
[methods]
allow = ["tcp-sweep", "sadp", "dhip", "dahua-5050", "ws-discovery", "ssdp", "http", "tls", "rtsp", "onvif", "banners",
  "sdk", "credentials"]
[pace]
requests_per_second_host = 12
packets_per_second_host = 200
packets_per_second_subnet = 2000
"""
ACCOUNTS = f"""[[entry]]
name = "all of the hall"
networks = ["{NETWORK}"]
user = "lab-operator"
password = "only-in-the-lab-7"
"""
READING: tuple[tuple[str, ...], ...] = (
    ("devices",),
    ("devices", "--jsonl"),
    ("findings",),
    ("plan", "--steps"),
    ("report", "--format", "md", "-o", "report"),
    ("export", "jsonl"),
    ("assess", "--dry-run"),
    ("runs",),
)
"""Every command that reads what a scan has left, `show` beside them."""

pytestmark = pytest.mark.slow


class Way(StrEnum):
    """How a scan is ended."""

    CTRL_C = "SIGINT"
    TERMINATED = "SIGTERM"
    OUT_OF_TIME = "--max-time"
    KILLED = "kill -9"


SIGNALS = {Way.CTRL_C: signal.SIGINT, Way.TERMINATED: signal.SIGTERM, Way.KILLED: signal.SIGKILL}
CODES = {Way.CTRL_C: {130}, Way.TERMINATED: {130}, Way.OUT_OF_TIME: {4}, Way.KILLED: {-9}}
"""With what each way ends a scan that was under way."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When, as a share of what an undisturbed run takes, and how."""

    share: float
    way: Way
    accounts: bool = False

    def __str__(self) -> str:
        return f"{self.way}{' with accounts' if self.accounts else ''} at {self.share:.0%}"


def moments() -> Iterator[Moment]:
    """Spread the moments over the run, the ways taking turns; every fourth of them once more with accounts."""
    ways = tuple(Way)
    for number in range(MOMENTS):
        share = (number + 0.5) / MOMENTS
        yield Moment(share, ways[number % len(ways)])
        if number % 4 == 2:
            # Logins come last at each device, so the later half of a run is the one to look at.
            yield Moment(0.5 + share / 2, ways[number // 4 % len(ways)], accounts=True)


@dataclass(frozen=True, slots=True)
class Result:
    """What a run came to: what its user reads, and what the devices were asked."""

    seconds: float
    identities: dict[str, object]
    findings: Counter[str]
    orders: dict[str, object]
    asked: Counter[tuple[str, str, int, str, str]]


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("hall")
    (folder / "scope.toml").write_text(SCOPE, encoding="utf-8")
    (folder / "accounts.toml").write_text(ACCOUNTS, encoding="utf-8")
    (folder / "accounts.toml").chmod(0o600)
    only = [word for one in DEVICES for word in ("--only", one)]
    with served(folder, "--network", NETWORK, "--elsewhere", "127.126.99.1", *only) as stage:
        yield stage


@pytest.fixture(scope="module")
def undisturbed(hall: Stage) -> Callable[[bool], Result]:
    """Return what an undisturbed run comes to, with accounts or without; each is made once."""
    made: dict[bool, Result] = {}

    def result(accounts: bool) -> Result:
        if accounts not in made:
            db = f"undisturbed-{accounts}.sqlite"
            since, began = len(hall.events()), time.monotonic()
            hall.auditor(*scan(db, accounts=accounts))
            made[accounts] = result_of(hall, db, since, time.monotonic() - began)
        return made[accounts]

    return result


def scan(db: str, *more: str, accounts: bool) -> tuple[str, ...]:
    with_accounts = ("--credentials", "accounts.toml") if accounts else ()
    return ("scan", "--scope", "scope.toml", "--db", db, "--policy", "us-federal", *with_accounts, *more)


def result_of(hall: Stage, db: str, since: int, seconds: float) -> Result:
    return Result(
        seconds,
        {one["device"]: identity(one) for one in hall.auditor("devices", "--db", db, "--jsonl").records()},
        Counter(finding(one) for one in hall.auditor("findings", "--db", db, "--jsonl").records()),
        {one["id"]: one for one in hall.auditor("plan", "--db", db, "--jsonl").records()},
        hall.asked(since),
    )


def identity(device: dict[str, Any]) -> object:
    """Return what a device is taken for and where it answers, without the moments that differ from run to run."""
    claims = {
        name: [claim["value"], claim["certainty"]]
        for name, claim in {**device, **device["more"]}.items()
        if isinstance(claim, dict) and "certainty" in claim and name != "clock"
    }
    return {"claims": claims, "ports": device["ports"], "addresses": device["addresses"]}


def finding(record: dict[str, Any]) -> str:
    """Return what a finding says, without the evidence, whose names and repetitions differ from run to run."""
    facts = {**record["facts"], "seen": sorted(record["facts"].get("seen", "").split(", "))}
    facts.pop("age in days", None)
    claims = sorted(f"{one['claim']}={one['value']} {one['certainty']}" for one in record["because"])
    said = {name: value for name, value in record.items() if name != "observations"}
    text = json.dumps({**said, "facts": facts, "because": claims}, sort_keys=True)
    for day in {BEGAN, date(*time.gmtime()[:3])}:  # these tests may go on past midnight, and judge by the day
        text = text.replace(day.isoformat(), "today")
    return text


def end_at(hall: Stage, db: str, moment: Moment, seconds: float) -> int:
    """Begin a scan, end it at the moment in the way meant, and return its exit code."""
    after = moment.share * seconds
    if moment.way is Way.OUT_OF_TIME:
        return hall.try_out(
            *scan(db, "--max-time", f"{max(1, round(after))}s", accounts=moment.accounts)
        ).code
    process = hall.start(*scan(db, accounts=moment.accounts))
    for _ in range(400):
        if has_begun(hall.folder / db) or process.poll() is not None:
            break
        time.sleep(0.05)
    time.sleep(after)
    # nsenter becomes the program it starts, so the signal reaches the auditor itself.
    process.send_signal(SIGNALS[moment.way])
    process.communicate(timeout=60)
    return process.returncode


def is_complete(hall: Stage, db: str) -> bool:
    (run,) = hall.auditor("runs", "--db", db, "--jsonl").records()
    return bool(run["complete"])


def told(said: Said, *words: str) -> str:
    return f"auditor {' '.join(words)} ended with {said.code}:\n{said.out[-600:]}\n{said.err[-1200:]}"


def assert_everything_reads(hall: Stage, db: str) -> None:
    """Every reading command ends well, and says something of what was heard."""
    keys = [one["device"] for one in hall.auditor("devices", "--db", db, "--jsonl").records()]
    for words in (*READING, *(("show", key) for key in keys[:2])):
        said = hall.try_out(*words, "--db", db)
        assert said.code in READABLE, told(said, *words)
        assert "Traceback" not in said.err, told(said, *words)


@pytest.mark.parametrize("moment", list(moments()), ids=str)
def test_an_interrupted_scan_is_readable_at_once_and_resumes_to_the_undisturbed_result(
    hall: Stage, undisturbed: Callable[[bool], Result], moment: Moment
) -> None:
    meant = undisturbed(moment.accounts)
    db = f"{moment}.sqlite".replace(" ", "-")
    since = len(hall.events())
    code = end_at(hall, db, moment, meant.seconds)
    assert_everything_reads(hall, db)
    if not is_complete(hall, db):
        assert code in CODES[moment.way], code
        hall.auditor(*scan(db, "--resume", accounts=moment.accounts))
    elif moment.way is Way.KILLED:  # when only the judging was left
        hall.auditor("assess", "--db", db, "--policy", "us-federal")
    assert_everything_reads(hall, db)
    found = result_of(hall, db, since, 0)
    said = differences(found, meant, most_lost=4 if moment.way is Way.KILLED else 0)
    assert not said, "\n".join(said)


def differences(found: Result, meant: Result, *, most_lost: int) -> list[str]:
    """Say in what a resumed run differs from an undisturbed one; so many questions a device may have lost."""
    said = [f"device {key}: {found.identities.get(key)} instead of {meant.identities.get(key)}"
            for key in sorted({*found.identities, *meant.identities})
            if found.identities.get(key) != meant.identities.get(key)]  # fmt: skip
    said += [f"finding too many: {one}" for one in (found.findings - meant.findings).elements()]
    said += [f"finding missing: {one}" for one in (meant.findings - found.findings).elements()]
    said += [f"order {key}: {found.orders.get(key)} instead of {meant.orders.get(key)}"
             for key in sorted({*found.orders, *meant.orders})
             if found.orders.get(key) != meant.orders.get(key)]  # fmt: skip
    # A login that is taken up again needs a fresh nonce: it puts one question more without the account.
    bare = {one for one in found.asked if with_login(one) in found.asked or with_login(one) in meant.asked}
    more = {one: count - max(1, meant.asked[one]) for one, count in found.asked.items()}
    twice = Counter({one: count for one, count in more.items() if count > (1 if one in bare else 0)})
    lost = Counter(address for address, *_ in twice.elements())
    if max(lost.values(), default=0) > most_lost:
        said += [f"asked twice: {question}" for question in twice]
    # How often a nonce had to be renewed is the device's mood; that a question was not put at all is not.
    # What a device tells without the account when a login is taken up again is not asked with it.
    put = {*found.asked, *map(with_login, found.asked)}
    return said + [f"never asked: {question}" for question in meant.asked if question not in put]


Question = tuple[str, str, int, str, str]


def with_login(question: Question) -> Question:
    """Return a question as the lab counts it where it shows an account."""
    address, transport, port, protocol, words = question
    return address, transport, port, protocol, f"{words}authorization:\n"


def test_a_scan_out_of_time_and_resumed_in_the_whole_lab_stays_readable(tmp_path: Path) -> None:
    """As a user met it: 12 seconds of a lab of all personas, then --resume; everything ended in 70 from then on."""
    (tmp_path / "scope.toml").write_text(SCOPE.replace("127.126.1.0/27", "127.126.2.0/24"), encoding="utf-8")
    with served(tmp_path, "--network", "127.126.2.0/24", "--elsewhere", "127.126.99.1") as stage:
        words = ("scan", "--scope", "scope.toml", "--db", "a.sqlite")
        assert stage.try_out(*words, "--max-time", "12s").code == 4
        assert_everything_reads(stage, "a.sqlite")
        resumed = stage.try_out(*words, "--resume")
        assert resumed.code in {0, 4}, told(resumed, *words)
        assert_everything_reads(stage, "a.sqlite")
        (run,) = stage.auditor("runs", "--db", "a.sqlite", "--jsonl").records()
        assert run["complete"]
        assert len(stage.auditor("devices", "--db", "a.sqlite", "--jsonl").lines) == len(
            json.loads((tmp_path / "ready.json").read_text(encoding="utf-8"))["devices"]
        )

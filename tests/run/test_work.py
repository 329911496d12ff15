"""What becomes of work from run to run, with a real database and the shipped knowledge."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from auditor.cli import run as command
from auditor.fingerprint.marks import marks
from auditor.model import (
    Certainty,
    Claim,
    Endpoint,
    Exchange,
    Identity,
    Match,
    Observation,
    Protocol,
    Run,
    Status,
    WorkOrder,
)
from auditor.run.judge import judge
from auditor.run.picture import picture
from auditor.run.work import work
from auditor.store import CONNECT, RETIRED, Access, Presence, Store, Word

TODAY = date(2026, 11, 22)
FIRST = datetime(2026, 11, 22, 12, tzinfo=UTC)
CAMERA = {
    "maker": "dahua",
    "brand": "dahua",
    "kind": "camera",
    "model": "IPC-HFW5442T-ASE",
    "firmware": "2.800.0000000.6.R",
    "build_date": "2020-03-14",
}
MENDED = {**CAMERA, "firmware": "2.800.0000000.40.R", "build_date": "2026-05-01"}


def heard(
    store: Store,
    number: int,
    devices: dict[str, dict[str, str]],
    *,
    telnet: tuple[str, ...] = (),
    outside: tuple[str, ...] = (),
    closed: tuple[str, ...] = (),
    silent: tuple[str, ...] = (),
    policy: str | None = None,
    complete: bool = True,
) -> Run:
    """Store a run that heard these devices with these claims, and judge it.

    Telnet was open on some; on others it was tried again and is `closed`; others were tried and are `silent`.
    """
    at = FIRST + timedelta(days=number)
    audit = Run(
        f"run-{number}", "0", "00", "00", at, at, complete, "test", "test", "test",
        sites=("town-hall",), owners=(("town-hall", "IT office"),), state="complete" if complete else "stopped",
    )  # fmt: skip
    with_telnet = {address: [(23, "telnet.banner", "login:")] for address in telnet}
    store.begin(audit, options=json.dumps({"ports": [], "port_shift": 0}))
    for address, claims in devices.items():
        key = f"town-hall/{address}"
        seen = [(80, "http.status", "200"), *with_telnet.get(address, [])]
        said = [Observation(name, value, exchange(key, address, port, at)) for port, name, value in seen]
        store.add(audit.id, [one.exchange for one in said], granted=address not in outside)
        made = Identity(key, tuple(claim(name, value, said[0]) for name, value in claims.items()))
        ports = frozenset(("tcp", port) for port, _, _ in seen)
        met = Presence("town-hall", address, at, tuple(sorted(ports)), granted=address not in outside)
        if address in closed:
            store.add(audit.id, [tried(key, address, 23, at, Status.REFUSED)])
        store.save(audit.id, met, made, said, marks=marks(made, said))
    for address in silent:
        store.add(audit.id, [tried(f"town-hall/{address}", address, 80, at, Status.SILENT)])
    store.settle()
    store.finish(audit)
    judge(store, audit.id, today=TODAY, policy=policy)
    return audit


def exchange(key: str, address: str, port: int, at: datetime) -> Exchange:
    return Exchange(key, "p", Protocol.HTTP, Endpoint(address, port), b"?", b"!", Status.ANSWERED, at)


def tried(key: str, address: str, port: int, at: datetime, status: Status) -> Exchange:
    return Exchange(key, CONNECT, Protocol.OBSERVED, Endpoint(address, port), b"", b"", status, at)


def claim(name: str, value: str, seen: Observation) -> Claim:
    return Claim(name, value, Certainty.CERTAIN, (Match("r", seen, ((name, value),), Certainty.FIRM),))


def orders(store: Store, run: Run) -> dict[str, WorkOrder]:
    made = work(store, picture(store, as_of=run.started))
    assert len({order.id for order in made}) == len(made)
    return {f"{order.action} {order.target.partition(' ')[0]}": order for order in made}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.sqlite"


def test_the_first_run_leaves_open_work(path: Path) -> None:
    with Store.open(path, Access.CREATE) as store:
        found = orders(store, heard(store, 1, {"127.0.0.11": CAMERA}, telnet=("127.0.0.11",)))
    assert {order.state for order in found.values()} == {"open"}
    assert found["close-service telnet"].devices == ("town-hall/127.0.0.11",)


def test_work_is_done_partly_done_open_not_heard_and_new_as_the_second_run_finds_it(path: Path) -> None:
    with Store.open(path, Access.CREATE) as store:
        town = {f"127.0.0.{n}": CAMERA for n in (11, 12, 13)}
        before = orders(store, heard(store, 1, town, telnet=("127.0.0.11",)))
        after = heard(
            store, 2, {"127.0.0.11": MENDED, "127.0.0.12": CAMERA, "127.0.0.20": {}}, telnet=("127.0.0.20",),
            closed=("127.0.0.11",), silent=("127.0.0.13",),
        )  # fmt: skip
        now = orders(store, after)
    update, was = now["update build"], before["update build"]
    assert (update.id, update.state) == (was.id, "partly done")
    assert update.done == ("town-hall/127.0.0.11",)
    assert update.devices == ("town-hall/127.0.0.12",)
    assert update.unheard == ("town-hall/127.0.0.13",), "nobody knows of the one that is silent"
    telnet = now["close-service telnet"]
    assert (telnet.state, telnet.devices, telnet.done) == (
        "partly done",
        ("town-hall/127.0.0.20",),
        ("town-hall/127.0.0.11",),
    )
    assert now["investigate who"].state == "new"


def test_telnet_is_not_closed_because_nobody_looked(path: Path) -> None:
    with Store.open(path, Access.CREATE) as store:
        heard(store, 1, {"127.0.0.11": CAMERA}, telnet=("127.0.0.11",))
        now = orders(store, heard(store, 2, {"127.0.0.11": CAMERA}))
    assert now["close-service telnet"].state == "open"
    assert now["close-service telnet"].devices == ("town-hall/127.0.0.11",)


def test_an_update_is_not_done_because_the_firmware_is_no_longer_told(path: Path) -> None:
    silent = {name: value for name, value in CAMERA.items() if name not in {"firmware", "build_date"}}
    with Store.open(path, Access.CREATE) as store:
        heard(store, 1, {"127.0.0.11": CAMERA})
        now = orders(store, heard(store, 2, {"127.0.0.11": silent}))
    assert now["update build"].state == "open"
    assert now["investigate the"].state == "new"


def test_a_device_that_was_not_asked_again_keeps_its_work_and_its_age(path: Path) -> None:
    with Store.open(path, Access.CREATE) as store:
        heard(store, 1, {"127.0.0.11": CAMERA, "127.0.0.12": CAMERA})
        heard(store, 2, {"127.0.0.11": CAMERA})
        now = orders(store, heard(store, 3, {"127.0.0.11": MENDED}))
    assert now["update build"].devices == ("town-hall/127.0.0.12",)
    assert now["update build"].done == ("town-hall/127.0.0.11",)


def test_work_at_a_silent_device_is_never_urgent_and_is_done_once_it_is_retired(path: Path) -> None:
    with Store.open(path, Access.CREATE) as store:
        heard(store, 1, {"127.0.0.11": CAMERA})
        gone = heard(store, 2, {}, silent=("127.0.0.11",))
        update = orders(store, gone)["update build"]
        assert (update.state, update.devices, update.unheard) == ("not heard", (), ("town-hall/127.0.0.11",))
        store.retire(Word(RETIRED, gone.started, "town-hall/127.0.0.11", "J. Doe", "scrapped"))
        update = orders(store, gone)["update build"]
        assert (update.state, update.done) == ("done", ("town-hall/127.0.0.11",))


def test_a_policy_that_was_given_up_is_no_replacement_done(path: Path) -> None:
    with Store.open(path, Access.CREATE) as store:
        first = heard(store, 1, {"127.0.0.11": CAMERA}, policy="us-federal")
        assert any(name.startswith("replace") for name in orders(store, first))
        now = orders(store, heard(store, 2, {"127.0.0.11": CAMERA}, policy="none"))
    assert not any(name.startswith("replace") for name in now)


def test_devices_outside_the_scope_and_devices_nobody_identified_are_judged_too(path: Path) -> None:
    with Store.open(path, Access.CREATE) as store:
        town: dict[str, dict[str, str]] = {"127.0.0.11": {}, "127.0.0.99": {"maker": "dahua"}}
        run = heard(store, 1, town, telnet=("127.0.0.11",), outside=("127.0.0.99",))
        found = {d.address: {f.id for f in d.findings} for d in store.devices(run.id)}
        now = orders(store, run)
    assert {"telnet-open", "advisories-not-assessed-maker"} <= found["127.0.0.11"]
    assert "outside-site" in found["127.0.0.99"]
    assert not any("127.0.0.99" in order.check for order in now.values())


def test_the_command_lists_orders_by_state_site_and_owner(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Store.open(path, Access.CREATE) as store:
        heard(store, 1, {"127.0.0.11": CAMERA}, telnet=("127.0.0.11",))
        heard(store, 2, {"127.0.0.11": CAMERA}, closed=("127.0.0.11",))
    assert command(["plan", "--db", str(path), "--jsonl", "--state", "done"]) == 0
    (done,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert done["title"].startswith("Close telnet")
    assert (done["owner"], done["done"], done["devices"]) == ("IT office", ["town-hall/127.0.0.11"], [])
    assert command(["plan", "--db", str(path), "--json", "--site", "elsewhere"]) == 0
    assert json.loads(capsys.readouterr().out)["orders"] == []
    assert (
        command(["plan", "--db", str(path), "--owner", "IT office", "--priority", "act now", "--steps"]) == 0
    )
    told = capsys.readouterr()
    assert "ACT NOW    open" in told.out
    assert "town-hall (IT office)" in told.out
    assert "Check afterwards: auditor scan --scope scope.toml 127.0.0.11" in told.out
    assert "work orders: " in told.err


def test_the_report_says_what_became_of_the_work(path: Path, tmp_path: Path) -> None:
    with Store.open(path, Access.CREATE) as store:
        heard(store, 1, {"127.0.0.11": CAMERA, "127.0.0.12": CAMERA}, telnet=("127.0.0.11",))
        heard(
            store,
            2,
            {"127.0.0.11": CAMERA},
            policy="us-federal",
            closed=("127.0.0.11",),
            silent=("127.0.0.12",),
        )
    assert command(["report", "--db", str(path), "--format", "html,md", "-o", str(tmp_path / "r")]) == 0
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Work orders: " in page
    assert "1 silent when last asked" in page
    assert "Not heard, so not known whether it was done there" in page
    assert "Responsible: IT office" in page
    assert "policy “us-federal”" in page
    text = (tmp_path / "r.md").read_text(encoding="utf-8")
    assert "- [x] **Close telnet" in text
    assert "us-ndaa-889-a" in text or "889" in text


def test_nothing_a_device_is_called_acts_on_the_terminal(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = {**CAMERA, "model": "IPC-HFW5442T-ASE\x1b[2J\u202e=cmd|'!A0 <script>"}
    with Store.open(path, Access.CREATE) as store:
        heard(store, 1, {"127.0.0.11": hostile})
    for arguments in (["plan", "--steps"], ["findings"], ["assess", "--dry-run"]):
        assert command([*arguments, "--db", str(path)]) == 0
        told = capsys.readouterr().out
        assert told
        assert "\x1b" not in told
        assert "\u202e" not in told

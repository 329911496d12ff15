"""What becomes of work from run to run, with a real database and the shipped knowledge."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from auditor.cli import run as command
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
from auditor.run.judge import basis_of, judge
from auditor.run.work import work
from auditor.store import Access, Presence, Store

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
SWEPT = json.dumps({"swept": 8, "withheld": []})


def heard(
    store: Store,
    number: int,
    devices: dict[str, dict[str, str]],
    *,
    telnet: tuple[str, ...] = (),
    outside: tuple[str, ...] = (),
    swept: bool = True,
    policy: str | None = None,
    done: tuple[str, ...] | None = None,
) -> Run:
    """Store a run that heard these devices with these claims, telnet on some, and judge it."""
    at = FIRST + timedelta(days=number)
    audit = Run(
        f"run-{number}", "0", "00", "00", at, at, done is None, "test", "test", "test",
        sites=("town-hall",), owners=(("town-hall", "IT office"),), state="complete" if done is None else "stopped",
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
        store.save(audit.id, met, made, said)
        if done is None or address in done:
            store.event(audit.id, at, "done", key)
    if swept:
        store.event(audit.id, at, "swept", "town-hall all", SWEPT)
    store.finish(audit)
    judge(store, audit.id, today=TODAY, policy=policy)
    return audit


def exchange(key: str, address: str, port: int, at: datetime) -> Exchange:
    return Exchange(key, "p", Protocol.HTTP, Endpoint(address, port), b"?", b"!", Status.ANSWERED, at)


def claim(name: str, value: str, seen: Observation) -> Claim:
    return Claim(name, value, Certainty.CERTAIN, (Match("r", seen, ((name, value),), Certainty.FIRM),))


def orders(store: Store, run: Run) -> dict[str, WorkOrder]:
    basis = basis_of(store, run.id)
    assert basis
    made = work(store, run, tuple(store.devices(run.id, with_bytes=False)), policy=basis.name, today=TODAY)
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


def test_work_is_done_partly_done_open_and_new_as_the_second_run_finds_it(path: Path) -> None:
    with Store.open(path, Access.CREATE) as store:
        town = {f"127.0.0.{n}": CAMERA for n in (11, 12, 13)}
        before = orders(store, heard(store, 1, town, telnet=("127.0.0.11",)))
        after = heard(
            store, 2, {"127.0.0.11": MENDED, "127.0.0.12": CAMERA, "127.0.0.20": {}}, telnet=("127.0.0.20",)
        )
        now = orders(store, after)
    update, was = now["update build"], before["update build"]
    assert (update.id, update.state) == (was.id, "partly done")
    assert update.done == ("town-hall/127.0.0.11",)
    assert set(update.devices) == {"town-hall/127.0.0.12", "town-hall/127.0.0.13"}, (
        "the one not heard stays open"
    )
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
        now = orders(store, heard(store, 2, {"127.0.0.11": CAMERA}, swept=False))
    assert now["close-service telnet"].state == "open"
    assert now["close-service telnet"].devices == ("town-hall/127.0.0.11",)


def test_an_update_is_not_done_because_the_firmware_is_no_longer_told(path: Path) -> None:
    silent = {name: value for name, value in CAMERA.items() if name not in {"firmware", "build_date"}}
    with Store.open(path, Access.CREATE) as store:
        heard(store, 1, {"127.0.0.11": CAMERA})
        now = orders(store, heard(store, 2, {"127.0.0.11": silent}))
    assert now["update build"].state == "open"
    assert now["investigate the"].state == "new"


def test_a_device_not_heard_twice_still_has_its_work(path: Path) -> None:
    with Store.open(path, Access.CREATE) as store:
        heard(store, 1, {"127.0.0.11": CAMERA, "127.0.0.12": CAMERA})
        heard(store, 2, {"127.0.0.11": CAMERA})
        now = orders(store, heard(store, 3, {"127.0.0.11": MENDED}))
    assert now["update build"].devices == ("town-hall/127.0.0.12",)
    assert now["update build"].done == ("town-hall/127.0.0.11",)


def test_a_policy_that_was_given_up_is_no_replacement_done(path: Path) -> None:
    with Store.open(path, Access.CREATE) as store:
        first = heard(store, 1, {"127.0.0.11": CAMERA}, policy="us-federal")
        assert any(name.startswith("replace") for name in orders(store, first))
        now = orders(store, heard(store, 2, {"127.0.0.11": CAMERA}))
    assert not any(name.startswith("replace") for name in now)


def test_a_run_that_was_stopped_says_nothing_of_devices_it_had_not_finished(path: Path) -> None:
    with Store.open(path, Access.CREATE) as store:
        heard(store, 1, {"127.0.0.11": CAMERA, "127.0.0.12": CAMERA})
        stopped = heard(store, 2, {"127.0.0.11": MENDED, "127.0.0.12": MENDED}, done=("127.0.0.12",))
        now = orders(store, stopped)
    assert now["update build"].devices == ("town-hall/127.0.0.11",)
    assert now["update build"].done == ("town-hall/127.0.0.12",)


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
        heard(store, 2, {"127.0.0.11": CAMERA})
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
    assert "work orders of run run-2" in told.err


def test_a_run_nobody_judged_has_no_plan_and_says_what_to_do(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Store.open(path, Access.CREATE) as store:
        run = heard(store, 1, {"127.0.0.11": CAMERA})
        store.db.conn.execute("DELETE FROM finding")
        store.db.conn.execute("DELETE FROM event WHERE kind = 'judged'")
    assert command(["plan", "--db", str(path)]) == 2
    assert f"auditor assess --db {path} --run {run.id}" in capsys.readouterr().err


def test_the_report_says_what_became_of_the_work(path: Path, tmp_path: Path) -> None:
    with Store.open(path, Access.CREATE) as store:
        heard(store, 1, {"127.0.0.11": CAMERA, "127.0.0.12": CAMERA}, telnet=("127.0.0.11",))
        heard(store, 2, {"127.0.0.11": CAMERA}, policy="us-federal")
    assert command(["report", "--db", str(path), "--format", "html,md", "-o", str(tmp_path / "r")]) == 0
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Since the last audit:" in page
    assert "1 not heard in this audit" in page
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

"""What we withheld for reasons of our own makes a run `partial`, is counted by reason, and is asked when it is taken up."""

import asyncio
import json
import os
import re
import resource
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.model import Run, Status
from auditor.net import Stop
from auditor.run import begin, resume
from auditor.run.execute import Execution
from auditor.run.progress import Progress
from auditor.store import Access, Store
from tests.reliability.witness import Outcome, Witness
from tests.run.test_execute import BASE, Served, audit, scanned, scope_of, serving, trial

ROOT = Path(__file__).resolve().parents[2]
WEB = b"HTTP/1.1 200 OK\r\nServer: Thing/1\r\nContent-Length: 2\r\n\r\nhi"
SCOPE = """schema_version = 1
[authorisation]
reference = "Order 11"
issued_by = "the town"
contact = "audit@town.example"
valid_from = 2020-01-01T00:00:00Z
valid_until = 2100-01-01T00:00:00Z
[methods]
allow = ["tcp-sweep", "http", "sadp"]
[pace]
packets_per_second_subnet = 40
[[site]]
name = "hall"
networks = ["198.18.7.0/27"]
"""
LINK = """
set -eu
ip link add v0 type veth peer name v1
ip address add 198.18.7.1/24 dev v0
ip link set v0 up
ip link set v1 up
(until test -s a.sqlite; do sleep 0.1; done; sleep 1.5; ip link set "$LINK" down) &
set +e
"$PYTHON" -m auditor.cli scan --scope scope.toml --db a.sqlite -p 80,554 --json > first.json
echo $? > first.code
ip link set v1 up
ip link set v0 up
sleep 0.5
"$PYTHON" -m auditor.cli scan --scope scope.toml --db a.sqlite -p 80,554 --json --resume > second.json
echo $? > second.code
"""


@pytest.mark.netns
@pytest.mark.slow
@pytest.mark.skipif(
    os.geteuid() != 0 or not all(shutil.which(name) for name in ("ip", "unshare")),
    reason="needs root, ip, unshare",
)
@pytest.mark.parametrize(
    ("name", "link", "reason"),
    [
        ("link lost on this side", "v0", "not sent by this machine: network is unreachable"),
        ("link lost on the far side", "v1", "not sent by this machine: its link was down"),
    ],
)
def test_a_link_lost_under_way_leaves_a_run_that_asks_the_rest_later(
    tmp_path: Path, reliability: Witness, name: str, link: str, reason: str
) -> None:
    (tmp_path / "scope.toml").write_text(SCOPE, encoding="utf-8")
    done = subprocess.run(
        ("unshare", "--net", "bash", "-c", LINK), cwd=tmp_path, check=False, capture_output=True, text=True,
        timeout=120, env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHON": sys.executable, "LINK": link},
    )  # fmt: skip
    if "unshare failed" in done.stderr or "Operation not" in done.stderr:
        pytest.skip("this kernel gives no namespaces")
    first, second = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("first", "second"))
    assert (tmp_path / "first.code").read_text() == "4\n", done.stderr
    assert (first["state"], first["complete"]) == ("partial", False)
    covered = first["coverage"]
    withheld = {one["reason"]: one["addresses"] for one in covered["withheld"]}
    assert withheld[reason] > 10
    assert covered["swept"] + sum(withheld.values()) >= covered["granted"] == 30
    assert covered["silent"] < 30, "who was not asked is not silent"
    assert (tmp_path / "second.code").read_text() == "0\n", done.stderr
    assert (second["state"], second["coverage"]["silent"]) == ("complete", 30)
    assert second["coverage"]["withheld"] == []
    assert second["run"] == first["run"]
    left = f"run {first['state']}; who was not asked is counted with the reason, and not as silent"
    then = f"with the link, `scan --resume`: exit 0; run {second['state']}, all {second['coverage']['silent']} asked"
    reliability.saw(name, Outcome("`scan`: exit 4", f"… addresses: {reason}", left, then))


def starved(path: str, targets: str) -> Run:
    """Scan in this process, which gets no descriptor any more as soon as somebody has answered."""

    def starve(now: Progress) -> None:
        if now.found:
            _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))

    scope = scope_of(targets)
    with Store.open(path, Access.CREATE) as store:
        begun = begin(scope)
        return asyncio.run(
            Execution(scope, audit(80), store, Stop(), begun.run, begun.past, watch=starve).execute()
        )


def test_too_few_descriptors_leave_a_run_that_asks_the_rest_later(tmp_path: Path) -> None:
    async def act(store: Store) -> None:
        web = Served(WEB, delay=0.4)
        targets = f"{BASE}.16/28"
        script = "import sys; from tests.run.test_owed import starved; starved(*sys.argv[1:])"
        async with serving(*((f"{BASE}.{number}", 80, web) for number in (17, 18, 19))):
            scan = await asyncio.create_subprocess_exec(
                sys.executable,
                "-c",
                script,
                str(store.path),
                targets,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
            assert await scan.wait() == 0
            run = store.run()
            assert (run.state, run.complete) == ("partial", False)
            assert run.coverage is not None
            (withheld,) = (one for one in run.coverage.withheld if one.questions)
            assert withheld.reason == "not sent by this machine: no socket left, too many open files"
            assert 1 <= withheld.addresses <= 3
            scope = scope_of(targets)
            again = resume(scope, audit(80), store)
            run = await scanned(scope, audit(80), store, run=again.run, past=again.past)
        assert (run.state, run.complete) == ("complete", True)
        assert run.coverage is not None
        assert not any(one.questions for one in run.coverage.withheld)
        assert len(list(store.devices(run.id))) == 3

    trial(tmp_path, act)


def test_a_device_whose_time_is_over_is_asked_the_rest_when_the_run_is_taken_up(tmp_path: Path) -> None:
    async def act(store: Store) -> None:
        scope, slow = scope_of(f"{BASE}.33"), Served(WEB, delay=0.4)
        short = audit(80, device_seconds=1.0)
        async with serving((f"{BASE}.33", 80, slow)):
            run = await scanned(scope, short, store)
            assert (run.state, run.complete) == ("partial", False)
            assert run.coverage is not None
            (withheld,) = run.coverage.withheld
            assert (withheld.reason, withheld.addresses) == ("the device's time of 1 s is over", 1)
            assert withheld.questions > 0
            asked = len(slow.heard)
            again = resume(scope, audit(80), store)
            run = await scanned(scope, audit(80), store, run=again.run, past=again.past)
        assert run.complete
        assert len(slow.heard) > asked
        assert len(set(slow.heard)) == len(slow.heard), "nothing is asked twice"

    trial(tmp_path, act)


def test_what_the_scope_does_not_allow_leaves_a_run_complete(tmp_path: Path) -> None:
    async def act(store: Store) -> None:
        async with serving((f"{BASE}.34", 80, Served(WEB))):
            whole = scope_of(f"{BASE}.34")
            scope = replace(whole, methods=frozenset(one for one in whole.methods if one != "http"))
            run = await scanned(scope, audit(80), store)
        assert run.complete

    trial(tmp_path, act)


def test_a_partial_run_says_what_it_owes_and_how_to_go_on(tmp_path: Path) -> None:
    async def act() -> None:
        slow = Served(WEB, delay=0.6)
        async with serving((f"{BASE}.35", 80, slow)):
            scan = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "auditor.cli", "scan", f"{BASE}.35", "-p", "80", "--port-shift", "23000", "--methods", "tcp-sweep,http",
                "--host-timeout", "1s", "--db", str(tmp_path / "a.sqlite"), stderr=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )  # fmt: skip
            _, said = await scan.communicate()
        assert scan.returncode == 4, said
        text = said.decode()
        assert "auditor: partial: " in text
        assert re.search(r"\d questions? to 1 address: the device.s time of 1 s is over", text)
        assert "go on with the same command and --resume" in text

    asyncio.run(act())
    with Store.open(tmp_path / "a.sqlite", Access.READ) as store:
        assert any(one.status is Status.WITHHELD for one in store.asked(store.run().id))

"""`auditor compare` and the end of `scan`: against a lab on loopback, and against databases as runs leave them."""

import csv
import io
import json
import os
import subprocess
import sys
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from auditor.cli import run as command
from auditor.cli._report import Wish, gather
from auditor.model import Coverage
from auditor.model.changes import What
from auditor.store import RETIRED, Access, Store, Word
from tests.lab.stage import PAPER, up_on_loopback
from tests.run.test_work import CAMERA, MENDED, heard

NETWORK = f"127.124.{os.getpid() % 250}"
SHIFT = "26000"
SCOPE = (
    PAPER
    + """[[site]]
name = "hall"
networks = ["{network}.0/29"]
[methods]
allow = ["tcp-sweep", "http", "rtsp"]
[pace]
requests_per_second_host = 100
"""
)


def lab(folder: Path, persona: str, count: int) -> AbstractContextManager[None]:
    words = ("--network", f"{NETWORK}.0/29", "--count", str(count), "--only", persona)
    return up_on_loopback(folder, SHIFT, *words)


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three cameras of one maker; then two devices of another at the first two addresses, and nobody at the third."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / "scope.toml").write_text(SCOPE.format(network=NETWORK), encoding="utf-8")
    words = ["scan", "--scope", str(folder / "scope.toml"), "--db", str(folder / "audit.sqlite")]
    words += ["-p", "80,554,8000", "--port-shift", SHIFT]
    with lab(folder, "hikvision-hikvision-ds-2cd2385g1-i-v5.6.2", 3):
        assert command(words) == 0
    with lab(folder, "axis-axis-m3085-v", 2), (folder / "said").open("w", encoding="utf-8") as said:
        done = subprocess.run(
            [sys.executable, "-m", "auditor.cli", *words], stderr=said, check=False, timeout=120
        )
        assert done.returncode == 0
    return folder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.sqlite"


def two_runs(path: Path) -> None:
    with Store.open(path, Access.CREATE) as store:
        town = {f"127.0.0.{n}": CAMERA for n in (11, 12)}
        heard(store, 1, town, telnet=("127.0.0.11",))
        after = {"127.0.0.11": MENDED, "127.0.0.20": {}}
        heard(store, 2, after, telnet=("127.0.0.20",), closed=("127.0.0.11",))


def as_json(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    assert command(["compare", "--json", *words]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_two_scans_of_a_lab_tell_who_is_silent_and_who_stands_in_whose_place(
    scanned: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = as_json(capsys, "--db", str(scanned / "audit.sqlite"))
    changes = found["changes"]
    assert isinstance(changes, list)
    told = {
        what: [one for one in changes if one["change"] == what]
        for what in ("silent", "another in its place", "new")
    }
    assert [one["address"] for one in told["silent"]] == [f"{NETWORK}.3"]
    assert [one["address"] for one in told["another in its place"]] == [f"{NETWORK}.1", f"{NETWORK}.2"]
    assert {one["device"] for one in told["new"]} == {one["after"] for one in told["another in its place"]}
    assert {one["maker"] for one in told["new"]} == {"axis"}
    assert not [one for one in changes if one["change"] == "finding closed"], "nobody mended the cameras"


def test_a_scan_ends_with_the_same_in_five_lines(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = (scanned / "said").read_text("utf-8").splitlines()
    (start,) = [place for place, line in enumerate(said) if line.startswith("auditor: since ")]
    assert "of 3 devices known then, 3 were asked again" in said[start]
    assert (
        "2 new, 0 retired, 1 silent, 2 with another in their place, 0 moved, 0 not asked" in said[start + 1]
    )
    assert said[start + 4].startswith("auditor: each of them: auditor compare ")
    assert len(said) == start + 5
    words = said[start + 4].partition("auditor compare ")[2].split()
    assert command(["compare", *words]) == 0
    assert "     1  Silent" in capsys.readouterr().out


def test_a_first_scan_compares_with_nothing(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Store.open(path, Access.CREATE) as store:
        heard(store, 1, {"127.0.0.11": CAMERA})
    assert command(["compare", "--db", str(path)]) == 2
    assert "nothing to compare: it holds 1 run" in capsys.readouterr().err


def test_text_fits_eighty_columns_and_says_how_much_was_asked_again(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    two_runs(path)
    assert command(["compare", "--db", str(path), "--all"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert "Of 2 devices known before, 1 was asked again." in lines
    assert "  Services closed" in lines
    assert "    127.0.0.11  Dahua IPC-HFW5442T-ASE; 23/tcp" in lines


def test_no_change_says_what_was_compared_and_how_much_was_asked(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Store.open(path, Access.CREATE) as store:
        for number in (1, 2):
            heard(store, number, {"127.0.0.11": CAMERA, **({"127.0.0.12": CAMERA} if number == 1 else {})})
    assert command(["compare", "--db", str(path)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Before: what was known on 2026-11-23 12:00 UTC (run run-1)" in said
    assert (
        "No change found. Of 2 devices known before, 1 was asked again. Of the others nothing new is known."
        in said
    )
    assert "Not asked since" in said


def test_csv_has_one_line_for_each_change_and_nothing_that_calculates(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Store.open(path, Access.CREATE) as store:
        heard(store, 1, {"127.0.0.11": CAMERA})
        heard(store, 2, {"127.0.0.11": {**CAMERA, "firmware": "=cmd|'/C calc'!A0"}})
    assert command(["compare", "--db", str(path), "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    (row,) = [one for one in rows if one["about"] == "firmware"]
    assert (row["change"], row["before"]) == ("changed", CAMERA["firmware"])
    assert row["after"].startswith("'=cmd")


def test_what_a_device_says_does_not_act_on_the_terminal(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Store.open(path, Access.CREATE) as store:
        heard(store, 1, {"127.0.0.11": CAMERA})
        heard(store, 2, {"127.0.0.11": {**CAMERA, "device_name": "\x1b[2J\u202eA\nrm"}})
    assert command(["compare", "--db", str(path)]) == 0
    said = capsys.readouterr().out
    assert "\\x1b[2J" in said
    assert not {"\x1b", "\u202e"} & set(said)
    assert "\nrm" not in said


FAILING = [("new", 1), ("gone", 0), ("findings", 1), ("any", 1)]


@pytest.mark.parametrize(("limit", "code"), FAILING)
def test_fail_on_ends_with_one_only_for_what_it_names(path: Path, limit: str, code: int) -> None:
    two_runs(path)
    assert command(["compare", "--db", str(path), "--fail-on", limit]) == code


def test_fail_on_gone_counts_silent_and_replaced_devices(scanned: Path) -> None:
    assert command(["compare", "--db", str(scanned / "audit.sqlite"), "--fail-on", "gone"]) == 1


def test_a_device_nobody_asked_fails_nothing(path: Path) -> None:
    with Store.open(path, Access.CREATE) as store:
        heard(store, 1, {"127.0.0.11": CAMERA, "127.0.0.12": CAMERA})
        heard(store, 2, {"127.0.0.11": CAMERA})
    assert command(["compare", "--db", str(path), "--fail-on", "any"]) == 0


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("run-1", "run-2"),
        ("2026-11-23", "latest"),
        ("2026-11-23T12:00:00Z", "2026-11-24"),
        ("2026-11-23", None),
    ],
)
def test_runs_days_and_times_name_the_same_pictures(
    path: Path, before: str, after: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    two_runs(path)
    found = as_json(capsys, before, *([after] if after else []), "--db", str(path))
    sides = found["before"], found["after"]
    assert [(one["run"], one["at"], one["database"]) for one in sides if isinstance(one, dict)] == [
        ("run-1", "2026-11-23T12:00:00Z", None),
        ("run-2", "2026-11-24T12:00:00Z", None),
    ]


def test_two_databases_are_compared_by_what_devices_tell_of_themselves(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    later = tmp_path / "later.sqlite"
    marked = {**CAMERA, "serial": "7J0141DPAG27182"}
    with Store.open(path, Access.CREATE) as store:
        heard(store, 1, {"127.0.0.11": marked, "127.0.0.12": CAMERA, "127.0.0.13": CAMERA})
    with Store.open(later, Access.CREATE) as store:
        heard(store, 9, {"127.0.0.12": {"maker": "axis", "model": "P3245"}, "127.0.0.77": marked})
    found = as_json(capsys, str(path), str(later))
    changes = found["changes"]
    assert isinstance(changes, list)
    told = {(one["change"], one["address"]) for one in changes if not one["about"]}
    assert told == {
        ("moved", "127.0.0.77"),
        ("another in its place", "127.0.0.12"),
        ("new", "127.0.0.12"),
        ("not asked", "127.0.0.13"),
    }
    before = found["before"]
    assert isinstance(before, dict)
    assert before["database"] == str(path)


def test_the_last_two_whole_audits_are_meant_and_not_a_check_between(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Store.open(path, Access.CREATE) as store:
        for number, whole in ((1, True), (2, False), (3, True), (4, False)):
            run = heard(store, number, {"127.0.0.11": CAMERA})
            covered(store, run.id, 254 if whole else 1)
    found = as_json(capsys, "--db", str(path))
    before, after = found["before"], found["after"]
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    assert (before["run"], after["run"]) == ("run-1", "run-3")
    assert before["whole_audit"] is True


@pytest.mark.parametrize("killed", [1, 2])
def test_a_run_that_was_killed_is_compared_with_what_it_had_heard(
    path: Path, killed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with Store.open(path, Access.CREATE) as store:
        for number, claims in ((1, CAMERA), (2, MENDED)):
            run = heard(store, number, {"127.0.0.11": claims})
            if number == killed:
                store.finish(replace(store.run(run.id), ended=None, complete=False, state="killed"))
    found = as_json(capsys, "run-1", "run-2", "--db", str(path))
    assert (found["firmware_changed"], found["asked_again"]) == (1, 1)


def test_a_sweep_that_was_stopped_closes_no_service(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Store.open(path, Access.CREATE) as store:
        heard(store, 1, {"127.0.0.11": CAMERA}, telnet=("127.0.0.11",))
        heard(store, 2, {"127.0.0.11": CAMERA}, complete=False)
    found = as_json(capsys, "--db", str(path))
    counts, changes = found["counts"], found["changes"]
    assert isinstance(counts, dict)
    assert isinstance(changes, list)
    assert (counts["service closed"], counts["service not asked again"]) == (0, 1)
    closed = [one for one in changes if one["change"] == "finding closed"]
    assert not any("telnet" in json.dumps(one) for one in closed)


def test_whole_audits_of_different_sites_are_not_compared_with_each_other(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Store.open(path, Access.CREATE) as store:
        for number, site in ((1, "school"), (2, "town-hall"), (3, "school")):
            run = heard(store, number, {"127.0.0.11": CAMERA})
            store.finish(replace(store.run(run.id), sites=(site,)))
            covered(store, run.id, 254)
    before = as_json(capsys, "--db", str(path))["before"]
    assert isinstance(before, dict)
    assert before["run"] == "run-1"


def covered(store: Store, run: str, addresses: int) -> None:
    known = store.run(run)
    whole = known.sites if addresses > 1 else ()
    store.finish(replace(known, whole=whole, coverage=Coverage(addresses, addresses, 1, addresses - 1)))


def test_another_policy_is_no_change_of_the_network(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Store.open(path, Access.CREATE) as store:
        heard(store, 1, {"127.0.0.11": CAMERA})
        heard(store, 2, {"127.0.0.11": CAMERA}, policy="us-federal")
    found = as_json(capsys, "--db", str(path))
    counts, notes = found["counts"], found["notes"]
    assert isinstance(counts, dict)
    assert isinstance(notes, list)
    assert counts["finding new"] == 0
    assert 'judged anew by policy "us-federal"' in notes[0]


WRONG = [
    (["run-1", "run-1"], "both are what was known at the end of run run-1"),
    (["run-2", "run-1"], "is older than BEFORE"),
    (["nix"], "no run 'nix'"),
    (["2020-01-01"], "2020-01-01: nothing was known then; the first run of "),
    (["2026-02-30"], "no such day or time"),
    (["gone/x.sqlite"], "gone/x.sqlite: no such database"),
    (["run-"], "several runs"),
    (["--site", "moon"], "no such site in either; known are town-hall"),
    (["--json", "--csv"], "not both"),
    (["-o", "/nowhere/x.txt"], "cannot be written"),
]


@pytest.mark.parametrize(("words", "message"), WRONG)
def test_what_cannot_be_compared_is_said_with_what_to_do(
    path: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    two_runs(path)
    assert command(["compare", *words, "--db", str(path)]) == 2
    assert message in capsys.readouterr().err


def test_output_goes_to_a_file(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    two_runs(path)
    out = tmp_path / "changes.csv"
    assert command(["compare", "--db", str(path), "--csv", "-o", str(out)]) == 0
    assert out.read_text("utf-8").startswith("change,device,site,address")
    assert capsys.readouterr().out == ""


def test_the_report_says_what_changed_and_how_it_went_over_time(path: Path, tmp_path: Path) -> None:
    with Store.open(path, Access.CREATE) as store:
        for number in (1, 2, 3):
            town = {f"127.0.0.{n}": MENDED if n - 10 < number else CAMERA for n in (11, 12, 13)}
            covered(store, heard(store, number, town).id, 254)
    assert command(["report", "--db", str(path), "--format", "html,md", "-o", str(tmp_path / "r")]) == 0
    page = (tmp_path / "r.html").read_text("utf-8")
    assert "<h3>Since the audit of 2026-11-24</h3>" in page
    assert "<b>1</b> with other firmware" in page
    assert 'id="c-time-urgent"' in page
    text = (tmp_path / "r.md").read_text("utf-8")
    assert "| 2026-11-23 | 3 | 3 | 3 |\n| 2026-11-24 | 3 | 2 | 3 |\n| 2026-11-25 | 3 | 1 | 3 |" in text


def test_the_report_knows_of_who_was_retired_after_the_last_run(path: Path, tmp_path: Path) -> None:
    with Store.open(path, Access.CREATE) as store:
        for number in (1, 2):
            run = heard(store, number, {f"127.0.0.{n}": CAMERA for n in (11, 12)})
            covered(store, run.id, 254)
        word = Word(RETIRED, run.started + timedelta(days=1), "town-hall/127.0.0.11", "J. Doe", "scrapped")
        store.retire(word)
    _, _, context = gather(Wish(path))
    assert context.changes is not None
    assert [one.device for one in context.changes.of(What.GONE)] == [word.key]
    assert [one.present for one in context.audits] == [2, 1]

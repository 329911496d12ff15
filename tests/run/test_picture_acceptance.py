"""Acceptances from the policy file through the store to the picture: kept, back when their day is past, and never done."""

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from auditor.cli import run as command
from auditor.model import Finding
from auditor.run.once import forget_what_was_said
from auditor.run.picture import picture
from auditor.run.work import work
from auditor.store import Access, Store
from auditor.store.evidence import Shelf, finding_of, finding_row
from tests.run.test_work import CAMERA, MENDED, heard

HERE, THERE = "127.127.0.11", "127.127.0.12"
FAR = date(2999, 12, 31)


def _policy(folder: Path, until: date | None, site: str = "town-hall") -> str:
    """Write the owner's policy file; without a day it accepts nothing."""
    path = folder / "policy.toml"
    accept = (
        f'[[accept]]\nfinding = "telnet-open"\ndevice = "{HERE}"\nsite = "{site}"\n'
        f'reason = "own network"\nby = "J. Doe"\nuntil = {until}\n'
        if until
        else ""
    )
    path.write_text(f'schema_version = 1\nname = "town"\nversion = "1"\n{accept}')
    return str(path)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "audit.sqlite", Access.CREATE) as opened:
        yield opened


def _telnet(store: Store, as_of: datetime | None = None) -> Finding:
    seen = picture(store, as_of=as_of)
    return next(
        one
        for device in seen.devices
        if device.address == HERE
        for one in device.findings
        if one.id == "telnet-open"
    )


def _both(store: Store, policy: str) -> None:
    heard(store, 1, {HERE: CAMERA, THERE: CAMERA}, telnet=(HERE, THERE), policy=policy)


def test_an_acceptance_is_stored_with_its_finding_and_with_no_other(store: Store, tmp_path: Path) -> None:
    _both(store, _policy(tmp_path, FAR))
    stored = [one for held in store.held() for one in held.device.findings if one.accepted]
    assert [(one.device, one.id) for one in stored] == [(f"town-hall/{HERE}", "telnet-open")]
    assert stored[0].accepted == _telnet(store).accepted


def test_an_acceptance_that_ended_since_comes_back_on_reading(store: Store, tmp_path: Path) -> None:
    _both(store, _policy(tmp_path, date(2026, 12, 31)))
    assert _telnet(store, datetime(2026, 12, 31, 23, 59, tzinfo=UTC)).accepted is not None
    found = _telnet(store, datetime(2027, 1, 1, tzinfo=UTC))
    assert found.accepted is None
    assert dict(found.facts)["acceptance ended"] == "accepted by J. Doe, ended on 2026-12-31"


def test_what_is_stored_ends_too_when_the_policy_file_is_gone(store: Store, tmp_path: Path) -> None:
    policy = _policy(tmp_path, date(2026, 12, 31))
    _both(store, policy)
    Path(policy).unlink()
    assert _telnet(store, datetime(2026, 12, 1, tzinfo=UTC)).accepted is not None
    assert _telnet(store, datetime(2027, 1, 1, tzinfo=UTC)).accepted is None


@pytest.mark.parametrize("damage", [None, "schema_version = 1\nname = ", "\x00\xff"])
def test_a_policy_file_that_is_gone_or_damaged_is_named_by_every_reading_command(
    store: Store, tmp_path: Path, damage: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    policy = Path(_policy(tmp_path, FAR))
    _both(store, str(policy))
    store.close()
    for words in (["findings"], ["show", HERE], ["plan"], ["export", "jsonl"]):
        caplog.clear()
        assert command([*words, "--db", str(store.path)]) == 0
        assert not caplog.text, words
    if damage is None:
        policy.unlink()
    else:
        policy.write_bytes(damage.encode("latin-1"))
    for words in (["findings"], ["show", HERE], ["plan"], ["export", "jsonl"]):
        forget_what_was_said()
        caplog.clear()
        assert command([*words, "--db", str(store.path)]) == 0
        assert str(policy) in caplog.text, words
        assert "what the owner accepts is shown as it stood in that file" in caplog.text, words


def test_a_changed_file_counts_from_the_next_reading_on(store: Store, tmp_path: Path) -> None:
    policy = _policy(tmp_path, None)
    _both(store, policy)
    assert _telnet(store).accepted is None
    _policy(tmp_path, FAR)
    assert _telnet(store).accepted is not None
    _policy(tmp_path, None)
    assert _telnet(store).accepted is None


def test_the_form_kept_for_what_rests_on_several_runs_has_it_and_may_lack_it(
    store: Store, tmp_path: Path
) -> None:
    _both(store, _policy(tmp_path, FAR))
    found = _telnet(store)
    shelf = Shelf()
    row = json.loads(json.dumps(finding_row(shelf, "", 1, found)))
    assert finding_of(shelf, found.device, row).accepted == found.accepted
    del row["accepted"]
    assert finding_of(shelf, found.device, row).accepted is None


def test_rows_of_before_there_were_acceptances_are_read(tmp_path: Path) -> None:
    path = tmp_path / "audit.sqlite"
    with Store.open(path, Access.CREATE) as store:
        _both(store, "none")
    with sqlite3.connect(path) as raw:
        assert raw.execute("SELECT count(*) FROM finding WHERE accepted IS NOT NULL").fetchone() == (0,)
    with Store.open(path, Access.READ) as store:
        assert _telnet(store).accepted is None


def test_accepted_work_is_neither_open_nor_done_until_it_is_really_settled(
    store: Store, tmp_path: Path
) -> None:
    policy = _policy(tmp_path, FAR)
    _both(store, policy)
    order = next(one for one in work(store, picture(store)) if one.action == "close-service")
    assert (order.devices, order.accepted, order.done) == (
        (f"town-hall/{THERE}",),
        (f"town-hall/{HERE}",),
        (),
    )
    heard(store, 2, {HERE: MENDED, THERE: MENDED}, closed=(HERE, THERE), policy=policy)
    order = next(one for one in work(store, picture(store)) if one.action == "close-service")
    assert (order.state, order.accepted) == ("done", ())
    assert set(order.done) == {f"town-hall/{HERE}", f"town-hall/{THERE}"}


def test_findings_and_show_say_who_accepts_until_when_and_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "audit.sqlite"
    with Store.open(path, Access.CREATE) as store:
        heard(store, 1, {HERE: CAMERA}, telnet=(HERE,), policy=_policy(tmp_path, FAR))
    only = ["findings", "--db", str(path), "--id", "telnet-open", "--fail-on", "info"]
    assert command(only) == 0, "what is accepted does not fail"
    assert "Accepted until 2999-12-31 by J. Doe: own network" in capsys.readouterr().out
    command([*only, "--json"])
    told = json.loads(capsys.readouterr().out)["findings"][0]
    assert told["accepted"] == {"reason": "own network", "by": "J. Doe", "until": "2999-12-31"}
    command(["show", HERE, "--db", str(path)])
    assert "accepted until 2999-12-31 by J. Doe: own network" in capsys.readouterr().out
    _policy(tmp_path, date.today() - timedelta(days=1))  # noqa: DTZ011  yesterday, as the command sees it
    assert command(only) == 1


def test_an_acceptance_that_meets_no_device_is_told(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _both(store, _policy(tmp_path, None))
    store.close()
    path = str(store.path)
    assert command(["assess", "--db", path, "--policy", _policy(tmp_path, FAR, "town-hal")]) == 0
    told = capsys.readouterr().err
    assert "the acceptance of telnet-open names 127.127.0.11 at town-hal" in told
    assert "it accepts nothing" in told
    assert command(["assess", "--db", path, "--policy", _policy(tmp_path, FAR)]) == 0
    assert "accepts nothing" not in capsys.readouterr().err

"""A device that moved to another site and kept its address: every list names the site where it was heard last."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from auditor.cli import run as command
from auditor.fingerprint.marks import marks
from auditor.model import Endpoint, Exchange, Protocol, Run, Status
from auditor.run.again import known_from
from auditor.run.judge import judge
from auditor.store import Access, Presence, Store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADDRESS = "127.32.0.5"
INFO = (
    b"<DeviceInfo><model>DS-2CD2142FWD-I</model><serialNumber>DS-2CD2142FWD-I20160714AAWR620117482</serialNumber>"
    b"<firmwareVersion>V5.4.0</firmwareVersion><firmwareReleasedDate>build 160530</firmwareReleasedDate>"
    b"<deviceType>IPCamera</deviceType></DeviceInfo>"
)
REPLY = b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n" % len(INFO) + INFO


def heard(
    store: Store, number: int, site: str, address: str = ADDRESS, *, source: str = "live", dated: bool = True
) -> None:
    """Store a run, or an import, in which the one device answered at a site."""
    began = NOON + timedelta(days=30 * number)
    at = began if dated else datetime(1970, 1, 1, tzinfo=UTC)
    run = Run(
        f"run-{number}", "0", "00", "00", began, began, True, "t", "t", "t", sites=(site,), state="complete",
        whole=(site,) if source == "live" else (),
    )  # fmt: skip
    store.begin(run)
    asked = f"GET /ISAPI/System/deviceInfo HTTP/1.1\r\nHost: {address}\r\n\r\n".encode()
    subject = f"{site}/{address}"
    said = Exchange(
        subject, "isapi", Protocol.HTTP, Endpoint(address, 80), asked, REPLY, Status.ANSWERED,
        at if dated else None, source=source,
    )  # fmt: skip
    store.add(run.id, [said])
    known = known_from(subject, [said])
    met = Presence(site, address, at, (("tcp", 80),), source=source)
    store.save(
        run.id, met, known.identity, known.observations, marks=marks(known.identity, known.observations)
    )
    store.settle()
    store.finish(run)
    judge(store, run.id, today=began.date())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "a.sqlite", Access.CREATE) as opened:
        yield opened


def told(capsys: pytest.CaptureFixture[str], store: Store, *words: str) -> str:
    capsys.readouterr()
    assert command([*words, "--db", str(store.path)]) == 0
    return capsys.readouterr().out


def test_orders_findings_and_show_name_the_site_it_was_heard_at_last(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    heard(store, 1, "hall")
    heard(store, 2, "school")
    now = f"hall/{ADDRESS} (now at {ADDRESS}, site school)"
    orders = told(capsys, store, "plan")
    assert f"To do: {now}" in orders
    checks = [one["check"] for one in json.loads(told(capsys, store, "plan", "--json"))["orders"]]
    assert checks
    assert all(check.endswith(f"--site school {ADDRESS}") for check in checks)
    assert f"To do: hall/{ADDRESS}\n" not in orders
    assert now in told(capsys, store, "findings")
    shown = told(capsys, store, "show", ADDRESS)
    assert shown.startswith(f"hall/{ADDRESS}  at {ADDRESS}, site school\n")
    assert "  heard at site hall from 2026-03-31 12:00 to 2026-03-31 12:00 UTC\n" in shown
    assert "  heard at site school from 2026-04-30 12:00 to 2026-04-30 12:00 UTC\n" in shown
    (order, *_) = json.loads(told(capsys, store, "plan", "--json"))["orders"]
    assert order["site"] == "school"
    assert order["places"] == [{"device": f"hall/{ADDRESS}", "site": "school", "address": ADDRESS}]


def test_a_device_that_came_back_is_where_it_was_heard_last(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, site in enumerate(("hall", "school", "hall"), 1):
        heard(store, number, site)
    assert f"To do: hall/{ADDRESS}\n" in told(capsys, store, "plan")
    shown = told(capsys, store, "show", ADDRESS)
    assert shown.startswith(f"hall/{ADDRESS}  at {ADDRESS}, site hall\n")
    assert "heard at site hall from 2026-03-31 12:00 to 2026-05-30 12:00 UTC" in shown


def test_a_list_of_another_site_moves_nobody(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    heard(store, 1, "hall")
    heard(store, 2, "school", source="csv")
    shown = told(capsys, store, "show", ADDRESS)
    assert shown.startswith(f"hall/{ADDRESS}  at {ADDRESS}, site hall\n")
    assert "heard at site school" not in shown


def test_evidence_of_no_known_time_is_shown_without_one(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    heard(store, 1, "hall")
    heard(store, 2, "hall", "127.32.0.6", source="pcap", dated=False)
    assert "at a time nobody wrote down" in told(capsys, store, "show", ADDRESS)

"""The store through its front door, with a real file."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from auditor.fingerprint.marks import marks
from auditor.model import (
    Certainty,
    Claim,
    Contradiction,
    Coverage,
    Endpoint,
    Exchange,
    Finding,
    FindingKind,
    Identity,
    Match,
    Observation,
    Priority,
    Protocol,
    Reference,
    Run,
    Severity,
    Status,
    Verdict,
    Withheld,
)
from auditor.store import SCHEMA_VERSION, Access, Conclusion, Presence, Store, StoreError

NOON = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)


def a_run(name: str = "r1", at: datetime = NOON) -> Run:
    return Run(
        id=name,
        version="0.1.0",
        scope_digest="aa",
        data_digest="bb",
        started=at,
        ended=None,
        complete=False,
        authorisation="Order 7",
        issued_by="Town",
        contact="cert@town.example",
        valid_from=at,
        valid_until=at + timedelta(days=3),
        sites=("hall", "school"),
    )


def said(
    address: str, reply: bytes = b"RTSP/1.0 401\r\n\r\n", *, site: str = "hall", nth: int = 0
) -> Exchange:
    return Exchange(
        device=f"{site}/{address}",
        probe="rtsp",
        protocol=Protocol.RTSP,
        endpoint=Endpoint(address, 554),
        request=b"OPTIONS",
        reply=reply,
        status=Status.ANSWERED,
        at=NOON + timedelta(seconds=nth),
        seconds=0.25,
    )


def identified(exchange: Exchange, **claims: str) -> tuple[Identity, tuple[Observation, ...]]:
    observation = Observation("rtsp.realm", "the realm", exchange)
    match = Match("a.rule", observation, tuple(claims.items()), Certainty.FIRM, source="bench")
    return (
        Identity(
            exchange.device,
            tuple(Claim(name, value, Certainty.FIRM, (match,)) for name, value in claims.items()),
        ),
        (observation,),
    )


def keep(
    store: Store, run: str, address: str, at: datetime = NOON, site: str = "hall", **claims: str
) -> None:
    exchange = replace(said(address, site=site), at=at, id="")
    store.add(run, [exchange])
    identity, observations = identified(exchange, **claims)
    met = Presence(site, address, at, (("tcp", 554),))
    store.save(run, met, identity, observations, marks=marks(identity, observations))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "audit.sqlite", Access.CREATE) as opened:
        opened.begin(a_run())
        yield opened


def test_what_is_kept_comes_back_equal(store: Store) -> None:
    exchange = said("10.0.0.5", b"x" * 40_000 + bytes(range(256)))
    store.add("r1", [exchange])
    realm = Observation("rtsp.realm", 'IP "Camera"\x1b[2J', exchange)
    twice = (Observation("onvif.scope.name", "A", exchange), Observation("onvif.scope.name", "B", exchange))
    match = Match(
        "v.realm", realm, (("maker", "m"), ("model", "X-1")), Certainty.FIRM, nursery=True, source="s"
    )
    second = Match("v.scope", twice[1], (("model", "Y-2"),), Certainty.TENTATIVE)
    held = Claim("model", "X-1", Certainty.FIRM, (match,))
    lied = Claim("model", "Y-2", Certainty.TENTATIVE, (second,))
    identity = Identity(
        "hall/10.0.0.5",
        (Claim("maker", "m", Certainty.CERTAIN, (match,)), held),
        (Contradiction("model", held, lied),),
    )
    store.save("r1", Presence("hall", "10.0.0.5", NOON, (("tcp", 554),)), identity, (realm, *twice))
    (device,) = store.devices()
    assert device.key == "hall/10.0.0.5"
    assert device.identity == identity
    assert device.exchanges == (exchange,)
    assert device.observations == (realm, *twice)
    assert device.ports == (("tcp", 554),)


def test_findings_come_back_with_their_evidence(store: Store) -> None:
    keep(store, "r1", "10.0.0.5", maker="m", model="X-1")
    (device,) = store.devices()
    finding = Finding(
        device=device.key, kind=FindingKind.ADVISORY, id="CVE-2000-0001", title="t", verdict=Verdict.AFFECTED,
        severity=Severity.HIGH, priority=Priority.ACT_NOW, priority_reason="p", certainty=Certainty.FIRM,
        reason="r", known_exploited=date(2024, 1, 2), references=(Reference("NVD", "https://example.org"),),
        facts=(("fixed build", "210628"),), because=(device.identity.claims[0],),
        observations=device.observations,
    )  # fmt: skip
    (held,) = store.held("r1")
    store.all_findings("none", [(held.number, "r1", [finding])])
    store.all_findings("none", [(held.number, "r1", [finding])])
    (again,) = store.devices("r1")
    assert again.findings == (finding,)
    assert store.db.conn.execute("SELECT verdict FROM v_findings").fetchone()[0] == "affected"


def test_large_replies_are_compressed_and_named_by_their_real_digest(store: Store) -> None:
    exchange = said("10.0.0.5", b"A" * 100_000)
    store.add("r1", [exchange])
    store.flush()
    row = store.db.conn.execute("SELECT packed, length(reply) AS size, sha256 FROM exchange").fetchone()
    assert (row["packed"], row["sha256"]) == (1, exchange.sha256)
    assert row["size"] < 1_000


def test_a_device_that_moved_stays_one_device_with_a_history(store: Store) -> None:
    keep(store, "r1", "10.0.0.5", maker="m", mac="00:1b:21:aa:bb:cc", serial="SER123456")
    store.begin(a_run("r2", NOON + timedelta(days=1)))
    keep(store, "r2", "10.0.0.77", NOON + timedelta(days=1), maker="m", mac="001b.21aa.bbcc")
    (device,) = store.devices()
    assert device.key == "hall/10.0.0.5"
    assert device.address == "10.0.0.77"
    assert device.addresses == ("10.0.0.5", "10.0.0.77")
    assert [one.device for one in device.exchanges] == ["hall/10.0.0.77"]
    assert [one[0] for one in store.addresses(device.key)] == ["10.0.0.5", "10.0.0.77"]


def test_another_device_at_an_old_address_is_another_device(store: Store) -> None:
    keep(store, "r1", "10.0.0.5", serial="SER-AAAA-1")
    store.begin(a_run("r2", NOON + timedelta(days=1)))
    keep(store, "r2", "10.0.0.5", NOON + timedelta(days=1), serial="SER-BBBB-2")
    keep(store, "r2", "10.0.0.6", NOON + timedelta(days=1), serial="SER-AAAA-1")
    found = {device.identity.value("serial"): device for device in store.devices()}
    assert set(found) == {"SER-AAAA-1", "SER-BBBB-2"}
    assert found["SER-AAAA-1"].key == "hall/10.0.0.5"
    assert found["SER-AAAA-1"].address == "10.0.0.6"
    assert found["SER-BBBB-2"].key == "hall/10.0.0.5#2"
    assert all(len(device.exchanges) == 1 for device in found.values())
    assert len(list(store.devices("r1"))) == 1


def test_a_device_with_two_addresses_in_one_run_is_one_device(store: Store) -> None:
    keep(store, "r1", "10.0.0.5", serial="SER-AAAA-1", mac="00:1b:21:00:00:01")
    keep(store, "r1", "fd00::5", serial="SER-AAAA-1", mac="00:1b:21:00:00:02")
    (device,) = store.devices()
    assert set(device.addresses) == {"10.0.0.5", "fd00::5"}
    assert len(device.exchanges) == 2


def test_the_same_address_at_two_sites_is_two_devices(store: Store) -> None:
    keep(store, "r1", "10.0.0.5", maker="m")
    keep(store, "r1", "10.0.0.5", site="school", maker="n")
    assert [device.key for device in store.devices()] == ["hall/10.0.0.5", "school/10.0.0.5"]
    assert len(store.named("10.0.0.5")) == 2
    assert store.keys(store.named("school/10.0.0.5")) == {"school/10.0.0.5"}


@pytest.mark.parametrize("mac", ["00:00:00:00:00:00", "02:00:00:00:00:07", "ff:ff:ff:ff:ff:ff", "00:1b"])
@pytest.mark.parametrize("serial", ["", "0000000000", "1234", "-------"])
def test_placeholder_marks_do_not_merge_devices(store: Store, serial: str, mac: str) -> None:
    for address in ("10.0.0.5", "10.0.0.6"):
        keep(store, "r1", address, serial=serial, mac=mac)
    assert len(list(store.devices())) == 2


def test_devices_come_sorted_by_number_of_address_not_by_arrival(store: Store) -> None:
    for last in (100, 9, 20):
        keep(store, "r1", f"10.0.0.{last}", maker="m")
    assert [device.address for device in store.devices()] == ["10.0.0.9", "10.0.0.20", "10.0.0.100"]


def test_an_exchange_kept_twice_is_one_row(store: Store) -> None:
    store.add("r1", [said("10.0.0.5"), said("10.0.0.5")])
    store.flush()
    store.add("r1", [said("10.0.0.5")])
    assert len(list(store.asked("r1"))) == 1


def test_a_device_only_half_asked_is_listed_without_claims(store: Store) -> None:
    store.add("r1", [said("10.0.0.5")])
    (device,) = store.devices("r1")
    assert device.identity.claims == ()
    assert len(device.exchanges) == 1


def test_devices_without_bytes_keep_the_names_of_their_exchanges(store: Store) -> None:
    keep(store, "r1", "10.0.0.5", maker="m")
    (full,) = store.devices()
    (lean,) = store.devices(with_bytes=False)
    assert lean.exchanges[0].reply == b""
    assert [one.id for one in lean.exchanges] == [one.id for one in full.exchanges]


def test_runs_say_how_far_they_got(store: Store) -> None:
    coverage = Coverage(10, 9, 3, 6, (Withheld("outside the time window", 1),), outside=2)
    done = replace(a_run(), ended=NOON, complete=True, state="complete", coverage=coverage, notes=("a", "b"))
    store.finish(done)
    assert store.runs() == (done,)
    assert store.run("r1").coverage == coverage
    assert store.run("r") == done


def test_a_run_whose_process_is_gone_is_called_killed(store: Store) -> None:
    assert store.run().state == "running"
    path = store.path
    store.close()  # nothing has written that it ended
    with Store.open(path) as again:
        assert again.run().state == "killed"


def test_opening_what_is_no_database_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("not a database, but long enough to look at" * 10)
    with pytest.raises(StoreError, match="is not an auditor database"):
        Store.open(path)
    with pytest.raises(StoreError, match="no such database"):
        Store.open(tmp_path / "absent")
    with pytest.raises(StoreError, match="is not a file"):
        Store.open(tmp_path)
    with pytest.raises(StoreError, match="does not exist"):
        Store.open(tmp_path / "no" / "where.sqlite", Access.CREATE)


def test_opening_somebody_elses_database_is_refused_and_leaves_it_alone(tmp_path: Path) -> None:
    path = tmp_path / "theirs.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE precious (id)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"not one of auditor's"):
        Store.open(path, Access.CREATE)
    assert path.read_bytes() == before


def test_opening_a_newer_schema_says_to_update(tmp_path: Path) -> None:
    path = tmp_path / "audit.sqlite"
    with Store.open(path, Access.CREATE) as store:
        store.db.conn.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(StoreError, match="newer auditor"):
        Store.open(path)


def test_reading_alone_refuses_to_write(tmp_path: Path) -> None:
    path = tmp_path / "audit.sqlite"
    Store.open(path, Access.CREATE).close()
    with Store.open(path, Access.READ) as store:
        assert store.runs() == ()
        with pytest.raises(StoreError, match="read-only"):
            store.begin(a_run())


def test_every_table_is_strict_and_the_journal_is_wal(store: Store) -> None:
    tables = {
        row["name"]: row["strict"] for row in store.db.query("PRAGMA table_list") if row["type"] == "table"
    }
    ours = {"run", "device", "exchange", "observation", "claim", "finding", "event"}
    ours |= {"met", "concluded", "retirement"}
    assert {name for name in tables if not name.startswith("sqlite_")} == ours
    assert all(tables[name] for name in ours)
    assert store.db.journal_mode == "wal"


def test_views_can_be_read_by_other_tools(store: Store) -> None:
    keep(store, "r1", "10.0.0.5", maker="m", model="X-1")
    store.flush()
    with sqlite3.connect(store.path) as other:
        device = other.execute("SELECT key, maker, maker_certainty, model FROM v_devices").fetchall()
        claims = other.execute(
            "SELECT name, rule, field, observed FROM v_claims WHERE name = 'maker'"
        ).fetchall()
        exchanges = other.execute("SELECT device, probe, status FROM v_exchanges").fetchall()
    assert device == [("hall/10.0.0.5", "m", "firm", "X-1")]
    assert claims == [("maker", "a.rule", "rtsp.realm", "the realm")]
    assert exchanges == [("hall/10.0.0.5", "rtsp", "answered")]


def test_purging_removes_old_runs_and_devices_only_they_saw(store: Store) -> None:
    keep(store, "r1", "10.0.0.5", serial="SER-AAAA-1", maker="m")
    keep(store, "r1", "10.0.0.6", maker="m")
    store.finish(replace(a_run(), ended=NOON, complete=True, state="complete"))
    later = NOON + timedelta(days=40)
    store.begin(a_run("r2", later))
    keep(store, "r2", "10.0.0.5", later, serial="SER-AAAA-1", maker="m")
    told = store.purge(NOON + timedelta(days=30), dry_run=True)
    assert (told.runs, told.exchanges, told.devices) == (("r1",), 2, 1)
    assert store.purge(NOON + timedelta(days=30)) == told
    assert [run.id for run in store.runs()] == ["r2"]
    assert [device.key for device in store.devices()] == ["hall/10.0.0.5"]
    assert store.db.conn.execute("PRAGMA foreign_key_check").fetchall() == []


def test_purging_an_earlier_run_keeps_the_newer_identity(store: Store) -> None:
    keep(store, "r1", "10.0.0.5", maker="old")
    later = NOON + timedelta(days=40)
    store.begin(a_run("r2", later))
    keep(store, "r2", "10.0.0.5", later, maker="new")
    store.purge(NOON + timedelta(days=1))
    (device,) = store.devices()
    assert device.identity.value("maker") == "new"


def test_identifying_again_replaces_claims_and_keeps_exchanges(store: Store) -> None:
    keep(store, "r1", "10.0.0.5", maker="m")
    (device,) = store.devices()
    identity, observations = identified(device.exchanges[0], maker="better", model="Z")
    (held,) = store.held()
    store.conclude([Conclusion(held.number, "r1", "r1", held.evidence, identity, observations)])
    (again,) = store.devices()
    assert again.identity.value("maker") == "better"
    assert again.exchanges == device.exchanges


def test_events_come_back_in_order(store: Store) -> None:
    store.event("r1", NOON, "done", "hall/10.0.0.5")
    store.event("r1", NOON, "bug", "hall/10.0.0.6", "Traceback …")
    assert [one.kind for one in store.events("r1")] == ["done", "bug"]
    assert store.events("r1", "bug")[0].text == "Traceback …"


def test_two_processes_may_write_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "audit.sqlite"
    with Store.open(path, Access.CREATE) as one, Store.open(path) as other:
        one.begin(a_run("r1"))
        other.begin(a_run("r2"))
        for last in range(1, 30):
            keep(one, "r1", f"10.0.0.{last}", maker="m")
            keep(other, "r2", f"10.0.1.{last}", maker="m")
            one.flush()
            other.flush()
        assert len(list(one.devices())) == 58


def test_address_history_is_readable_as_json(store: Store) -> None:
    keep(store, "r1", "10.0.0.5", maker="m")
    store.flush()
    text = store.db.conn.execute("SELECT addresses FROM v_devices").fetchone()[0]
    assert json.loads(text)[0][0] == "10.0.0.5"

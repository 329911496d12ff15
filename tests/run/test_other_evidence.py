"""Evidence of others from the command line to the report: scope, provenance, age, exit codes, gaps, nmap."""

import json
import os
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from scapy.utils import wrpcap

from auditor import cli
from auditor.cli._words import Exit
from auditor.intake import kinds
from auditor.intake.register_csv import Entry
from auditor.model import Certainty, Claim, Device, Exchange, Identity, Method
from auditor.net import Stop
from auditor.run import Audit
from auditor.run.again import known_from
from auditor.run.execute import new_run
from auditor.run.gap import gap
from auditor.run.imports import Importer, unscoped
from auditor.run.nmap_engine import NmapEngine
from auditor.run.nmap_probes import reduced
from auditor.run.nmap_words import NmapError, arguments, program, rules
from auditor.scope import OutsideScopeError, loopback, read_text
from auditor.store import Access, Presence, Store
from tests.intake import speech

SCOPE = """schema_version = 1
[authorisation]
reference = "T-1"
issued_by = "a test"
contact = "nobody@example.org"
valid_from = 2020-01-01T00:00:00Z
valid_until = {until}
[[site]]
name = "hall"
networks = ["192.0.2.0/27"]
[[exclude]]
reason = "a pump"
address = "192.0.2.20"
"""


def auditor(*words: str | Path) -> Result:
    return CliRunner().invoke(
        cli.program, [str(word) for word in words], standalone_mode=False, catch_exceptions=True
    )


def scope_file(folder: Path, until: str = "2100-01-01T00:00:00Z") -> Path:
    path = folder / "scope.toml"
    path.write_text(SCOPE.format(until=until), encoding="utf-8")
    return path


def capture(folder: Path, name: str = "x.pcap") -> Path:
    hello = speech.SADP
    return speech.written(
        folder / name,
        [
            speech.datagram(hello, 37020, source="192.0.2.10"),
            speech.datagram(
                hello.replace(b"00000001", b"00000002").replace(b"00-00-01", b"00-00-02"),
                37020,
                source="192.0.2.20",
            ),
            speech.datagram(
                hello.replace(b"00000001", b"00000003").replace(b"00-00-01", b"00-00-03"),
                37020,
                source="198.51.100.9",
            ),
        ],
    )


def devices(db: Path) -> dict[str, Device]:
    with Store.open(db) as store:
        return {one.key: one for one in store.devices()}


def test_devices_outside_the_scope_and_excluded_ones_are_counted_and_not_described(tmp_path: Path) -> None:
    db = tmp_path / "a.sqlite"
    done = auditor("import", "pcap", capture(tmp_path), "--scope", scope_file(tmp_path), "--db", db)
    assert done.return_value == Exit.DONE, done.output
    assert "1 outside the scope and 1 excluded, counted only" in done.output
    assert set(devices(db)) == {"hall/192.0.2.10"}
    raw = db.read_bytes()
    assert b"198.51.100.9" not in raw
    assert b"00-00-03" not in raw


def test_a_device_excluded_by_its_hardware_address_is_not_described_though_it_tells_it_last(
    tmp_path: Path,
) -> None:
    scope = scope_file(tmp_path)
    scope.write_text(
        scope.read_text(encoding="utf-8") + f'[[exclude]]\nreason = "x"\nmac = "{speech.CAMERA_MAC}"\n'
    )
    path = speech.written(
        tmp_path / "x.pcap",
        [*speech.talk(b"GET / HTTP/1.1\r\n\r\n", speech.PAGE, 80), speech.arp(speech.CAMERA, speech.CAMERA_MAC),
         speech.datagram(speech.SADP.replace(b"00-00-01", b"00-00-09"), 37020, source="192.0.2.11")],
    )  # fmt: skip
    done = auditor("import", "pcap", path, "--scope", scope, "--db", tmp_path / "a.sqlite")
    assert set(devices(tmp_path / "a.sqlite")) == {"hall/192.0.2.11"}
    assert "1 excluded" in done.output


def test_each_device_says_by_which_kind_of_evidence_it_is_known(tmp_path: Path) -> None:
    db = tmp_path / "a.sqlite"
    auditor("import", "pcap", capture(tmp_path), "--scope", scope_file(tmp_path), "--db", db)
    (device,) = devices(db).values()
    assert device.source == "pcap"
    assert {one.source for one in device.exchanges} == {"pcap x.pcap"}
    assert device.identity.value("firmware") == "V5.6.2"
    assert device.last_seen == datetime.fromtimestamp(speech.AT, UTC)


def test_without_a_scope_it_must_be_said_and_is_recorded(tmp_path: Path) -> None:
    refused = auditor("import", "pcap", capture(tmp_path), "--db", tmp_path / "a.sqlite")
    assert "--no-scope" in str(refused.exception)
    auditor("import", "pcap", capture(tmp_path), "--no-scope", "--site", "x", "--db", tmp_path / "a.sqlite")
    assert set(devices(tmp_path / "a.sqlite")) == {"x/192.0.2.10", "x/192.0.2.20", "x/198.51.100.9"}
    with Store.open(tmp_path / "a.sqlite") as store:
        assert store.run().authorisation.startswith("no scope")


def test_an_authorisation_that_is_over_lets_evidence_be_read_and_says_so(tmp_path: Path) -> None:
    done = auditor(
        "import", "pcap", capture(tmp_path), "--scope", scope_file(tmp_path, "2021-01-01T00:00:00Z"),
        "--db", tmp_path / "a.sqlite",
    )  # fmt: skip
    assert "authorisation is over" in done.output
    assert set(devices(tmp_path / "a.sqlite")) == {"hall/192.0.2.10"}


def test_an_old_capture_does_not_overrule_a_newer_answer(tmp_path: Path) -> None:
    db = tmp_path / "a.sqlite"
    newer = speech.SADP.replace(b"V5.6.2build 190701", b"V5.7.9build 230101")
    now = [speech.datagram(newer, 37020)]
    for frame in now:
        frame.time = speech.AT + 86_400 * 300
    path = tmp_path / "new.pcap"
    wrpcap(str(path), now)
    for file in (path, capture(tmp_path, "old.pcap")):
        auditor("import", "pcap", file, "--scope", scope_file(tmp_path), "--db", db)
    (device,) = devices(db).values()
    assert device.identity.value("firmware") == "V5.7.9"
    assert device.last_seen == datetime.fromtimestamp(speech.AT + 86_400 * 300, UTC)
    assert device.first_seen == datetime.fromtimestamp(speech.AT, UTC)


def test_an_old_capture_does_not_hide_what_was_answered_live(tmp_path: Path) -> None:
    db, at = tmp_path / "a.sqlite", datetime.fromtimestamp(speech.AT + 86_400 * 300, UTC)
    newer = tmp_path / "new.pcap"
    frame = speech.datagram(speech.SADP.replace(b"V5.6.2build 190701", b"V5.7.9build 230101"), 37020)
    frame.time = at.timestamp()
    wrpcap(str(newer), [frame])
    heard = list(kinds()["pcap"].read(newer, lambda _: None, None))
    live = [replace(one, device="hall/192.0.2.10", source="live", id="") for one in heard]
    with Store.open(db, Access.CREATE) as store:
        run = new_run(loopback(), at)
        store.begin(run)
        store.add(run.id, live)
        known = known_from("hall/192.0.2.10", live)
        store.save(run.id, Presence("hall", "192.0.2.10", at), known.identity, known.observations)
        store.finish(replace(run, ended=at, complete=True, state="complete"))
    auditor("import", "pcap", capture(tmp_path, "old.pcap"), "--scope", scope_file(tmp_path), "--db", db)
    (device,) = devices(db).values()
    assert device.identity.value("firmware") == "V5.7.9"
    assert {one.source for one in device.exchanges} == {"live"}, "the newer answer is what is shown"
    assert device.source == "live, pcap", "and that the file knows the device too"
    shown = auditor("show", "192.0.2.10", "--db", db)
    assert "V5.7.9" in shown.output
    with Store.open(db) as store:
        (imported,) = {one.id for one in store.runs()} - {run.id}
        (before,) = store.devices(imported)
    assert before.identity.value("firmware") == "V5.6.2", "the capture is kept as a run of its own"


def test_a_broken_file_is_named_others_are_kept_and_the_exit_code_says_so(tmp_path: Path) -> None:
    (tmp_path / "bad.pcap").write_bytes(b"nothing of the kind" * 9)
    done = auditor(
        "import", "pcap", tmp_path / "bad.pcap", capture(tmp_path), "--scope", scope_file(tmp_path),
        "--db", tmp_path / "a.sqlite",
    )  # fmt: skip
    assert done.return_value == Exit.USAGE
    assert "bad.pcap: byte 0" in done.output
    assert set(devices(tmp_path / "a.sqlite")) == {"hall/192.0.2.10"}


def test_any_table_can_be_imported_once_its_columns_are_named(tmp_path: Path) -> None:
    table = tmp_path / "vms.csv"
    table.write_text("Kamera;Adr;Typ\nTor;192.0.2.3;DS-2CD2385G1-I\n", encoding="utf-8")
    done = auditor(
        "import", "csv", "--map", "address=Adr,model=Typ,name=Kamera", "--scope", scope_file(tmp_path),
        "--db", tmp_path / "a.sqlite", "--at", "2025-02-03", table,
    )  # fmt: skip
    assert done.return_value == Exit.DONE, done.output
    (device,) = devices(tmp_path / "a.sqlite").values()
    assert device.identity.value("model") == "DS-2CD2385G1-I"
    assert device.identity.claim("model") is not None
    assert all(one.certainty is Certainty.TENTATIVE for one in device.identity.claims)
    assert device.last_seen == datetime(2025, 2, 3, tzinfo=UTC)


@pytest.mark.parametrize("wrong", ["model", "nonsense.field=Typ,address=Adr", "model=Typ"])
def test_a_map_that_cannot_be_understood_is_explained(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "x.csv").write_text("Adr;Typ\n192.0.2.3;x\n", encoding="utf-8")
    done = auditor(
        "import", "csv", "--map", wrong, "--no-scope", "--db", tmp_path / "a.sqlite", tmp_path / "x.csv"
    )
    assert "--map" in str(done.exception)


def identified(key: str, **claims: str) -> Device:
    held = tuple(Claim(name, value, Certainty.FIRM, ()) for name, value in claims.items())
    return Device(f"s/{key}", "s", key, Identity(f"s/{key}", held))


def test_register_and_network_are_matched_by_serial_then_mac_then_address() -> None:
    found = [
        identified("192.0.2.1", serial="DS-2CD2385G1-I20200414AAWRE33842150", model="DS-2CD2385G1-I"),
        identified("192.0.2.2", mac="58:50:ed:00:00:02", maker="hikvision"),
        identified("192.0.2.3", model="IPC-1"),
        identified("192.0.2.9"),
    ]
    listed = [
        Entry(2, address="192.0.2.77", serial="33842150"),
        Entry(3, mac="5850ED-000002", maker="Axis"),
        Entry(4, address="192.0.2.3", model="IPC-1"),
        Entry(5, address="192.0.2.50", name="gate"),
    ]
    compared = gap(listed, found)
    assert [(pair.entry.row, pair.device.address, pair.by) for pair in compared.pairs] == [
        (2, "192.0.2.1", "serial"), (3, "192.0.2.2", "mac"), (4, "192.0.2.3", "address"),
    ]  # fmt: skip
    assert [one.name for pair in compared.pairs for one in pair.differences] == ["address", "maker"]
    assert [one.row for one in compared.only_on_paper] == [5]
    assert [one.address for one in compared.only_on_network] == ["192.0.2.9"]


def test_the_gap_command_says_both_sides(tmp_path: Path) -> None:
    db = tmp_path / "a.sqlite"
    auditor("import", "pcap", capture(tmp_path), "--no-scope", "--site", "hall", "--db", db)
    register = tmp_path / "register.csv"
    register.write_text("Name,IP-Adresse,Seriennummer\nTor,192.0.2.10,\nHof,192.0.2.44,\n", encoding="utf-8")
    done = auditor("gap", register, "--db", db, "--json")
    told = json.loads(done.stdout)
    assert [one["address"] for one in told["only_on_paper"]] == ["192.0.2.44"]
    assert {one["device"] for one in told["only_on_network"]} == {"hall/192.0.2.20", "hall/198.51.100.9"}
    assert [one["device"] for one in told["matched"]] == ["hall/192.0.2.10"]


def test_nmaps_words_are_only_those_of_the_list_and_within_the_pace() -> None:
    words = arguments(loopback(), Audit())
    assert {"-sT", "-Pn", "-n"} <= set(words)
    assert float(words[words.index("--max-rate") + 1]) <= loopback().pace.packets_per_second
    scripts = words[words.index("--script") + 1].split(",")
    assert set(scripts) == set(rules().scripts)
    assert "ssl-cert" not in scripts, "it asks for STARTTLS where it is let on other ports"
    assert rules().narrow == {"ssl-cert": {443, 8443}}
    assert not any(
        re.search(r"brute|enum|default-accounts|vuln|exploit|fuzzer|dos", name) for name in scripts
    )
    assert not any(word in {"-O", "-A", "-sC", "-sS", "-sU"} for word in words)


def test_of_nmaps_probes_only_the_reviewed_ones_are_left_on_their_ports() -> None:
    own = ["Exclude T:9100\n", "Probe TCP NULL q||\n", "match x m|^a|\n", "Probe TCP GetRequest q|GET / HTTP/1.0\\r\\n|\n",
           "rarity 1\n", "ports 1,80,8000\n", "match y m|^b|\n", "Probe TCP tn3270 q|x|\n", "ports 23\n", "match z m|^c|\n"]  # fmt: skip
    left = "".join(reduced(own, rules().probes))
    assert "Exclude T:9100" in left
    assert "ports 80,81,88,8080,8899\n" in left
    assert "match y" in left
    assert "8000" not in left
    assert "tn3270" not in left
    assert "match z" not in left


def test_nmap_is_refused_where_the_scope_does_not_name_it() -> None:
    scope = read_text(SCOPE.format(until="2100-01-01T00:00:00Z"))
    assert Method.NMAP not in scope.methods
    with pytest.raises(OutsideScopeError, match="does not allow nmap"):
        NmapEngine(scope, Audit(), Stop(), lambda: datetime.now(tz=UTC), _program="nmap")  # noqa: TID251  a test's clock


def test_nmap_is_refused_where_somebody_is_excluded_by_a_hardware_address() -> None:
    barred = '[[exclude]]\nreason = "a ward"\nmac = "02:00:00:00:00:01"\n'
    scope = read_text(SCOPE.format(until="2100-01-01T00:00:00Z") + barred)
    scope = replace(scope, methods=scope.methods | {Method.NMAP})
    with pytest.raises(OutsideScopeError, match="excludes devices by hardware address"):
        NmapEngine(scope, Audit(), Stop(), lambda: datetime.now(tz=UTC), _program="nmap")  # noqa: TID251  a test's clock


def test_a_missing_nmap_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NmapError, match="apt install nmap"):
        program()


def test_an_old_nmap_says_which_is_needed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stand_in = tmp_path / "nmap"
    stand_in.write_text("#!/bin/sh\necho 'Nmap version 6.40 ( http://nmap.org )'\n", encoding="utf-8")
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(NmapError, match=r"nmap 6\.40 is too old; 7\.80 or newer"):
        program()


class Camera(BaseHTTPRequestHandler):
    server_version, sys_version = "DNVRS-Webs", ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "20")
        self.end_headers()
        self.wfile.write(b"<title>index</title>")

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def camera() -> Iterator[int]:
    server = HTTPServer(("127.64.5.1", 8080), Camera)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield int(server.server_address[1])
    server.shutdown()
    server.server_close()


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("nmap"), reason="needs nmap")
def test_nmap_asks_within_the_scope_and_its_result_is_a_run_like_any_other(
    tmp_path: Path, camera: int
) -> None:
    db = tmp_path / "a.sqlite"
    done = auditor("scan", "127.64.5.1", "--engine", "nmap", "-p", str(camera), "--db", db)
    assert done.return_value == Exit.DONE, done.output
    (device,) = devices(db).values()
    assert device.source == "nmap"
    assert device.ports == (("tcp", camera),)
    assert ("http.server", "DNVRS-Webs") in {(one.field, one.value) for one in device.observations}


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("nmap"), reason="needs nmap")
def test_nmap_ends_when_it_is_told_to(tmp_path: Path) -> None:
    def now() -> datetime:
        return datetime.now(tz=UTC)  # noqa: TID251  a test's clock

    stop = Stop()
    engine = NmapEngine(loopback().narrow(targets=["127.66.0.0/22"]), Audit(), stop, now)
    threading.Timer(0.5, stop.set, ("enough",)).start()
    began = now()
    with Store.open(tmp_path / "a.sqlite", Access.CREATE) as store:
        importer = Importer(store, loopback(), now)
        engine.run(importer)
        ended = importer.finish(swept=engine.swept, granted=1024, ended=engine.ended, state=engine.state)
    assert engine.swept < 1024
    assert (ended.complete, ended.state) == (False, "stopped")
    assert (now() - began).total_seconds() < 10


def test_an_importer_keeps_what_it_is_given_under_the_site_it_is_told(tmp_path: Path) -> None:
    def now() -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    heard: list[Exchange] = []

    heard += kinds()["pcap"].read(capture(tmp_path), lambda _: None, None)

    with Store.open(tmp_path / "a.sqlite", Access.CREATE) as store:
        importer = Importer(store, unscoped("depot"), now)
        assert importer.take_all(heard) == 3
        run = importer.finish()
        assert run.coverage is not None
        assert (run.coverage.answered, run.coverage.swept, run.complete) == (3, 0, True)
        assert {one.site for one in store.devices(run.id)} == {"depot"}

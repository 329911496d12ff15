"""Logins at emulated devices: what they add, how often an account is shown, and that no secret is kept anywhere."""

import asyncio
import gc
import io
import logging
import os
import re
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest

from auditor.exports import json_lines, transcript
from auditor.model import Account as LoginAccount
from auditor.model import Device, Method, Pace, Reason, Run
from auditor.net import Stop
from auditor.run import Audit, begin, has_given_up, resume
from auditor.run.accounts import with_accounts
from auditor.run.execute import Execution
from auditor.run.judge import judge
from auditor.scope import Credentials, Entry, Place, Scope, Secret, Snmp, interval, loopback
from auditor.store import Access, Store
from lab.emulator.clock import wall_clock
from lab.emulator.device import Device as Emulated
from lab.emulator.town import Town
from lab.persona import Account, Persona, all_personas
from lab.sensor.event import Event, Memory

SHIFT = 24_000
BASE = f"127.{92 + os.getpid() % 60}.{os.getpid() // 60 % 250}"
METHODS = frozenset(
    {Method.TCP_SWEEP, Method.HTTP, Method.ONVIF, Method.TLS, Method.CREDENTIALS, Method.SNMP}
)
FAST = Pace(1e6, 1e6, 1e6, 1e6, 256)
USER, WORD = "lab-operator", "only-in-the-lab-7"
PERSONAS = {persona.id: persona for persona in all_personas()}
CAMERA = "hikvision-hikvision-ds-2cd2385g1-i-v5.6.2"
RECORDER = "hikvision-hikvision-ds-7616ni-k2-v4.74.210"
OTHER_RECORDER = "dahua-dahua-dhi-nvr5232-ei-5.001.0000000.2.r"
OTHER_CAMERA = "dahua-dahua-ipc-hdw5831r-ze-2.800.0000016.0.r"
SDC_CAMERA = "huawei-holosens-m2141-10-ei"
MANAGED = "dahua-dahua-dh-nvr4108hs-8p-4ks2-3.212.0000.1"


def entry(name: str = "lab", user: str = USER, word: str = WORD, **place: Iterable[str]) -> Entry:
    networks = tuple(interval(text) for text in place.get("networks", ()))
    where = Place(
        sites=frozenset(place.get("sites", () if place else ("loopback",))),
        networks=networks,
        devices=frozenset(place.get("devices", ())),
    )
    protocols = frozenset(place.get("protocols", ()))
    return Entry(name, where, Secret(user), Secret(word), protocols)


def locking(persona: Persona, word: str = WORD, user: str = USER) -> Persona:
    """Return a persona that locks after one failed attempt, and knows one account."""
    return replace(
        persona, accounts=(Account(user, word),), quirks=replace(persona.quirks, lock_after=1, delay=0.0)
    )


@dataclass
class Outcome:
    run: Run
    devices: dict[str, Device]
    events: list[Event]
    store: Store

    def at(self, number: int) -> Device:
        return self.devices[f"loopback/{BASE}.{number}"]

    def shown(self) -> Counter[str]:
        """Count refused or locked logins by address."""
        return Counter(one.address for one in self.events if one.login in {"refused", "locked"})


def audited(
    folder: Path, personas: list[Persona], credentials: Credentials, *, scope: Scope | None = None
) -> Outcome:
    memory = Memory()
    town = [
        Emulated(persona, f"{BASE}.{number}", clock=wall_clock, copy=number)
        for number, persona in enumerate(personas, 1)
    ]
    wide = scope or replace(
        loopback().narrow(targets=(f"{BASE}.1-{BASE}.{len(personas)}",)), methods=METHODS, pace=FAST
    )

    async def main(store: Store) -> Run:
        async with Town(town, memory, clock=wall_clock, port_shift=SHIFT):
            begun = begin(wide)
            return await Execution(
                wide,
                Audit(ports=(80, 443, 8080), port_shift=SHIFT),
                store,
                Stop(),
                begun.run,
                begun.past,
                credentials=credentials,
            ).execute()

    store = Store.open(folder / "audit.sqlite", Access.CREATE)
    run = asyncio.run(main(store))
    return Outcome(run, {one.key: one for one in store.devices(run.id)}, memory.events, store)


def observed(device: Device) -> set[tuple[str, str]]:
    return {(one.field, one.value) for one in device.observations}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterable[Outcome]:
    names = [CAMERA, RECORDER, OTHER_CAMERA, OTHER_RECORDER, SDC_CAMERA, MANAGED]
    community = Entry("managed", Place(sites=frozenset({"loopback"})), snmp=Snmp(Secret("lab-only-read")))
    found = audited(
        tmp_path_factory.mktemp("town"),
        [PERSONAS[name] for name in names],
        Credentials((entry(), community)),
    )
    yield found
    found.store.close()


def test_every_persona_gives_its_exact_firmware_after_login(town: Outcome) -> None:
    wrong = []
    for number, name in enumerate([CAMERA, RECORDER, OTHER_CAMERA, OTHER_RECORDER, SDC_CAMERA, MANAGED], 1):
        persona = PERSONAS[name]
        truth = {key: value for key, value in persona.truth.pairs() if value} | dict(
            persona.known_after_login
        )
        for claim in ("maker", "model", "firmware", "build_date"):
            found = town.at(number).identity.value(claim)
            if claim in truth and found != truth[claim]:
                wrong.append((name, claim, truth[claim], found))
    assert not wrong
    assert town.run.complete
    assert not has_given_up(town.run.notes)


def test_every_camera_behind_a_recorder_is_a_device_of_its_own(town: Outcome) -> None:
    children = {key: one for key, one in town.devices.items() if "#" in key}
    assert {key.partition("/")[2] for key in children} == {
        f"{BASE}.2#1",
        f"{BASE}.2#2",
        f"{BASE}.4#1",
        f"{BASE}.4#2",
        f"{BASE}.6#1",
        f"{BASE}.6#2",
    }
    tree = observed(children[f"loopback/{BASE}.6#2"])
    assert {("attached.address", "10.1.1.66"), ("attached.name", "Yard"), ("attached.status", "0")} <= tree
    first = children[f"loopback/{BASE}.2#1"]
    assert first.identity.value("model") == "DS-2CD2387G2-LSU/SL"
    assert (first.identity.value("firmware"), first.identity.value("build_date")) == ("V5.7.14", "2023-10-28")
    assert ("attached.recorder", f"{BASE}.2") in observed(first)
    other = children[f"loopback/{BASE}.4#1"]
    assert other.identity.value("model") == "IPC-HFW5831E-ZE"
    assert other.identity.value("build_date") == "2019-04-12"
    assert not any(event.address.endswith("#1") for event in town.events)


def test_weak_settings_are_observed(town: Outcome) -> None:
    seen = observed(town.at(1))
    assert {
        ("isapi.is_risk_password", "true"),
        ("isapi.administrators", "2"),
        ("isapi.lockout", "off"),
        ("isapi.time_mode", "manual"),
        ("isapi.service.cloud", "on"),
        ("isapi.service.upnp", "on"),
        ("isapi.tls.1_1", "on"),
    } <= seen
    assert ("cgi.config.general.lock_login_enable", "true") in observed(town.at(3))


def test_a_community_reads_the_makers_tree(town: Outcome) -> None:
    assert ("snmp.1.3.6.1.4.1.1004849.2.1.2.6.0", "DH-NVR4108HS-8P-4KS2") in observed(town.at(6))


def test_only_reading_calls_are_made_and_none_is_refused(town: Outcome) -> None:
    assert not town.shown()
    sent = [event.request for event in town.events if "Authorization" in event.request]
    assert len(sent) > 40
    assert all(request.startswith("GET /") for request in sent)


def test_the_run_says_how_many_possible_findings_a_login_settled(town: Outcome) -> None:
    judge(town.store, town.run.id, today=date(2026, 11, 22))
    (note,) = [note for note in town.store.run(town.run.id).notes if "settled" in note]
    counts = [int(number) for number in re.findall(r"\d+", note)]
    devices, decided, before, affected, not_affected, left = counts
    assert devices == 6
    assert decided == affected + not_affected
    assert before == decided + left
    assert decided > 0


def test_what_must_not_be_kept_is_nowhere_in_the_database(town: Outcome, tmp_path: Path) -> None:
    planted = [
        USER, WORD, "lab-only-read", "stored-camera-word", "stored-camera-user", "LABVERIFYCODE",
        "keeper-of-the-lab", "second-keeper",
    ]  # fmt: skip
    town.store.flush()
    with suppress(OSError):
        for path in town.store.path.parent.iterdir():
            data = path.read_bytes()
            assert not [word for word in planted if word.encode() in data], path
    for device in town.devices.values():
        for one in device.exchanges:
            said = one.request + one.reply + one.detail.encode() + repr(one).encode()
            assert not [word for word in planted if word.encode() in said], one.probe
            assert b"response=" not in one.request
    for export in (transcript, json_lines):
        out = io.BytesIO()
        export.write(town.run, tuple(town.devices.values()), out)
        assert b"attached.recorder" in out.getvalue()
        assert not [word for word in planted if word.encode() in out.getvalue()], export.NAME


def test_a_wrong_password_reaches_each_device_once_and_ends_after_three(tmp_path: Path) -> None:
    wrong = Credentials((entry(word="not-the-word-9"),), refusals=3)
    found = audited(tmp_path, [locking(PERSONAS[CAMERA])] * 6, wrong)
    assert len(found.shown()) == 3
    assert set(found.shown().values()) == {1}
    assert has_given_up(found.run.notes)
    assert "not-the-word-9" not in str(found.run)
    assert found.run.complete
    assert all(found.at(number).identity.value("maker") == "hikvision" for number in range(1, 7))
    found.store.close()


def test_a_device_is_never_locked_by_an_account_for_another(tmp_path: Path) -> None:
    own = [
        entry(f"own-{number}", word=f"word-{number}-x", devices=(f"{BASE}.{number}",)) for number in (1, 2, 3)
    ]
    general = entry("general", word="word-of-nobody", networks=(f"{BASE}.0/24",))
    personas = [locking(PERSONAS[CAMERA], f"word-{number}-x") for number in (1, 2, 3)]
    found = audited(tmp_path, personas, Credentials((general, *own)))
    assert not found.shown()
    assert [found.at(number).identity.value("build_date") for number in (1, 2, 3)] == ["2019-07-01"] * 3
    accepted = {event.address for event in found.events if event.login == "accepted"}
    assert accepted == {f"{BASE}.{number}" for number in (1, 2, 3)}
    found.store.close()


def test_a_refused_account_is_not_shown_again_by_a_resumed_run(tmp_path: Path) -> None:
    memory = Memory()
    device = Emulated(locking(PERSONAS[CAMERA]), f"{BASE}.1", clock=wall_clock)
    scope = replace(loopback().narrow(targets=(f"{BASE}.1",)), methods=METHODS, pace=FAST)
    options = Audit(ports=(80,), port_shift=SHIFT)
    wrong = Credentials((entry(word="not-the-word-9"),))

    async def once(store: Store, *, is_new: bool) -> None:
        begun = begin(scope) if is_new else resume(scope, options, store)
        run = Execution(scope, options, store, Stop(), begun.run, begun.past, credentials=wrong)
        async with Town([device], memory, clock=wall_clock, port_shift=SHIFT):
            await run.execute()

    with Store.open(tmp_path / "audit.sqlite", Access.CREATE) as store:
        asyncio.run(once(store, is_new=True))
        # As a kill between the refusal and the end of the device leaves it:
        store.db.conn.execute("DELETE FROM event WHERE kind = 'done' OR text LIKE '%refused%'")
        store.db.conn.execute("UPDATE run SET complete = 0, state = 'stopped'")
        assert [one.login for one in memory.events if one.login] == ["refused"]
        asyncio.run(once(store, is_new=False))
        assert len(store.runs()) == 1
    assert [one.login for one in memory.events if one.login] == ["refused"]


def test_basic_is_not_sent_readable_unless_the_scope_says_so(tmp_path: Path) -> None:
    old = PERSONAS["hikvision-hikvision-ds-2cd2132-i-v5.2.0"]
    without = audited(tmp_path, [old], Credentials((entry(),)))
    assert not [one for one in without.events if "Authorization" in one.request]
    without.store.close()
    (tmp_path / "allowed").mkdir()
    scope = replace(
        loopback().narrow(targets=(f"{BASE}.1",)), methods=METHODS, pace=FAST, basic_without_tls=True
    )
    allowed = audited(tmp_path / "allowed", [old], Credentials((entry(),)), scope=scope)
    assert [one for one in allowed.events if "Authorization: Basic" in one.request]
    assert ("isapi.firmware_version", "V5.2.0") in observed(allowed.at(1))
    assert not any(WORD.encode() in one.request for one in allowed.at(1).exchanges)
    allowed.store.close()


def fared(found: Outcome) -> dict[str, tuple[str, str]]:
    """Return outcome and reason of the first account of each device, by the last number of its address."""
    devices = with_accounts(found.store, found.devices.values(), (found.run.id,))
    told = {one.address.rpartition(".")[2]: one.accounts for one in devices}
    return {number: (all_[0].outcome.value, all_[0].reason) for number, all_ in told.items() if all_}


def test_what_came_of_each_account_is_told_and_only_those_taken_are_counted(tmp_path: Path) -> None:
    old = PERSONAS["hikvision-hikvision-ds-2cd2132-i-v5.2.0"]
    wrong = entry("wrong", word="not-the-word-9", devices=(f"{BASE}.3",))
    of_dahua = replace(entry("of dahua"), place=Place(makers=frozenset({"dahua"})))
    found = audited(
        tmp_path,
        [locking(PERSONAS[CAMERA]), old, locking(PERSONAS[CAMERA]), PERSONAS[OTHER_CAMERA]],
        Credentials((entry(networks=(f"{BASE}.1-{BASE}.3",)), wrong, of_dahua)),
    )
    told = fared(found)
    assert told["1"] == ("accepted", "")
    assert told["2"] == ("not offered", Reason.BASIC)
    assert told["3"][0] in {"refused", "locked"}
    assert told["4"] == ("accepted", "")
    judge(found.store, found.run.id, today=date(2026, 11, 22))
    (note,) = [note for note in found.store.run(found.run.id).notes if "settled" in note]
    assert note.startswith("logins at 2 devices")
    found.store.close()


def test_a_login_that_was_stopped_midway_is_taken_up_by_the_resumed_run(tmp_path: Path) -> None:
    class Stopping(Memory):
        """Stops the run when the fourth call with a login arrives."""

        stop = Stop()

        def record(self, event: Event) -> None:
            super().record(event)
            if sum("Authorization" in one.request for one in self.events) == 4:
                self.stop.set("stopped by the test")

    memory = Stopping()
    device = Emulated(PERSONAS[CAMERA], f"{BASE}.1", clock=wall_clock)
    scope = replace(loopback().narrow(targets=(f"{BASE}.1",)), methods=METHODS, pace=FAST)
    options = Audit(ports=(80,), port_shift=SHIFT)

    async def once(store: Store, stop: Stop, *, is_new: bool) -> None:
        begun = begin(scope) if is_new else resume(scope, options, store)
        credentials = Credentials((entry(),))
        run = Execution(scope, options, store, stop, begun.run, begun.past, credentials=credentials)
        async with Town([device], memory, clock=wall_clock, port_shift=SHIFT):
            await run.execute()

    def account(store: Store) -> LoginAccount:
        (found,) = with_accounts(store, store.devices(), tuple(one.id for one in store.runs()))
        return found.accounts[0]

    with Store.open(tmp_path / "audit.sqlite", Access.CREATE) as store:
        asyncio.run(once(store, Stopping.stop, is_new=True))
        assert not store.run().complete
        broken = account(store)
        assert (broken.outcome.value, broken.reason) == ("broken off", Reason.STOPPED)
        assert 0 < (broken.answered or 0) < broken.calls
        asyncio.run(once(store, Stop(), is_new=False))
        whole = account(store)
    assert whole.is_whole
    assert whole.answered == whole.calls == broken.calls
    asked = Counter(one.request.split(" ")[1] for one in memory.events if "Authorization" in one.request)
    assert sum(asked.values()) == whole.calls


def test_without_the_scopes_word_no_login_is_shown(tmp_path: Path) -> None:
    scope = replace(
        loopback().narrow(targets=(f"{BASE}.1",)), methods=METHODS - {Method.CREDENTIALS}, pace=FAST
    )
    found = audited(tmp_path, [PERSONAS[CAMERA]], Credentials((entry(),)), scope=scope)
    assert not [one for one in found.events if "Authorization" in one.request]
    found.store.close()


def test_onvif_is_asked_on_the_devices_own_clock(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    late = PERSONAS[CAMERA]
    late = replace(late, quirks=replace(late.quirks, clock="2019-03-01T00:00:00Z"))
    with caplog.at_level(logging.DEBUG):
        found = audited(tmp_path, [late], Credentials((entry(protocols=("onvif",), sites=("loopback",)),)))
    tokens = [one.request for one in found.events if "UsernameToken" in one.request]
    assert tokens
    assert "<wsu:Created>2019-03-01T" in tokens[0]
    assert ("onvif.model", "DS-2CD2385G1-I") in observed(found.at(1))
    assert WORD not in caplog.text
    assert USER not in caplog.text
    assert not any(b"UsernameToken" in one.request for one in found.at(1).exchanges)
    found.store.close()
    gc.collect()

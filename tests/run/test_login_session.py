"""Recorders that open a session at login: one login, then reading calls that show the session, and neither is kept."""

import asyncio
import os
from dataclasses import dataclass, replace
from pathlib import Path

from auditor.model import Device, Method, Pace
from auditor.net import Stop
from auditor.run import Audit, begin
from auditor.run.execute import Execution
from auditor.scope import Credentials, Entry, Place, Secret, loopback
from auditor.store import Access, Store
from lab.emulator.clock import wall_clock
from lab.emulator.device import Device as Emulated
from lab.emulator.town import Town
from lab.persona import Account, all_personas
from lab.sensor import Caps, judge
from lab.sensor.event import Event, Memory

SHIFT = 28_000
ADDRESS = f"127.{92 + os.getpid() % 60}.{os.getpid() // 60 % 250}.9"
METHODS = frozenset({Method.TCP_SWEEP, Method.HTTP, Method.ONVIF, Method.CREDENTIALS})
USER, WORD = "lab-operator", "only-in-the-lab-7"
COOKIE, TOKEN = "5c0ffee0lab0session", "7e57lab0token"
RECORDER = next(one for one in all_personas() if one.id == "huawei-holowits-hwt-nvr800-9.0.0")
ANY_RATE = Caps(packets=1e6, packets_host=1e6, requests_host=1e6)


@dataclass
class Found:
    device: Device
    events: list[Event]
    written: bytes

    def logins(self) -> list[str]:
        return [one.login for one in self.events if one.login]

    def asked(self) -> list[str]:
        return [one.request.split(" ", 2)[1] for one in self.events if one.request.startswith("POST /API/")]


def audited(folder: Path, *, word: str = WORD, allowed: bool = True, refusals_left: int = 1) -> Found:
    quirks = replace(RECORDER.quirks, lock_after=refusals_left)
    persona = replace(RECORDER, accounts=(Account(USER, WORD),), quirks=quirks)
    memory = Memory()
    town = [Emulated(persona, ADDRESS, clock=wall_clock)]
    methods = METHODS if allowed else METHODS - {Method.CREDENTIALS}
    pace = Pace(1e6, 1e6, 1e6, 1e6, 256)
    scope = replace(loopback().narrow(targets=(ADDRESS,)), methods=methods, pace=pace)
    entry = Entry("lab", Place(sites=frozenset({"loopback"})), Secret(USER), Secret(word))

    async def main(store: Store) -> str:
        async with Town(town, memory, clock=wall_clock, port_shift=SHIFT):
            begun = begin(scope)
            run = Execution(
                scope,
                Audit(ports=(80,), port_shift=SHIFT),
                store,
                Stop(),
                begun.run,
                begun.past,
                credentials=Credentials((entry,)),
            )
            return (await run.execute()).id

    with Store.open(folder / "audit.sqlite", Access.CREATE) as store:
        (device,) = store.devices(asyncio.run(main(store)))
    written = b"".join(path.read_bytes() for path in folder.iterdir())
    return Found(device, memory.events, written)


def test_the_session_tells_model_and_firmware_after_one_login(tmp_path: Path) -> None:
    found = audited(tmp_path)
    assert found.logins() == ["accepted"]
    seen = {(one.field, one.value) for one in found.device.observations}
    assert {("json.device_type", "HWT-NVR800"), ("json.software_version", "9.0.0")} <= seen
    model, firmware = found.device.identity.claim("model"), found.device.identity.claim("firmware")
    assert model is not None
    assert firmware is not None
    assert (model.value, firmware.value) == ("HWT-NVR800", "9.0.0")
    assert firmware.certainty.value != "tentative"
    assert found.asked().count("/API/Web/Login") == 2, "once bare, once with the account"
    shown = [one.request for one in found.events if TOKEN in one.request]
    assert len(shown) == 3
    assert not any("Authorization" in one for one in shown)
    assert not found.device.address.endswith("#1")


def test_neither_account_nor_session_is_kept(tmp_path: Path) -> None:
    found = audited(tmp_path)
    assert not [word for word in (USER, WORD, COOKIE, TOKEN) if word.encode() in found.written]
    for one in found.device.exchanges:
        said = one.request + one.reply + repr(one).encode()
        assert not [word for word in (USER, WORD, COOKIE, TOKEN) if word.encode() in said], one.probe


def test_a_refused_login_ends_it_after_one_attempt(tmp_path: Path) -> None:
    found = audited(tmp_path, word="not-the-word-9")
    assert found.logins() == ["refused"]
    assert not [path for path in found.asked() if path.endswith("/Get")]


def test_the_sensor_finds_nothing_wrong_with_an_account_and_much_without(tmp_path: Path) -> None:
    found = audited(tmp_path)
    assert judge(found.events, caps=ANY_RATE, accounts=["*"]).clean
    rules = {alarm.rule for alarm in judge(found.events, caps=ANY_RATE).alarms}
    assert {"session-call", "login"} <= rules


def test_without_the_scopes_word_no_session_is_opened(tmp_path: Path) -> None:
    found = audited(tmp_path, allowed=False)
    assert not [path for path in found.asked() if path != "/API/Login/Range"]
    assert judge(found.events, caps=ANY_RATE).clean

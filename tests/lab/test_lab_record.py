"""What a device said becomes a persona that says it again, without naming the device or its owner."""

import base64
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from auditor import probes
from auditor.model import Endpoint, Exchange, Protocol, Status
from auditor.model import Transport as Carrier
from lab.cli import main
from lab.emulator import Device
from lab.persona import Listener, Persona, Transport, all_personas
from lab.persona import read as read_persona
from lab.record import Recorded, read_transcript, record

NOON = 1_790_000_000.0
WEB = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
QUESTIONS: dict[str, tuple[bytes, ...]] = {
    "http": (
        WEB,
        b"GET /ISAPI/System/deviceInfo HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /onvif/device_service HTTP/1.1\r\nHost: x\r\nContent-Length: 33\r\n\r\n<s:Body><GetSystemDateAndTime/>..",
    ),
    "rtsp": (
        b"OPTIONS rtsp://x/ RTSP/1.0\r\nCSeq: 7\r\n\r\n",
        b"DESCRIBE rtsp://x/ RTSP/1.0\r\nCSeq: 8\r\n\r\n",
    ),
    "sadp": (b"<Probe><Uuid>5A3C1D20-1111-4222-8333-0C0A00000001</Uuid><Types>inquiry</Types></Probe>",),
    "dhip": (
        b"\x20\0\0\0DHIP"
        + b"\0" * 8
        + b"\x1e\0\0\0\0\0\0\0\x1e\0\0\0\0\0\0\0"
        + b'{"method":"DHDiscover.search"}',
    ),
    "wsd": (b"<e><a:MessageID>urn:uuid:4c8c0a12-0000-4000-8000-000000000001</a:MessageID><d:Probe/></e>",),
    "ssdp": (b"M-SEARCH * HTTP/1.1\r\nST: ssdp:all\r\n\r\n",),
    "dahua-5050": (bytes.fromhex("a3010001" + "00" * 12 + "02000000" + "00" * 12),),
}
TRANSCRIPT_NAMES = {"dahua-5050": "dahua_5050"}
RECORDED = [
    one
    for one in all_personas()
    if "polite" in one.tags
    and one.truth.maker in {"hikvision", "dahua", "huawei", "tvt"}
    and any(entry.transport is not Transport.TLS and entry.protocol in QUESTIONS for entry in one.listens)
]


def _asked(device: Device) -> Iterator[tuple[Listener, bytes, bytes]]:
    for listener in device.persona.listens:
        if listener.transport is Transport.TLS:
            continue
        for question in QUESTIONS.get(listener.protocol, ()):
            for said in device.hear(listener, question).replies:
                yield listener, question, said


def _transcript(device: Device, path: Path) -> None:
    with path.open("w", encoding="utf-8") as out:
        for listener, question, said in _asked(device):
            line = {
                "schema_version": 1,
                "device": "a",
                "protocol": TRANSCRIPT_NAMES.get(listener.protocol, listener.protocol),
                "transport": str(listener.transport),
                "port": listener.port,
                "address": device.address,
                "request": question.decode("latin-1"),
            }
            try:
                line["reply"] = said.decode()
            except UnicodeDecodeError:
                line["reply_base64"] = base64.b64encode(said).decode()
            out.write(json.dumps(line) + "\n")


def _observed(device: Device) -> dict[str, set[str]]:
    seen: dict[str, set[str]] = {}
    for listener, question, said in _asked(device):
        try:
            protocol = Protocol(TRANSCRIPT_NAMES.get(listener.protocol, listener.protocol))
        except ValueError:
            continue
        carrier = Carrier.UDP if listener.transport is Transport.UDP else Carrier.TCP
        exchange = Exchange(
            device="a",
            probe="",
            protocol=protocol,
            endpoint=Endpoint(device.address, listener.port, carrier),
            request=question,
            reply=said,
            status=Status.ANSWERED,
            at=datetime(2026, 11, 22, tzinfo=UTC),
        )
        for pair in probes.read(exchange):
            seen.setdefault(f"{listener.port} {pair.field}", set()).add(pair.value)
    return seen


def _replayed(persona: Persona, tmp_path: Path) -> tuple[Device, Device, Recorded]:
    """Record a device and serve the record: (the device, its replay, the record)."""
    original = Device(persona, "127.77.0.9", clock=lambda: NOON)
    _transcript(original, tmp_path / "t.jsonl")
    truth = {name: value for name, value in persona.truth.pairs() if value}
    made = record("a", read_transcript(tmp_path / "t.jsonl")["a"], truth)
    path = tmp_path / "recorded.yaml"
    path.write_text(made.text, encoding="utf-8")
    return original, Device(read_persona(path), "127.77.0.9", clock=lambda: NOON), made


@pytest.mark.parametrize("persona", RECORDED, ids=lambda one: one.id)
def test_a_recorded_device_replays_to_the_same_observations(persona: Persona, tmp_path: Path) -> None:
    original, replay, made = _replayed(persona, tmp_path)
    text = made.text
    first, second = _observed(original), _observed(replay)
    binary = {f"{entry.port} " for entry in persona.listens if entry.protocol == "dahua-5050"}
    kept = {name for name in first if not any(name.startswith(port) for port in binary)}
    assert kept, "something was said"
    assert kept <= set(second)
    for name in kept:
        redacted = {
            made.redaction.text(value).replace("${address}", original.address) for value in first[name]
        }
        assert second[name] == redacted, name
    if persona.truth.serial and persona.truth.serial in "".join(sorted(map(str, first.values()))):
        assert persona.truth.serial not in text
        assert replay.truth.serial != persona.truth.serial
    if persona.truth.mac and persona.truth.mac in str(first):
        assert persona.truth.mac not in text.lower()
        assert persona.truth.mac.replace(":", "-") not in text.lower()
        assert persona.truth.mac.replace(":", "") not in text.lower()


def test_redaction_keeps_the_form_and_agrees_with_itself(tmp_path: Path) -> None:
    persona = next(one for one in RECORDED if one.truth.model == "DS-2CD2385G1-I")
    original, replay, _ = _replayed(persona, tmp_path)
    assert original.truth.serial is not None
    assert replay.truth.serial is not None
    assert re.sub(r"\d", "0", original.truth.serial) == re.sub(r"\d", "0", replay.truth.serial)
    assert replay.truth.serial.startswith("DS-2CD2385G1-I2020"), "model and year stay"
    assert replay.truth.mac is not None
    assert replay.truth.mac.startswith("58:50:ed:"), "the maker's prefix stays"
    search = next(entry for entry in replay.persona.listens if entry.protocol == "sadp")
    said = replay.hear(search, QUESTIONS["sadp"][0].replace(b"5A3C1D20", b"77777777")).replies[0].decode()
    assert replay.truth.serial in said
    assert replay.truth.mac.replace(":", "-") in said
    assert "77777777-1111" in said, "what a reply repeats of the question is repeated anew"
    assert "${" not in said


def test_bytes_that_are_no_text_are_replayed_as_they_are(tmp_path: Path) -> None:
    line = {"device": "a", "protocol": "http", "transport": "tcp", "port": 80, "address": "127.0.0.9"}
    said = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n\xff\xfe\x00"
    transcript = tmp_path / "t.jsonl"
    transcript.write_text(
        json.dumps(line | {"request": WEB.decode(), "reply_base64": base64.b64encode(said).decode()}) + "\n",
        encoding="utf-8",
    )
    made = CliRunner().invoke(main, ["record", str(transcript), "--out", str(tmp_path / "out")])
    assert made.exit_code == 0, made.output
    (path,) = (tmp_path / "out").glob("*.yaml")
    replay = Device(read_persona(path), "127.0.0.9", clock=lambda: NOON)
    assert replay.hear(replay.persona.listens[0], WEB).replies == (said,)


def test_owners_are_not_named(tmp_path: Path) -> None:
    page = (
        "<deviceName>Mayor, second floor</deviceName> ask it@townhall.example, gateway 192.168.20.1, "
        "firmware 10.1.2.3456 <IPv4Address>127.0.0.9</IPv4Address>"
    )
    line = {
        "device": "a",
        "protocol": "http",
        "transport": "tcp",
        "port": 80,
        "address": "127.0.0.9",
        "request": WEB.decode(),
        "reply": f"HTTP/1.1 200 OK\r\nContent-Length: {len(page)}\r\n\r\n{page}",
    }
    transcript = tmp_path / "t.jsonl"
    transcript.write_text(json.dumps(line) + "\n", encoding="utf-8")
    text = record("a", read_transcript(transcript)["a"], {}).text
    for told in ("Mayor", "townhall.example", "192.168.20.1", "127.0.0.9"):
        assert told not in text
    assert "10.1.2.3456" in text, "a version is no address"
    (tmp_path / "p.yaml").write_text(text, encoding="utf-8")
    replay = Device(read_persona(tmp_path / "p.yaml"), "127.44.0.1", clock=lambda: NOON)
    said = replay.hear(replay.persona.listens[0], WEB).replies[0]
    head, _, body = said.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert b"<IPv4Address>127.44.0.1<" in body


def test_a_file_that_is_no_transcript_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"device": "a", "protocol": "http"}\nnonsense\n', encoding="utf-8")
    refused = CliRunner().invoke(main, ["record", str(path)])
    assert refused.exit_code == 2
    assert "line 2 is no exchange" in refused.output


def test_the_exports_of_the_auditor_say_who_the_recorded_devices_are(tmp_path: Path) -> None:
    persona = next(one for one in RECORDED if one.truth.model == "DS-7616NI-K2")
    _transcript(Device(persona, "127.77.0.9", clock=lambda: NOON), tmp_path / "t.jsonl")
    claims = {name: {"value": value} if value else None for name, value in persona.truth.pairs()}
    (tmp_path / "d.jsonl").write_text(
        json.dumps({"record": "run"}) + "\n" + json.dumps({"device": "a", **claims}) + "\n", encoding="utf-8"
    )
    words = [
        "record",
        str(tmp_path / "t.jsonl"),
        "--devices",
        str(tmp_path / "d.jsonl"),
        "--out",
        str(tmp_path / "o"),
    ]
    assert CliRunner().invoke(main, words).exit_code == 0
    assert CliRunner().invoke(main, words).exit_code == 0
    made = sorted(path.name for path in (tmp_path / "o").iterdir())
    assert made == [f"{persona.id}-2.yaml", f"{persona.id}.yaml"], "an earlier record is not overwritten"
    stated = yaml.safe_load((tmp_path / "o" / made[1]).read_text(encoding="utf-8"))["is"]
    assert stated["model"] == "DS-7616NI-K2"
    assert stated["serial"] != persona.truth.serial

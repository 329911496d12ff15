"""Several devices behind one address come apart; one device that says several things of itself stays one."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import probes
from auditor.fingerprint import Part, pages, parts, rules
from auditor.fingerprint.lint import heard_in
from auditor.fingerprint.rule import Rule
from auditor.intake import transcript
from auditor.model import Certainty, Endpoint, Exchange, Observation, Protocol, Status, Transport
from auditor.model.place import place_of
from lab.emulator import Device
from lab.persona import all_personas

CORPUS = Path(__file__).resolve().parents[2] / ".." / "shared" / "corpus"
HERE = "192.0.2.9"
AXIS = b'HTTP/1.1 401 X\r\nServer: Apache\r\nWWW-Authenticate: Digest realm="AXIS_ACCC8E112233", nonce="a"\r\n\r\n'
DAHUA = b'HTTP/1.1 401 X\r\nWWW-Authenticate: Digest realm="Login to 4K0488CPAGT1F44", nonce="1"\r\n\r\n'
HIKVISION = (
    b"HTTP/1.1 200 OK\r\nServer: App-webs/\r\n\r\n<!DOCTYPE html><html><head><title>index</title><script>"
    b'window.location.href="/doc/page/login.asp?_"+(new Date()).getTime();</script></head></html>'
)
PERSONAS = all_personas()
SSH = b"SSH-2.0-OpenSSH_8.4\r\n"


def reply(
    port: int,
    said: bytes,
    protocol: Protocol = Protocol.HTTP,
    transport: Transport = Transport.TCP,
    request: bytes = b"GET / HTTP/1.1\r\n\r\n",
) -> Exchange:
    return Exchange(
        device=f"site/{HERE}",
        probe="test",
        protocol=protocol,
        endpoint=Endpoint(HERE, port, transport),
        request=request,
        reply=said,
        status=Status.ANSWERED if said else Status.SILENT,
    )


def apart(*exchanges: Exchange) -> tuple[Part, ...]:
    return parts(f"site/{HERE}", (seen for one in exchanges for seen in probes.read(one)), exchanges)


def onvif(port: int, model: str, serial: str, maker: str = "ACME") -> Exchange:
    body = (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:tds="http://www.onvif.org/ver10/device/wsdl">'
        f"<s:Body><tds:GetDeviceInformationResponse><tds:Manufacturer>{maker}</tds:Manufacturer><tds:Model>{model}</tds:Model>"
        f"<tds:FirmwareVersion>1.2</tds:FirmwareVersion><tds:SerialNumber>{serial}</tds:SerialNumber>"
        "<tds:HardwareId>1</tds:HardwareId></tds:GetDeviceInformationResponse></s:Body></s:Envelope>"
    )
    said = (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    )
    return reply(port, said.encode(), Protocol.ONVIF, request=b"<tds:GetDeviceInformation/>")


def told(found: Iterable[Part]) -> dict[str, str | None]:
    return {part.suffix: part.identity.value("maker") for part in found}


def test_three_makers_behind_one_address_are_three_devices() -> None:
    found = apart(reply(80, HIKVISION), reply(81, DAHUA), reply(8080, AXIS))
    assert told(found) == {":80": "hikvision", ":81": "dahua", ":8080": "axis"}
    assert [sorted(part.ports) for part in found][2] == [("tcp", 8080), ("tls", 8080)]


def test_each_exchange_belongs_to_one_device_and_silence_to_the_first() -> None:
    said = (reply(80, HIKVISION), reply(81, DAHUA), reply(9999, b""), reply(8080, AXIS))
    found = apart(*said)
    assert Counter(name for part in found for name in part.exchanges) == Counter(one.id for one in said)
    assert said[2].id in found[0].exchanges


def test_what_shows_nothing_is_a_rest_without_a_suffix() -> None:
    found = apart(reply(80, HIKVISION), reply(81, DAHUA), reply(22, SSH, Protocol.SSH, request=b""))
    assert told(found) == {":80": "hikvision", ":81": "dahua", "": None}


def test_two_serial_numbers_at_two_ports_are_two_devices() -> None:
    found = apart(onvif(80, "TS-16", "4A0132APAG00001"), onvif(81, "TS-16", "4A0132APAG00002"))
    assert [part.suffix for part in found] == [":80", ":81"]


def realm(port: int, text: str, protocol: Protocol = Protocol.HTTP) -> Exchange:
    kind = "HTTP/1.1" if protocol is Protocol.HTTP else "RTSP/1.0"
    head = f'{kind} 401 Unauthorized\r\nCSeq: 1\r\nWWW-Authenticate: Digest qop="auth", realm="{text}", nonce="4e6a4930"'
    return reply(port, f"{head}\r\nContent-Length: 0\r\n\r\n".encode(), protocol)


def test_two_cameras_of_one_maker_that_only_their_realms_tell_apart_are_two_devices() -> None:
    rtsp = Protocol.RTSP
    said = [realm(80, "IP Camera(D3071)"), realm(554, "IP Camera(D3071)", rtsp)]
    assert len(apart(*said)) == 1
    others = [realm(81, "IP Camera(G4415)"), realm(10554, "IP Camera(G4415)", rtsp)]
    found = apart(*said, *others)
    assert [part.suffix for part in found] == [":80", ":81"]
    assert [{port for _, port in part.ports} for part in found] == [{80, 554}, {81, 10554}]
    assert {part.identity.value("maker") for part in found} == {"hikvision"}
    assert [part.suffix for part in apart(said[1], others[1])] == [":554", ":10554"]


@pytest.mark.parametrize(
    "other", ["IP Camera", "IP Camera(lobby)", "IP Camera(D3071)", "ip camera(d3071)", "web"]
)
def test_a_realm_that_says_nothing_of_the_device_takes_nothing_apart(other: str) -> None:
    assert len(apart(realm(80, "IP Camera(D3071)"), realm(8080, other))) == 1


def isapi(port: int, mac: str) -> Exchange:
    body = (
        "<DeviceInfo><model>DS-2CD2142FWD-I</model><firmwareVersion>V5.4.0</firmwareVersion>"
        f"<firmwareReleasedDate>build 160530</firmwareReleasedDate><macAddress>{mac}</macAddress></DeviceInfo>"
    )
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}\r\n\r\n"
    return reply(port, f"{head}{body}".encode(), request=b"GET /ISAPI/System/deviceInfo HTTP/1.1\r\n\r\n")


def test_two_cameras_of_one_model_with_two_hardware_addresses_are_two_devices() -> None:
    found = apart(isapi(80, "c4:2f:90:51:0b:07"), isapi(81, "c4:2f:90:51:0b:08"))
    assert [(part.suffix, part.identity.value("mac")) for part in found] == [
        (":80", "c4:2f:90:51:0b:07"),
        (":81", "c4:2f:90:51:0b:08"),
    ]
    assert len(apart(isapi(80, "c4:2f:90:51:0b:07"), isapi(81, "c4:2f:90:51:0b:07"))) == 1
    assert len(apart(isapi(80, "c4:2f:90:51:0b:07"), isapi(81, "00:00:00:00:00:00"))) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("TS-16", "SerialNumber"), ("TS-16", "0123456789")),
        (("TS-16", "47169922"), ("TS-16", "TS-1620140705CCWR47169922WCVU")),
        (("TS-16", "47169922"), ("TS-16-I", "47169922")),
    ],
)
def test_placeholders_and_two_spellings_do_not_come_apart(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    assert len(apart(onvif(80, *one), onvif(8000, *other))) == 1


def test_one_port_that_tells_two_models_is_one_device() -> None:
    assert len(apart(onvif(80, "TS-16", "4A0132APAG00001"), onvif(80, "NV-99", "4A0132APAG00002"))) == 1


def test_two_makers_that_take_turns_at_one_port_are_two_devices() -> None:
    found = apart(reply(80, HIKVISION), reply(80, AXIS, request=b"GET /x HTTP/1.1\r\n\r\n"))
    assert sorted(told(found)) == [":80", ":80/2"]
    assert set(told(found).values()) == {"hikvision", "axis"}


def test_a_device_of_its_own_at_an_ipv6_address_is_written_in_brackets() -> None:
    assert place_of("hall/2001:db8::5", ":81") == "hall/[2001:db8::5]:81"
    assert place_of("hall/2001:db8::5", "") == "hall/2001:db8::5"
    assert place_of("hall/192.0.2.9", ":81") == "hall/192.0.2.9:81"


WEB = (b"/", *(page.path.encode() for page in pages() if page.method == "GET"))
UDP = {
    "sadp": b"<Probe><Uuid>A</Uuid><Types>inquiry</Types></Probe>",
    "wsd": b"<e><a:MessageID>urn:uuid:1</a:MessageID><d:Probe/></e>",
    "ssdp": b"M-SEARCH * HTTP/1.1\r\nST: ssdp:all\r\n\r\n",
    "dhip": b"\x20\0\0\0DHIP"
    + b"\0" * 8
    + b"\x1e\0\0\0\0\0\0\0\x1e\0\0\0\0\0\0\0"
    + b'{"method":"DHDiscover.search"}',
    "dahua-5050": bytes.fromhex("a3010001" + "00" * 12 + "02000000" + "00" * 12),
}
ONVIF = b"POST /onvif/device_service HTTP/1.1\r\n\r\n<s:Envelope><s:Body><tds:GetDeviceInformation/></s:Body></s:Envelope>"


def questions(protocol: str) -> dict[bytes, str]:
    """Return what to ask a listener of a persona, and of which protocol the answer is."""
    if protocol == "http":
        asked = {b"GET " + path + b" HTTP/1.1\r\nHost: device\r\n\r\n": protocol for path in WEB}
        return asked | {ONVIF: "onvif"}
    if protocol == "rtsp":
        return {
            b"OPTIONS rtsp://device/ RTSP/1.0\r\nCSeq: 1\r\n\r\n": protocol,
            b"DESCRIBE rtsp://device/ RTSP/1.0\r\nCSeq: 2\r\n\r\n": protocol,
        }
    return {UDP[protocol]: protocol} if protocol in UDP else {}


@cache
def spoken(number: int) -> tuple[Exchange, ...]:
    """Return what the persona of that number says at its own address to all these questions."""
    device = Device(PERSONAS[number], HERE, clock=lambda: 1_790_000_000.0)
    found = []
    for entry in PERSONAS[number].listens:
        transport = Transport(entry.transport.value)
        if greeting := device.greet(entry):
            found.append(reply(entry.port, greeting, Protocol(entry.protocol), transport, b""))
        for request, protocol in questions(entry.protocol).items():
            replies = device.hear(entry, request).replies
            found += [reply(entry.port, said, Protocol(protocol), transport, request) for said in replies]
    return tuple(found)


def elsewhere(said: Iterable[Exchange], shift: int) -> tuple[Exchange, ...]:
    """Return the replies as if a port forward had put them at ports further up, naming another address."""
    return tuple(
        replace(
            one,
            endpoint=replace(one.endpoint, port=one.endpoint.port + shift),
            reply=one.reply.replace(HERE.encode(), b"198.51.100.7"),
            id="",
        )
        for one in said
    )


def makers(found: Iterable[Part]) -> Counter[str]:
    """Count the makers that devices are surely of."""
    held = [part.identity.claim("maker") for part in found]
    return Counter(one.value for one in held if one and one.certainty is not Certainty.TENTATIVE)


@pytest.mark.parametrize("number", range(len(PERSONAS)), ids=[one.id for one in PERSONAS])
def test_every_persona_is_one_device(number: int) -> None:
    said = spoken(number)
    found = apart(*said)
    assert [part.suffix for part in found] == [""]
    assert found[0].exchanges == {one.id for one in said}


ANY = st.integers(0, len(PERSONAS) - 1)


@settings(deadline=None, max_examples=150)
@given(ANY, ANY, ANY)
def test_other_devices_at_an_address_lower_no_count_of_makers(one: int, two: int, three: int) -> None:
    alone = [spoken(one), elsewhere(spoken(two), 10_000), elsewhere(spoken(three), 20_000)]
    pair, all_three = apart(*alone[0], *alone[1]), apart(*alone[0], *alone[1], *alone[2])
    for said in alone[:2]:
        assert not makers(apart(*said)) - makers(pair)
    for said in alone:
        assert not makers(apart(*said)) - makers(all_three)
    assert not makers(pair) - makers(all_three)
    names = [name for part in all_three for name in part.exchanges]
    assert sorted(names) == sorted({one.id for said in alone for one in said})


def heard_at(rule: Rule, port: int) -> tuple[Observation, ...]:
    """Return the first example of a rule as what was said at a port."""
    heard = heard_in(rule, rule.examples[0])
    exchange = replace(
        heard[0].exchange,
        device=f"site/{HERE}",
        endpoint=Endpoint(HERE, port),
        reply=f"{rule.id} {port}".encode(),
        id="",
    )
    return tuple(replace(one, exchange=exchange) for one in heard)


def sure(seen: Iterable[Observation]) -> Counter[str]:
    return makers(parts(f"site/{HERE}", seen))


@cache
def choruses() -> dict[str, tuple[Rule, Rule]]:
    """Return for each maker two rules that name it surely at two ports together, and at none of them alone."""
    found: dict[str, tuple[Rule, Rule]] = {}
    hints = [
        rule
        for rule in rules().rules
        if rule.maker and rule.examples and ("maker", rule.maker) in rule.claims
    ]
    for one, other in combinations([rule for rule in hints if rule.certainty is not Certainty.TENTATIVE], 2):
        if one.maker == other.maker and one.maker not in found and one.witness != other.witness:
            first, second = heard_at(one, 80), heard_at(other, 554)
            if not sure(first) and not sure(second) and sure((*first, *second)) == {one.maker: 1}:
                found[one.maker] = one, other
    return found


def test_signs_that_only_together_name_a_maker_come_together_beside_any_other_device() -> None:
    assert len(choruses()) >= 5
    others = {PERSONAS[number].truth.maker: number for number in range(len(PERSONAS))}
    for number in others.values():
        far = [seen for one in elsewhere(spoken(number), 10_000) for seen in probes.read(one)]
        theirs = sure(far)
        for maker, (one, other) in choruses().items():
            found = sure((*heard_at(one, 80), *heard_at(other, 554), *far))
            assert not Counter([maker]) - found, (one.id, other.id, PERSONAS[number].id)
            assert not theirs - found, (one.id, other.id, PERSONAS[number].id)


def test_two_makers_that_each_need_two_ports_are_two_devices() -> None:
    for (maker, near), (its, far) in combinations(choruses().items(), 2):
        here = (*heard_at(near[0], 80), *heard_at(near[1], 554))
        there = (*heard_at(far[0], 8080), *heard_at(far[1], 8554))
        assert sure((*here, *there)) == Counter([maker, its]), [rule.id for rule in (*near, *far)]


@pytest.mark.corpus
@pytest.mark.skipif(not (CORPUS / "dev.transcript.jsonl").is_file(), reason="no corpus beside the checkout")
@pytest.mark.parametrize("name", ["dev", "round2.dev"])
def test_every_recorded_device_is_one_device(name: str) -> None:
    heard = transcript.read(CORPUS / f"{name}.transcript.jsonl").devices
    split = [
        one.device
        for one in heard
        if len(
            parts(one.device, (seen for said in one.exchanges for seen in probes.read(said)), one.exchanges)
        )
        > 1
    ]
    assert split == []
    assert len(heard) > 100

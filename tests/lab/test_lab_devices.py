"""A device in memory: what it says, how copies differ, how logins go."""

import base64
import hashlib
import json
import re
import struct
from collections import Counter
from collections.abc import Iterator

import pytest

from lab.emulator import Device, NetworkTooSmallError, place
from lab.emulator.frames import request_length
from lab.persona import Listener, Persona, all_personas

PERSONAS = {one.id: one for one in all_personas()}
NOON = 1_790_000_000.0
INQUIRY = (
    b'<?xml version="1.0" encoding="utf-8"?><Probe><Uuid>13A888A9-F1B1</Uuid><Types>inquiry</Types></Probe>'
)


def device(model: str, *, copy: int = 0, clock: float = NOON) -> Device:
    persona = next(one for one in PERSONAS.values() if one.truth.model == model)
    return Device(persona, "127.77.0.9", clock=lambda: clock, copy=copy)


def port(of: Device | Persona, number: int) -> Listener:
    persona = of.persona if isinstance(of, Device) else of
    return next(entry for entry in persona.listens if entry.port == number)


def framed(body: bytes) -> bytes:
    return struct.pack("<I4sIIIIII", 32, b"DHIP", 0, 0, len(body), 0, len(body), 0) + body


def said(of: Device, number: int, request: bytes) -> bytes:
    return b"".join(of.hear(port(of, number), request).replies)


def test_sadp_answers_as_the_capture_shows() -> None:
    camera = device("DS-2CD2385G1-I")
    reply = said(camera, 37020, INQUIRY).decode()
    assert "<Uuid>13A888A9-F1B1</Uuid>\r\n<Types>inquiry</Types>" in reply
    assert "<SoftwareVersion>V5.6.2build 190701</SoftwareVersion>" in reply
    assert "<MAC>58-50-ed-4c-21-07</MAC>" in reply
    assert "<HCPlatformEnable>true</HCPlatformEnable>" in reply
    other = said(device("DS-2CD2T47G1-L"), 37020, INQUIRY).decode()
    assert "<HCPlatformEnable>flase</HCPlatformEnable>" in other, "as the firmware spells it"
    assert re.search(r"(?<!\r)\n", reply) is None


@pytest.mark.parametrize("verb", ["getencryptstring", "exchangecode", "update", "reboot"])
def test_sadp_is_silent_on_every_other_verb(verb: str) -> None:
    camera = device("DS-2CD2385G1-I")
    assert said(camera, 37020, INQUIRY.replace(b"inquiry", verb.encode())) == b""


def test_dhip_answers_behind_its_header_and_needs_one() -> None:
    camera = device("IPC-HDW1431T1-S4")
    asked = b'{"method":"DHDiscover.search","params":{"mac":"","uni":1}}\n'
    reply = said(camera, 37810, framed(asked))
    head, body = reply[:32], reply[32:]
    assert head == struct.pack("<I4sIIIIII", 32, b"DHIP", 0, 0, len(body), 0, len(body), 0)
    shown = json.loads(body)["params"]["deviceInfo"]
    assert (shown["DeviceType"], shown["Version"], shown["Vendor"], shown["Init"]) == (
        "IPC-HDW1431T1-S4",
        "2.800.0000000.13.R",
        "Private",
        2714,
    )
    assert said(camera, 37810, asked) == b""


def test_the_old_discovery_sections_add_up() -> None:
    camera = device("IPC-HDW5421S")
    reply = said(camera, 5050, bytes.fromhex("a3010001" + "00" * 12 + "02000000" + "00" * 12))
    assert reply[0] == 0xB3
    (third,) = struct.unpack_from("<H", reply, 0x14)
    assert len(reply) == 0x78 + reply[2] + third
    assert reply[0x78 : 0x78 + reply[2]].decode() == "4c:11:bf:60:1a:e7IPC-HDW5421S"
    assert struct.unpack_from("<3H", reply, 0x5E) == (80, 443, 37777)


def test_the_refusal_of_a_camera_is_the_known_page_of_178_bytes() -> None:
    camera = device("DS-2CD2155FWD-I")
    reply = said(camera, 80, b"GET /ISAPI/System/deviceInfo HTTP/1.1\r\nHost: x\r\n\r\n")
    head, _, body = reply.partition(b"\r\n\r\n")
    assert b"HTTP/1.1 401 Unauthorized\r\n" in head
    assert len(body) == 178
    assert b"Content-Length: 178\r\n" in head
    assert b'realm="IP Camera(83813)"' in head
    nonce = re.search(rb'nonce="([0-9a-f]+)"', head)
    assert nonce is not None
    assert re.fullmatch(rb"[0-9a-f]{8}:[0-9a-f]{7}", base64.b64decode(bytes.fromhex(nonce[1].decode())))


def test_the_clock_of_a_device_can_stand_in_1970() -> None:
    camera = device("DS-2CD2155FWD-I")
    reply = said(camera, 80, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"Date: Sun, 22 Feb 1970 08:21:26 GMT\r\n" in reply
    asked = b"OPTIONS rtsp://x/ RTSP/1.0\r\nCSeq: 7\r\n\r\n"
    assert b"CSeq: 7\r\n" in said(camera, 554, asked)
    assert b"Date:  Sun, Feb 22 1970 08:21:26 GMT\r\n\r\n" in said(camera, 554, asked)


def test_content_length_is_true_wherever_it_is_stated() -> None:
    counted = 0
    for persona in PERSONAS.values():
        one = Device(persona, "127.77.0.9", clock=lambda: NOON)
        for entry in persona.listens:
            if entry.protocol != "http" or entry.transport == "udp":
                continue
            for reply in _page_replies(one, entry):
                head, gap, body = reply.partition(b"\r\n\r\n")
                stated = re.search(rb"(?im)^content-length: *(\d+)\r?$", head)
                if stated:
                    counted += 1
                    assert gap, (persona.id, entry.port, reply)
                    assert int(stated[1]) == len(body), (persona.id, entry.port, head)
    assert counted > 200


def _page_replies(one: Device, entry: Listener) -> Iterator[bytes]:
    for path in ("/", "/nothing", "/ISAPI/System/deviceInfo", "/SDK/activateStatus", "/index.asp"):
        yield b"".join(one.hear(entry, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()).replies)


def test_copies_differ_in_serial_and_mac_and_say_so() -> None:
    first, second = device("DS-2CD2385G1-I"), device("DS-2CD2385G1-I", copy=41)
    assert first.key != second.key
    assert second.truth.serial == "DS-2CD2385G1-I20200414AAWRE33851803"
    assert second.truth.mac == "58:50:ed:4c:21:30"
    reply = said(second, 37020, INQUIRY).decode()
    assert "DS-2CD2385G1-I20200414AAWRE33851803" in reply
    assert "58-50-ed-4c-21-30" in reply
    assert second.truth.model == first.truth.model


def test_no_two_copies_of_a_persona_are_the_same_device() -> None:
    copies = (*range(300), *range(300, 100_000, 997), 9_999, 10_000, 65_536, 99_999)
    known: Counter[str] = Counter()
    for persona in PERSONAS.values():
        for copy in dict.fromkeys(copies):
            one = Device(persona, "127.77.0.9", clock=lambda: NOON, copy=copy)
            known.update(mark for mark in (one.truth.serial, one.truth.mac or one.facts.get("mac")) if mark)
    assert len(known) > 150 * 400
    assert [mark for mark, times in known.items() if times > 1] == []


def test_every_copy_of_a_serial_number_with_scattered_digits_has_its_form() -> None:
    (persona,) = (one for one in PERSONAS.values() if one.truth.serial == "BD04CE2PAJ4C1D8")
    copies = range(0, 100_000, 37)
    made = (Device(persona, "127.77.0.9", clock=lambda: NOON, copy=copy) for copy in copies)
    found = {one.truth.serial or "" for one in made}
    assert len(found) == len(copies)
    assert all(re.fullmatch(r"BD\d\dCE\dPAJ\dC\dD\d", one) for one in found)


def test_a_serial_number_that_is_the_hardware_address_stays_it_in_every_copy() -> None:
    (persona,) = (one for one in PERSONAS.values() if one.truth.serial == "ACCC8E215F07")
    truth = Device(persona, "127.77.0.9", clock=lambda: NOON, copy=41).truth
    assert (truth.serial, truth.mac) == ("ACCC8E215F30", "ac:cc:8e:21:5f:30")


def _digest(user: str, password: str, challenge: bytes, uri: str) -> bytes:
    realm = re.search(rb'realm="([^"]*)"', challenge)
    nonce = re.search(rb'nonce="([^"]*)"', challenge)
    assert realm is not None
    assert nonce is not None
    shown = [realm[1].decode(), nonce[1].decode()]
    first = hashlib.md5(f"{user}:{shown[0]}:{password}".encode()).hexdigest()
    second = hashlib.md5(f"GET:{uri}".encode()).hexdigest()
    response = hashlib.md5(f"{first}:{shown[1]}:00000001:abc:auth:{second}".encode()).hexdigest()
    return (
        f'GET {uri} HTTP/1.1\r\nHost: x\r\nAuthorization: Digest username="{user}", realm="{shown[0]}", '
        f'nonce="{shown[1]}", uri="{uri}", qop=auth, nc=00000001, cnonce="abc", response="{response}"\r\n\r\n'
    ).encode()


@pytest.mark.parametrize(
    ("model", "uri", "shown"),
    [
        ("DS-2CD2385G1-I", "/ISAPI/System/deviceInfo", "<firmwareReleasedDate>build 190701<"),
        ("DS-7616NI-K2", "/ISAPI/ContentMgmt/InputProxy/channels", "<model>HWI-T220H</model>"),
        ("IPC-HDW5831R-ZE", "/cgi-bin/magicBox.cgi?action=getSoftwareVersion", "build:2020-06-05"),
        ("M2141-10-EI", "/SDCAPI/V1.0/MiscIaas/System", '"softVersion":"SDC 9.0.0.SPC303"'),
    ],
)
def test_a_lab_account_opens_what_a_login_opens(model: str, uri: str, shown: str) -> None:
    one = device(model)
    web = port(one, 80)
    challenge = said(one, 80, f"GET {uri} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert b"401" in challenge.split(b"\r\n", 1)[0]
    account = one.persona.accounts[0]
    opened = one.hear(web, _digest(account.user, account.password, challenge, uri))
    assert opened.login == "accepted"
    assert shown in b"".join(opened.replies).decode()
    refused = one.hear(web, _digest(account.user, "wrong", challenge, uri))
    assert refused.login == "refused"
    assert b"401" in refused.replies[0].split(b"\r\n", 1)[0]


def test_a_device_locks_after_its_number_of_failed_logins() -> None:
    one = device("DS-2CD2385G1-I")
    web, uri = port(one, 80), "/ISAPI/System/deviceInfo"
    challenge = said(one, 80, f"GET {uri} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    account = one.persona.accounts[0]
    for _ in range(5):
        assert one.hear(web, _digest(account.user, "wrong", challenge, uri)).login == "refused"
    assert one.hear(web, _digest(account.user, account.password, challenge, uri)).login == "locked"


def test_onvif_tells_the_time_to_anybody_and_the_firmware_to_nobody() -> None:
    one = device("DS-2CD2385G1-I")
    head = b"POST /onvif/device_service HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n"
    assert b"<tt:Year>2026</tt:Year>" in said(one, 80, head + b"<tds:GetSystemDateAndTime/>")
    assert b"NotAuthorized" in said(one, 80, head + b"<tds:GetDeviceInformation/>")


def test_onvif_opens_to_a_lab_account_by_ws_security() -> None:
    one = device("DS-2CD2385G1-I")
    account, created, nonce = one.persona.accounts[0], "2026-09-21T14:13:20Z", b"0123456789abcdef"
    proof = hashlib.sha1(nonce + created.encode() + account.password.encode()).digest()
    token = (
        f"<wsse:UsernameToken><wsse:Username>{account.user}</wsse:Username>"
        f"<wsse:Password Type='#PasswordDigest'>{base64.b64encode(proof).decode()}</wsse:Password>"
        f"<wsse:Nonce>{base64.b64encode(nonce).decode()}</wsse:Nonce><wsu:Created>{created}</wsu:Created>"
        "</wsse:UsernameToken><tds:GetDeviceInformation/>"
    ).encode()
    asked = b"POST /onvif/device_service HTTP/1.1\r\nHost: x\r\n\r\n" + token
    opened = one.hear(port(one, 80), asked)
    assert opened.login == "accepted"
    assert b"<tds:FirmwareVersion>V5.6.2 build 190701</tds:FirmwareVersion>" in opened.replies[0]


def test_snmp_answers_the_labs_community_only() -> None:
    one = device("DH-NVR4108HS-8P-4KS2")
    agent = port(one, 161)
    asked = _get(b"lab-only-read", "2b06010201010100")
    reply = b"".join(one.hear(agent, asked).replies)
    assert b"DH-NVR4108HS-8P-4KS2" in reply
    assert reply[0] == 0x30
    assert b"".join(one.hear(agent, _get(b"public", "2b06010201010100")).replies) == b""


def _get(community: bytes, oid: str) -> bytes:
    def tlv(tag: int, content: bytes) -> bytes:
        return bytes((tag, len(content))) + content

    bind = tlv(0x30, tlv(0x30, tlv(6, bytes.fromhex(oid)) + tlv(5, b"")))
    pdu = tlv(0xA0, tlv(2, b"\x07") + tlv(2, b"\0") + tlv(2, b"\0") + bind)
    return tlv(0x30, tlv(2, b"\x01") + tlv(4, community) + pdu)


@pytest.mark.parametrize(
    "junk", [b"", b"\x30", b"\x30\x84", b"\x30\x02\x02", bytes(range(256)), b"\x30\x80" * 40]
)
def test_snmp_survives_bytes_that_are_no_snmp(junk: bytes) -> None:
    one = device("DH-NVR4108HS-8P-4KS2")
    assert one.hear(port(one, 161), junk).replies == ()


def test_a_network_must_hold_the_devices() -> None:
    with pytest.raises(NetworkTooSmallError, match=r"127\.77\.0\.0/16"):
        place(tuple(PERSONAS.values()), "127.77.0.0/30", clock=lambda: NOON)
    placed = place(tuple(PERSONAS.values()), "127.77.0.0/24", clock=lambda: NOON, count=200)
    assert len({one.address for one in placed}) == 200
    assert len({one.key for one in placed}) == 200


def test_a_request_is_whole_when_its_body_is_there() -> None:
    head = b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\n"
    assert request_length("http", head + b"abc") == 0
    assert request_length("http", head + b"abcdNEXT") == len(head) + 4
    assert request_length("http", b"GET / HTTP/1.1\r\n") == 0
    assert request_length("telnet", b"any") == 3

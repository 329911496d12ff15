"""Who carries or asks is not the device: captures in which somebody else's words come from a host's address."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.dns import DNS, DNSRR
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from auditor.fingerprint import identify
from auditor.intake import kinds
from auditor.model import Certainty, Claim, Endpoint, Exchange, Identity, Protocol, Status
from auditor.probes import read
from auditor.wire import ber
from tests.intake import speech

dns: Any = DNS
record: Any = DNSRR
CARRIER, DEVICE = "192.0.2.250", "192.0.2.10"
MAC = "54:c4:15:00:00:77"
INFO = (
    b'<?xml version="1.0"?><DeviceInfo version="2.0" xmlns="http://www.hikvision.com/ver20/XMLSchema">'
    b"<model>DS-2CD2143G0-I</model><serialNumber>DS-2CD2143G0-I20190101AAWRC00000077</serialNumber>"
    b"<firmwareVersion>V5.5.82</firmwareVersion></DeviceInfo>"
)


def known(folder: Path, *frames: Any) -> dict[str, Identity]:
    """Import a capture; by address, who is held to be there."""
    path = speech.written(folder / "x.pcap", list(frames))
    said: dict[str, list[Exchange]] = {}
    for one in kinds()["pcap"].read(path, lambda _: None, None):
        said.setdefault(one.device, []).append(one)
    return {
        address: identify(address, (seen for one in all_ for seen in read(one)))
        for address, all_ in said.items()
    }


def maker(found: dict[str, Identity], address: str) -> Claim | None:
    return found[address].claim("maker") if address in found else None


def info(*more: bytes) -> bytes:
    lines = b"".join(line + b"\r\n" for line in more)
    head = (
        b"HTTP/1.1 200 OK\r\nServer: App-webs/\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n"
        % len(INFO)
    )
    return head + lines + b"\r\n" + INFO


def asked(target: bytes, *more: bytes) -> bytes:
    return (
        b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n" + b"".join(line + b"\r\n" for line in more) + b"\r\n"
    )


def datagram(payload: bytes, source: str, port: int, *, to: int = 0, target: str = "192.0.2.60") -> Any:
    return (
        Ether(src=MAC, dst="02:00:00:00:00:01")
        / IP(src=source, dst=target)
        / UDP(sport=port, dport=to or port)
        / Raw(payload)
    )


@pytest.mark.parametrize("host", [b"192.0.2.10", b"camera.example", b"192.0.2.10:8080"])
def test_what_is_asked_for_through_a_proxy_is_not_the_proxys(tmp_path: Path, host: bytes) -> None:
    frames = speech.talk(asked(b"http://" + host + b"/ISAPI/System/deviceInfo"), info(), 3128, server=CARRIER)
    found = known(tmp_path, *frames)
    assert found[CARRIER].claims == ()


def test_what_comes_through_a_tunnel_is_not_the_proxys(tmp_path: Path) -> None:
    begin = b"CONNECT 192.0.2.10:80 HTTP/1.1\r\nHost: 192.0.2.10:80\r\n\r\n"
    opened = b"HTTP/1.1 200 Connection established\r\n\r\n"
    frames = speech.talk(begin + asked(b"/ISAPI/System/deviceInfo"), opened + info(), 3128, server=CARRIER)
    found = known(tmp_path, *frames)
    assert CARRIER not in found or found[CARRIER].claims == ()


def test_a_whole_address_of_the_server_itself_is_no_proxy(tmp_path: Path) -> None:
    frames = speech.talk(asked(b"http://192.0.2.10/ISAPI/System/deviceInfo"), info(), 80)
    assert maker(known(tmp_path, *frames), DEVICE) is not None


def test_an_answer_that_came_through_somebody_is_doubtful(tmp_path: Path) -> None:
    frames = speech.talk(asked(b"/ISAPI/System/deviceInfo"), info(b"Via: 1.1 edge.example"), 80)
    for claim in known(tmp_path, *frames)[DEVICE].claims:
        assert claim.certainty is Certainty.TENTATIVE, claim.name


def register(*via: str, more: str = "", contact: str = DEVICE) -> bytes:
    lines = "".join(f"Via: SIP/2.0/UDP {one}:5060;branch=z9\r\n" for one in via)
    return (
        f"REGISTER sip:192.0.2.60 SIP/2.0\r\n{lines}{more}Contact: <sip:1@{contact}:5060>\r\nCSeq: 1 REGISTER\r\n"
        "User-Agent: SIP UAS V3.0.0.675168\r\nContent-Length: 0\r\n\r\n"
    ).encode()


@pytest.mark.parametrize(
    "message",
    [
        register(CARRIER, DEVICE),
        register(f"{CARRIER}:5060;branch=a, SIP/2.0/UDP {DEVICE}"),
        register(CARRIER, DEVICE).replace(b"Via:", b"v:"),
        register(CARRIER, more=f"Record-Route: <sip:{CARRIER};lr>\r\n"),
    ],
)
def test_a_call_that_a_proxy_forwards_is_not_the_proxys(tmp_path: Path, message: bytes) -> None:
    assert known(tmp_path, datagram(message, CARRIER, 5060))[CARRIER].claims == ()


@pytest.mark.parametrize(
    "message", [register(CARRIER), register(CARRIER, contact=CARRIER, more="Max-Forwards: 69\r\n")]
)
def test_a_call_of_unclear_origin_is_doubtful(tmp_path: Path, message: bytes) -> None:
    claim = maker(known(tmp_path, datagram(message, CARRIER, 5060)), CARRIER)
    assert claim is not None
    assert claim.certainty is Certainty.TENTATIVE


@pytest.mark.parametrize(
    ("number", "is_own"), [("34020000002000000001", True), ("34020000001320000009", False)]
)
def test_what_a_platform_tells_of_a_device_below_it_is_not_the_platforms(
    tmp_path: Path, number: str, is_own: bool
) -> None:
    line = f"From: <sip:{number}@3402000000>;tag=1\r\nContent-Type:".encode()
    found = known(tmp_path, datagram(speech.ITSELF.replace(b"Content-Type:", line), DEVICE, 5060))
    assert (maker(found, DEVICE) is not None) is is_own


def test_a_call_of_the_device_itself_counts(tmp_path: Path) -> None:
    assert (
        maker(known(tmp_path, datagram(register(DEVICE, more="Max-Forwards: 70\r\n"), DEVICE, 5060)), DEVICE)
        is not None
    )


def notify(location: str) -> bytes:
    return (
        f"NOTIFY * HTTP/1.1\r\nHost: 239.255.255.250:1900\r\nLocation: {location}\r\nNT: upnp:rootdevice\r\n"
        "Server: Linux/3.0, UPnP/1.0, HIKVISION UPnP/1.0\r\nUSN: uuid:1::upnp:rootdevice\r\n\r\n"
    ).encode()


def hello(*places: str) -> bytes:
    return (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><Hello><EndpointReference><Address>'
        "urn:uuid:1</Address></EndpointReference><Types>dn:NetworkVideoTransmitter</Types><Scopes>"
        "onvif://www.onvif.org/name/HIKVISION%20DS-2CD2143G0-I onvif://www.onvif.org/hardware/DS-2CD2143G0-I</Scopes>"
        f"<XAddrs>{' '.join(places)}</XAddrs></Hello></s:Body></s:Envelope>"
    ).encode()


def names(address: str) -> bytes:
    answers = [
        record(rrname="_http._tcp.local", type="PTR", rdata="AXIS M3045-V - ACCC8E000077._http._tcp.local")
    ]
    answers += [record(rrname="axis-accc8e000077.local", type="A", rdata=address)] if address else []
    return bytes(dns(qr=1, aa=1, qd=[], an=answers))


GROUP = "239.255.255.250"
ANNOUNCED: dict[str, tuple[int, Callable[[str], bytes]]] = {
    "SSDP": (1900, lambda address: notify(f"http://{address}:49152/d.xml")),
    "WS-Discovery": (3702, lambda address: hello(f"http://{address}/onvif/device_service")),
    "mDNS": (5353, names),
}


@pytest.mark.parametrize("name", ANNOUNCED)
def test_announcements_that_a_relay_repeats_are_not_the_relays(tmp_path: Path, name: str) -> None:
    port, message = ANNOUNCED[name]
    found = known(tmp_path, datagram(message("198.51.100.10"), "192.0.2.1", port, target=GROUP))
    assert found["192.0.2.1"].claims == ()


@pytest.mark.parametrize("name", ANNOUNCED)
def test_announcements_of_a_devices_own_count(tmp_path: Path, name: str) -> None:
    port, message = ANNOUNCED[name]
    assert known(tmp_path, datagram(message(DEVICE), DEVICE, port, target=GROUP))[DEVICE].claims


def test_a_relays_announcements_without_an_address_claim_nothing_either(tmp_path: Path) -> None:
    frames = [
        datagram(names(address), "192.0.2.1", 5353, target="224.0.0.251") for address in ("198.51.100.10", "")
    ]
    assert known(tmp_path, *frames)["192.0.2.1"].claims == ()
    assert known(tmp_path, frames[1])["192.0.2.1"].claims, "without a sign of a relay they count"


def sealed(flags: int) -> bytes:
    """An encrypted SNMPv3 message that names a camera's engine."""
    engine = bytes.fromhex("800098fd0354c415000077")
    number = ber.encode(ber.INTEGER, b"\x07")
    head = (
        number
        + ber.encode(ber.INTEGER, b"\x05\xdc")
        + ber.encode(ber.OCTETS, bytes([flags]))
        + ber.encode(ber.INTEGER, b"\x03")
    )
    texts = b"".join(ber.encode(ber.OCTETS, one) for one in (b"monitor-user", b"\1" * 12, b"\2" * 8))
    security = ber.encode(ber.SEQUENCE, ber.encode(ber.OCTETS, engine) + number + number + texts)
    parts = (
        ber.encode(ber.SEQUENCE, head) + ber.encode(ber.OCTETS, security) + ber.encode(ber.OCTETS, b"Z" * 48)
    )
    return ber.encode(ber.SEQUENCE, ber.encode(ber.INTEGER, b"\x03") + parts)


@pytest.mark.parametrize("port", [161, 41000])
def test_who_asks_an_agent_is_not_the_agent(tmp_path: Path, port: int) -> None:
    frames = [
        datagram(sealed(7), CARRIER, port, to=161, target=DEVICE),
        datagram(sealed(3), DEVICE, 161, to=port, target=CARRIER),
    ]
    found = known(tmp_path, *frames)
    assert maker(found, CARRIER) is None
    assert maker(found, DEVICE) is not None


def test_users_and_proofs_of_an_agent_are_not_kept(tmp_path: Path) -> None:
    path = speech.written(tmp_path / "x.pcap", [datagram(sealed(3), DEVICE, 161, to=4000, target=CARRIER)])
    (found,) = kinds()["pcap"].read(path, lambda _: None, None)
    assert b"monitor-user" not in found.reply
    assert b"ZZZZ" not in found.reply


def dhcp(kind: str, address: str = "", *, own: str = "") -> Any:
    chaddr = bytes.fromhex(MAC.replace(":", ""))
    by_server = kind in {"ack", "nak", "offer"}
    options: list[Any] = [("message-type", kind)]
    options += [("vendor_class_id", b"udhcp 1.19")] if not by_server else []
    options += [("requested_addr", address)] if address and not by_server and not own else []
    head = BOOTP(
        op=2 if by_server else 1,
        chaddr=chaddr,
        yiaddr=address if by_server and address else "0.0.0.0",
        ciaddr=own or "0.0.0.0",
    )
    ports = UDP(sport=67, dport=68) if by_server else UDP(sport=68, dport=67)
    return (
        Ether(src=MAC)
        / IP(src=own or "192.0.2.1", dst="255.255.255.255")
        / ports
        / head
        / DHCP(options=[*options, "end"])
    )


@pytest.mark.parametrize(
    ("frames", "has_it"),
    [
        ([dhcp("request", "198.51.100.5")], False),
        ([dhcp("request", "198.51.100.5"), dhcp("nak")], False),
        (
            [dhcp("request", "198.51.100.5"), dhcp("ack", "198.51.100.5"), dhcp("decline", "198.51.100.5")],
            False,
        ),
        ([dhcp("discover", "198.51.100.5"), dhcp("offer", "198.51.100.5")], False),
        ([dhcp("request", "198.51.100.5"), dhcp("ack", "198.51.100.5")], True),
        ([dhcp("request", own="198.51.100.5")], True),
        ([dhcp("request", "198.51.100.5"), speech.arp("198.51.100.5", MAC)], True),
    ],
    ids=["asked", "refused", "declined", "offered", "given", "renewed", "used"],
)
def test_an_address_is_had_once_it_is_given_or_used(tmp_path: Path, frames: list[Any], has_it: bool) -> None:
    assert ("198.51.100.5" in known(tmp_path, *frames)) is has_it


def test_an_address_that_two_claim_says_nothing_of_either(tmp_path: Path) -> None:
    frames = [speech.arp(DEVICE, MAC), speech.arp(DEVICE, "02:00:00:00:00:33"), speech.arp("192.0.2.11", MAC)]
    found = known(tmp_path, *frames)
    assert found[DEVICE].claims == ()
    assert maker(found, "192.0.2.11") is not None


def test_a_tool_that_changes_a_device_is_not_the_device(tmp_path: Path) -> None:
    change = (
        b'<?xml version="1.0"?><Probe><Uuid>A</Uuid><Types>update</Types><MAC>54-c4-15-00-00-77</MAC>'
        b"<DeviceSN>DS-2CD2143G0-I20190101AAWRC00000077</DeviceSN></Probe>"
    )
    call = (
        b" \x00\x00\x00DHIP"
        + bytes(24)
        + b'{"method":"DHDiscover.setConfig","mac":"3c:ef:8c:00:00:02","params":{"deviceInfo":{"DeviceType":"IPC"}}}'
    )
    frames = [datagram(change, CARRIER, 37020, target=GROUP), datagram(call, CARRIER, 37810, target=GROUP)]
    assert CARRIER not in known(tmp_path, *frames)


def certificate(subject: str, issuer: str) -> Identity:
    said = Exchange(
        "x", "tls", Protocol.OBSERVED, Endpoint("203.0.113.9", 443), b"", b"", Status.ANSWERED,
        observed=(("tls.subject", subject), ("tls.issuer", issuer)),
    )  # fmt: skip
    return identify("x", read(said))


@pytest.mark.parametrize(
    ("issuer", "is_known"),
    [
        ("CN=GlobalSign RSA OV SSL CA 2018,O=GlobalSign nv-sa,C=BE", False),
        ("CN=DigiCert TLS RSA SHA256 2020 CA1,O=DigiCert Inc,C=US", False),
        ("C=US,O=Let's Encrypt,CN=R3", False),
        ("CN=Product Root CA,C=CN,ST=ZheJiang,L=HangZhou,O=DahuaTech", True),
    ],
)
def test_a_makers_web_service_is_no_device_of_the_maker(issuer: str, is_known: bool) -> None:
    found = certificate("CN=www.dahuasecurity.com,O=Zhejiang Dahua Technology Co.\\, Ltd.,C=CN", issuer)
    assert (found.claim("maker") is not None) is is_known


def test_a_certificate_for_a_whole_domain_is_no_devices() -> None:
    assert (
        certificate("CN=*.dahuatech.com,O=DahuaTech,C=CN", "CN=Dahua Service CA,O=DahuaTech,C=CN").claims
        == ()
    )

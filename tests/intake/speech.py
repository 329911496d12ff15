"""What devices say on a network, as frames made by scapy: a writer that is not ours for a reader that is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import IP, TCP, UDP, fragment
from scapy.layers.inet6 import IPv6, IPv6ExtHdrHopByHop
from scapy.layers.l2 import ARP, Dot1AD, Dot1Q, Ether
from scapy.packet import Raw
from scapy.utils import PcapNgWriter, wrpcap

CAMERA, VIEWER, RECORDER = "192.0.2.10", "192.0.2.99", "192.0.2.20"
CAMERA_MAC, VIEWER_MAC, RECORDER_MAC = "58:50:ed:00:00:01", "02:00:00:00:00:99", "3c:ef:8c:00:00:02"
AT = 1_750_000_000.0

SADP = (
    b'<?xml version="1.0" encoding="UTF-8"?>\r\n<Hello>\r\n<Types>inquiry</Types>\r\n'
    b"<DeviceDescription>DS-2CD2385G1-I</DeviceDescription>\r\n"
    b"<DeviceSN>DS-2CD2385G1-I20200414AAWRE00000001</DeviceSN>\r\n<MAC>58-50-ed-00-00-01</MAC>\r\n"
    b"<SoftwareVersion>V5.6.2build 190701</SoftwareVersion>\r\n</Hello>\r\n"
)
SEARCH = b'<?xml version="1.0" encoding="utf-8"?><Probe><Uuid>AB</Uuid><Types>inquiry</Types></Probe>'
PAGE = b'HTTP/1.1 401 Unauthorized\r\nServer: App-webs/\r\nContent-Length: 0\r\nWWW-Authenticate: Digest realm="IP Camera(83813)", nonce="4d57", qop="auth"\r\n\r\n'
OPTIONS = b"OPTIONS rtsp://192.0.2.20/ RTSP/1.0\r\nCSeq: 1\r\n\r\n"
OPTIONS_ANSWER = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: Rtsp Server/3.0\r\nPublic: OPTIONS, DESCRIBE\r\n\r\n"
REGISTER = (
    b"REGISTER sip:34020000002000000001@192.0.2.50:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10:5060\r\n"
    b'User-Agent: SIP UAS V3.0.0.675168\r\nAuthorization: Digest username="34", response="0123456789abcdef"\r\n'
    b"Content-Length: 0\r\n\r\n"
)
_ITSELF = (
    b'<?xml version="1.0" encoding="GB2312"?>\r\n<Response>\r\n<CmdType>DeviceInfo</CmdType>\r\n<SN>2</SN>\r\n'
    b"<DeviceID>34020000002000000001</DeviceID>\r\n<Manufacturer>Dahua</Manufacturer>\r\n<Model>IPC-HFW1220M-I1</Model>\r\n"
    b"<Firmware>V2.420.14.R.2016-06-18</Firmware>\r\n</Response>\r\n"
)
ITSELF = (
    b"MESSAGE sip:34020000002000000001@192.0.2.50:5060 SIP/2.0\r\nContent-Type: Application/MANSCDP+xml\r\n"
    b"Content-Length: %d\r\n\r\n" % len(_ITSELF)
) + _ITSELF


def datagram(
    payload: bytes, port: int, *, source: str = CAMERA, mac: str = CAMERA_MAC, target: str = "239.255.255.250"
) -> Any:
    """One datagram from a device's port to the same port of a group."""
    return (
        Ether(src=mac, dst="01:00:5e:7f:ff:fa")
        / IP(src=source, dst=target)
        / UDP(sport=port, dport=port)
        / Raw(payload)
    )


def talk(
    asked: bytes, said: bytes, port: int, *, server: str = CAMERA, segment: int = 1400, close: bool = True
) -> list[Any]:
    """One TCP connection of a viewer with a device: handshake, question, answer in segments, end."""
    to_server = Ether(src=VIEWER_MAC, dst=CAMERA_MAC) / IP(src=VIEWER, dst=server)
    to_client = Ether(src=CAMERA_MAC, dst=VIEWER_MAC) / IP(src=server, dst=VIEWER)
    mine, its = 1000, 0xFFFFFFF0  # the device's numbers wrap around within its first answer
    frames = [
        to_server / TCP(sport=40000, dport=port, flags="S", seq=mine),
        to_client / TCP(sport=port, dport=40000, flags="SA", seq=its, ack=mine + 1),
        to_server / TCP(sport=40000, dport=port, flags="PA", seq=mine + 1, ack=its + 1) / Raw(asked),
    ]
    at = its + 1
    for start in range(0, len(said), segment):
        part = said[start : start + segment]
        head = TCP(sport=port, dport=40000, flags="PA", seq=at % 2**32, ack=mine + 1 + len(asked))
        frames.append(to_client / head / Raw(part))
        at += len(part)
    if close:
        end = TCP(sport=port, dport=40000, flags="FA", seq=at % 2**32, ack=mine + 1 + len(asked))
        frames.append(to_client / end)
    return frames


def dhcp_talk() -> Iterator[Any]:
    """A camera asks everybody for an address and is given one."""
    chaddr = bytes.fromhex(CAMERA_MAC.replace(":", ""))
    ask = Ether(src=CAMERA_MAC, dst="ff:ff:ff:ff:ff:ff") / IP(src="0.0.0.0", dst="255.255.255.255")
    yield ask / UDP(sport=68, dport=67) / BOOTP(chaddr=chaddr) / DHCP(
        options=[("message-type", "discover"), ("vendor_class_id", b"udhcp 1.19"), ("hostname", b"cam"),
                 ("param_req_list", [1, 3, 6]), "end"]
    )  # fmt: skip
    give = Ether(src=RECORDER_MAC, dst=CAMERA_MAC) / IP(src="192.0.2.1", dst="255.255.255.255")
    yield (
        give
        / UDP(sport=67, dport=68)
        / BOOTP(op=2, chaddr=chaddr, yiaddr=CAMERA)
        / DHCP(options=[("message-type", "ack"), "end"])
    )


def arp(address: str, mac: str) -> Any:
    """A device names itself."""
    return Ether(src=mac, dst="ff:ff:ff:ff:ff:ff") / ARP(op=1, hwsrc=mac, psrc=address, pdst=address)


def tagged(frame: Any, *, twice: bool = False) -> Any:
    """The same frame within a VLAN, or a VLAN within a provider's."""
    inner = Dot1Q(vlan=7) / frame.payload
    return Ether(src=frame.src, dst=frame.dst) / (Dot1AD(vlan=9) / inner if twice else inner)


def fragments(frame: Any, size: int = 200) -> list[Any]:
    """The same datagram in pieces, last first."""
    head = Ether(src=frame.src, dst=frame.dst)
    return [head / part for part in reversed(fragment(frame[IP], fragsize=size))]  # type: ignore[no-untyped-call]


def over_ipv6(payload: bytes, port: int) -> Any:
    """A datagram over IPv6 behind an extension header."""
    return (
        Ether(src=CAMERA_MAC, dst="33:33:00:00:00:fb") / IPv6(src="2001:db8::10", dst="ff02::fb")
        / IPv6ExtHdrHopByHop() / UDP(sport=port, dport=port) / Raw(payload)
    )  # fmt: skip


def video(count: int) -> list[Any]:
    """Packets of RTP, as a camera sends them to a recorder."""
    frame = (
        Ether(src=CAMERA_MAC, dst=RECORDER_MAC) / IP(src=CAMERA, dst=RECORDER) / UDP(sport=8200, dport=50000)
    )
    return [frame / Raw(b"\x80\x60" + bytes(1200)) for _ in range(count)]


def written(path: Path, frames: list[Any]) -> Path:
    """Write frames a second apart, in the form the file's name says."""
    for number, frame in enumerate(frames):
        frame.time = AT + number
    if path.suffix == ".pcapng":
        with PcapNgWriter(str(path)) as writer:
            for frame in frames:
                writer.write(frame)
    else:
        wrpcap(str(path), frames, gz=path.suffix == ".gz")
    return path

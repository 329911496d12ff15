"""Make a capture: a workstation's browser and search tools, and what the devices answered. Nothing is sent."""

import ipaddress
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lab.emulator import Device
from lab.persona import Listener, Transport

START = 1_790_000_000.0
"""When the recording begins, seconds since 1970 (September 2026)."""
SEGMENT = 1448
_STATION_MAC = bytes.fromhex("020000000c0a")
_BROWSER = (
    b"GET / HTTP/1.1\r\nHost: %s\r\nUser-Agent: Mozilla/5.0\r\nAccept: text/html\r\nConnection: close\r\n\r\n"
)
_PLAYER = b"OPTIONS rtsp://%s/ RTSP/1.0\r\nCSeq: 1\r\n\r\n"
_DHIP = b'{"method":"DHDiscover.search","params":{"mac":"","uni":1}}'
_SEARCHES = {
    # What the makers' tools ask everybody on the segment, and the group it is sent to.
    "sadp": (
        "239.255.255.250",
        b'<?xml version="1.0" encoding="utf-8"?><Probe><Uuid>5A3C1D20-1111-4222-8333-0C0A00000001</Uuid><Types>inquiry</Types></Probe>',
    ),
    "dhip": (
        "239.255.255.251",
        struct.pack("<I4s8sIIII", 0x20, b"DHIP", b"\0" * 8, len(_DHIP), 0, len(_DHIP), 0) + _DHIP,
    ),
}
_FIN, _SYN, _PUSH, _ACK = 1, 2, 8, 16


@dataclass(frozen=True, slots=True)
class _Host:
    address: str
    mac: bytes


def capture(devices: Sequence[Device], network: str) -> bytes:
    """Return a pcap file (Ethernet) of one workstation looking at the devices, in their own words."""
    station = _Host(str(ipaddress.IPv4Network(network).broadcast_address - 5), _STATION_MAC)
    frames: list[bytes] = []
    for protocol, (group, question) in _SEARCHES.items():
        frames += _search(station, devices, protocol, group, question)
    for number, device in enumerate(devices):
        host = _Host(device.address, _mac(device))
        for place, listener in enumerate(device.persona.listens):
            question = {"http": _BROWSER, "rtsp": _PLAYER}.get(listener.protocol, b"")
            if listener.transport is Transport.TCP and question:
                own = 40_000 + 16 * number + place
                frames += _talk(station, host, own, device, listener, question % device.address.encode())
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1)
    return head + b"".join(_record(START + 0.004 * index, frame) for index, frame in enumerate(frames))


def _mac(device: Device) -> bytes:
    stated = device.truth.mac or device.facts.get("mac")
    if stated:
        return bytes.fromhex(stated.replace(":", ""))
    return b"\x02\x00" + ipaddress.IPv4Address(device.address).packed


def _record(at: float, frame: bytes) -> bytes:
    return struct.pack("<IIII", int(at), int(at % 1 * 1e6), len(frame), len(frame)) + frame


def _search(
    station: _Host, devices: Sequence[Device], protocol: str, group: str, question: bytes
) -> Iterator[bytes]:
    asked = False
    for device in devices:
        for listener in device.persona.listens:
            if listener.protocol != protocol:
                continue
            if not asked:
                to = _Host(group, b"\x01\x00\x5e" + ipaddress.IPv4Address(group).packed[1:])
                yield _udp(station, to, listener.port, listener.port, question)
                asked = True
            for said in device.hear(listener, question).replies:
                yield _udp(_Host(device.address, _mac(device)), station, listener.port, listener.port, said)


def _talk(
    station: _Host, host: _Host, own: int, device: Device, listener: Listener, question: bytes
) -> Iterator[bytes]:
    """One connection: opened, asked once, answered, closed."""
    said = b"".join(device.hear(listener, question).replies)
    ours, theirs = 1000, 5000
    port = listener.port
    yield _tcp(station, host, own, port, ours, 0, _SYN)
    yield _tcp(host, station, port, own, theirs, ours + 1, _SYN | _ACK)
    ours, theirs = ours + 1, theirs + 1
    yield _tcp(station, host, own, port, ours, theirs, _ACK)
    yield _tcp(station, host, own, port, ours, theirs, _PUSH | _ACK, question)
    ours += len(question)
    for start in range(0, len(said), SEGMENT):
        piece = said[start : start + SEGMENT]
        yield _tcp(host, station, port, own, theirs, ours, _PUSH | _ACK, piece)
        theirs += len(piece)
    yield _tcp(host, station, port, own, theirs, ours, _FIN | _ACK)
    yield _tcp(station, host, own, port, ours, theirs + 1, _FIN | _ACK)
    yield _tcp(host, station, port, own, theirs + 1, ours + 1, _ACK)


def _udp(source: _Host, to: _Host, port: int, to_port: int, said: bytes) -> bytes:
    datagram = struct.pack(">HHHH", port, to_port, 8 + len(said), 0) + said
    check = _sum(_pseudo(source, to, 17, len(datagram)) + datagram) or 0xFFFF
    return _frame(source, to, 17, datagram[:6] + struct.pack(">H", check) + said)


def _tcp(
    source: _Host,
    to: _Host,
    port: int,
    to_port: int,
    sequence: int,
    acknowledged: int,
    flags: int,
    said: bytes = b"",
) -> bytes:
    head = struct.pack(">HHIIBBHHH", port, to_port, sequence, acknowledged, 0x50, flags, 64_240, 0, 0)
    check = _sum(_pseudo(source, to, 6, len(head) + len(said)) + head + said)
    return _frame(source, to, 6, head[:16] + struct.pack(">H", check) + head[18:] + said)


def _frame(source: _Host, to: _Host, protocol: int, payload: bytes) -> bytes:
    addresses = ipaddress.IPv4Address(source.address).packed + ipaddress.IPv4Address(to.address).packed
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0x4000, 64, protocol, 0) + addresses
    head = head[:10] + struct.pack(">H", _sum(head)) + head[12:]
    return to.mac + source.mac + b"\x08\x00" + head + payload


def _pseudo(source: _Host, to: _Host, protocol: int, length: int) -> bytes:
    addresses = ipaddress.IPv4Address(source.address).packed + ipaddress.IPv4Address(to.address).packed
    return addresses + struct.pack(">BBH", 0, protocol, length)


def _sum(data: bytes) -> int:
    """Return the checksum of the internet protocols (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF

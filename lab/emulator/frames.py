"""Put replies into the frames their protocols want, and know when a request is whole."""

import ipaddress
import json
import re
import struct

_CONTENT_LENGTH = re.compile(rb"^content-length:\s*(\d{1,9})\s*$", re.IGNORECASE | re.MULTILINE)
_HEADED = frozenset({"http", "onvif", "rtsp", "sip"})
MAXIMUM_REQUEST = 1 << 20


def request_length(protocol: str, received: bytes) -> int:
    """Return how many bytes the first whole request has, 0 while it is not whole."""
    if protocol not in _HEADED:
        return len(received)
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return len(received) if len(received) > MAXIMUM_REQUEST else 0
    stated = _CONTENT_LENGTH.search(received[: end + 2])
    whole = end + 4 + (int(stated[1]) if stated else 0)
    return whole if len(received) >= whole else 0


def framed(protocol: str, body: bytes) -> bytes:
    """Wrap a reply's body as the protocol carries it; text protocols go as they are."""
    if protocol == "dhip":
        return dhip(body)
    if protocol == "dahua-5050":
        return dahua_5050(body)
    return body


def dhip(body: bytes) -> bytes:
    """Put JSON behind the 32-byte header. Source: knowledge of UniversalScanner and mcw0/DahuaConsole."""
    return struct.pack("<I4sIIIIII", 32, b"DHIP", 0, 0, len(body), 0, len(body), 0) + body


def dhip_body(datagram: bytes) -> bytes | None:
    """Return the JSON of a framed request, or None when the frame is missing or wrong."""
    if len(datagram) < 32 or datagram[4:8] != b"DHIP":
        return None
    (length,) = struct.unpack_from("<I", datagram, 16)
    return datagram[32 : 32 + length]


def dahua_5050(body: bytes) -> bytes:
    """Build the three sections of the old answer from JSON: class, address, ports, mac, model, text lines."""
    said = json.loads(body)
    second: bytes = said["mac"].encode().ljust(17, b"\0") + said["model"].encode()
    third: bytes = "".join(f"{line}\r\n" for line in said["text"]).encode()
    head = bytearray(0x78)
    head[0], head[2] = 0xB3, len(second)
    struct.pack_into("<I", head, 0x04, 0x58)
    struct.pack_into("<I", head, 0x10, 2)
    struct.pack_into("<H", head, 0x14, len(third))
    struct.pack_into("<4H", head, 0x20, *said.get("version", (2, 4, 0, 8)))
    head[0x28:0x38] = said["class"].encode()[:16].ljust(16, b"\0")
    for offset, name in ((0x38, "address"), (0x3C, "mask"), (0x40, "gateway"), (0x44, "gateway")):
        head[offset : offset + 4] = ipaddress.IPv4Address(said[name]).packed
    ports = (said["http_port"], said["https_port"], said["tcp_port"], 10, said["tls_port"], said["udp_port"])
    struct.pack_into("<6H", head, 0x5E, *ports)
    head[0x6C:0x70] = ipaddress.IPv4Address("239.255.42.42").packed
    struct.pack_into("<H", head, 0x70, 36666)
    return bytes(head) + second + third

"""Peers with bad manners, one for each address given: `python hostile.py READY OUTSIDE NAME=ADDRESS...`.

Run inside a namespace of its own. Everything a peer can do to make a kernel send packets, or a program go elsewhere.
"""

import asyncio
import socket  # noqa: TID251 - plays the devices
import struct
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

OUTSIDE = sys.argv[2]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
PORTS = (80, 443, 554, 8000)


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send a body as fast as it is taken."""
    await reader.read(1000)
    writer.write(HEAD)
    while True:
        writer.write(b"<p>" + b"x" * 60_000)
        await writer.drain()


async def crumbs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send a body in segments of a few bytes, each of them by itself."""
    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    await reader.read(1000)
    writer.write(HEAD)
    while True:
        writer.write(b"<b>")
        await writer.drain()
        await asyncio.sleep(0.0005)


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send a byte from time to time."""
    await reader.read(1000)
    for byte in HEAD * 100:
        writer.write(bytes((byte,)))
        await writer.drain()
        await asyncio.sleep(0.05)


async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Break off behind the first bytes of an answer."""
    await reader.read(1000)
    writer.write(HEAD[:20])
    await asyncio.sleep(0.01)
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def elsewhere(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send whoever asks to an address outside, in each way there is."""
    asked = await reader.read(4000)
    page = f'<meta http-equiv="refresh" content="0;url=http://{OUTSIDE}/"><frame src="http://{OUTSIDE}/a">'.encode()
    if asked.startswith((b"OPTIONS", b"DESCRIBE")):
        said = f"RTSP/1.0 302 Moved\r\nCSeq: 1\r\nLocation: rtsp://{OUTSIDE}/\r\n\r\n".encode()
    elif b"onvif" in asked:
        body = (
            '<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'
            '<tds:GetServicesResponse xmlns:tds="http://www.onvif.org/ver10/device/wsdl"><tds:Service><tds:Namespace>'
            "http://www.onvif.org/ver10/device/wsdl</tds:Namespace><tds:XAddr>"
            f"http://{OUTSIDE}/onvif/device_service</tds:XAddr></tds:Service></tds:GetServicesResponse></s:Body></s:Envelope>"
        ).encode()
        said = (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\nContent-Length: %d\r\n\r\n" % len(body)
            + body
        )
    else:
        head = (
            f"HTTP/1.1 302 Found\r\nLocation: http://{OUTSIDE}/login\r\nContent-Length: {len(page)}\r\n\r\n"
        )
        said = head.encode() + page
    writer.write(said)
    await writer.drain()
    writer.close()


async def hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take everything and say nothing."""
    while await reader.read(1000):
        pass


class Flood(asyncio.DatagramProtocol):
    """Answer each datagram with many, some of them from an address outside, naming that address."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.DatagramTransport)
        self.transport = transport
        self.stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.stranger.bind((OUTSIDE, 0))

    def datagram_received(self, data: bytes, origin: tuple[str, int]) -> None:
        uuid = data.partition(b"<Uuid>")[2].partition(b"</Uuid>")[0]
        match = b"<?xml version='1.0'?><ProbeMatch><Uuid>%s</Uuid><IPv4Address>%s</IPv4Address><MAC>02-00-5e-00-00-01</MAC>"
        said = match % (uuid, OUTSIDE.encode()) + b"<DeviceSN>INVENTED1</DeviceSN></ProbeMatch>"
        xaddr = f"<d:XAddrs>http://{OUTSIDE}/onvif/device_service</d:XAddrs>".encode()
        for number in range(60):
            send = self.stranger.sendto if number % 3 == 0 else self.transport.sendto
            send(said + xaddr * (number % 2), origin)


ROLES = {one.__name__: one for one in (endless, crumbs, drip, resets, elsewhere, hangs)}


async def main() -> None:
    """Open everything, say so, and serve until ended."""
    loop = asyncio.get_running_loop()
    for word in sys.argv[3:]:
        name, _, address = word.partition("=")
        for port in PORTS:
            await asyncio.start_server(_quiet(name), address, port)
    for group in ("239.255.255.250", "255.255.255.255"):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.bind((group, 37020))
        if group.startswith("239"):
            first = sys.argv[3].partition("=")[2]
            member = socket.inet_aton(group) + socket.inet_aton(first)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        await loop.create_datagram_endpoint(Flood, sock=sock)
    Path(sys.argv[1]).write_text("up", encoding="ascii")  # noqa: ASYNC240 - once
    await asyncio.Event().wait()


def _quiet(name: str) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await ROLES[name](reader, writer)
        except OSError:
            pass
        finally:
            writer.close()

    return serve


if __name__ == "__main__":
    asyncio.run(main())

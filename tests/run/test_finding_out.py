"""One scan of small servers that are not what their ports stand for, and of devices that name ports of their own."""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from auditor.model import Device, Method, Pace
from auditor.net import Stop
from auditor.run import Audit, begin
from auditor.run.execute import Execution
from auditor.scope import loopback
from auditor.store import Access, Store

SHIFT = 24_000
BASE = f"127.122.{os.getpid() % 250}"
TCP_ONLY = frozenset(
    {Method.TCP_SWEEP, Method.HTTP, Method.RTSP, Method.TLS, Method.ONVIF, Method.SDK, Method.BANNERS}
)
Hear = Callable[[bytes], bytes | None]
"""The answer to the first bytes of a connection; None hangs up without a word, empty keeps silent."""


def http(status: str, body: str = "", *headers: str) -> bytes:
    lines = (f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "Connection: close", "", body)
    return "\r\n".join(lines).encode()


def web(name: str) -> Hear:
    """A web server that has a page, and takes what is no HTTP for a bad request."""

    def hear(said: bytes) -> bytes | None:
        if not said.startswith((b"GET ", b"POST ")):
            return http("400 Bad Request")
        page = said.startswith(b"GET / ")
        return http("200 OK", "<html></html>", f"Server: {name}") if page else http("404 Not Found")

    return hear


def onvif(path: str, maker: str) -> Hear:
    """A device service at one path and nothing else."""

    def hear(said: bytes) -> bytes | None:
        if not said.startswith(f"POST {path} ".encode()):
            return http("405 Method Not Allowed", "", "Server: gSOAP/2.8")
        inside = f"<Manufacturer>{maker}</Manufacturer><Model>m</Model><FirmwareVersion>1</FirmwareVersion>"
        name = "GetDeviceInformationResponse"
        body = f"<{name}>{inside}</{name}>" if b"GetDeviceInformation" in said else ""
        return http("200 OK", f"<Envelope><Body>{body}</Body></Envelope>")

    return hear


def rtsp(name: str, to_others: bytes | None) -> Hear:
    """An RTSP server, and what it says to whoever speaks something else."""
    own = f"RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: {name}\r\n\r\n".encode()
    return lambda said: own if b" RTSP/1.0\r\n" in said else to_others


@dataclass
class Place:
    """A server at a port; counts the connections it takes."""

    host: int
    port: int
    hear: Hear
    is_tls: bool = False
    greeting: bytes = b""
    asked: list[bytes] = field(default_factory=list)
    connections: int = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            writer.write(self.greeting)
            said = await asyncio.wait_for(reader.read(4096), 3)
            if said:
                self.asked.append(said)
                answer = self.hear(said)
                if answer == b"":
                    await asyncio.wait_for(reader.read(1), 8)
                elif answer:
                    writer.write(answer)
                    await writer.drain()
        except (OSError, TimeoutError):
            pass
        finally:
            writer.close()


@pytest.fixture(scope="session")
def secured(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A server's TLS with a certificate of its own making."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "camera")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(7).not_valid_before(start).not_valid_after(start + timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = tmp_path_factory.mktemp("tls") / "camera.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


@asynccontextmanager
async def served(places: list[Place], context: ssl.SSLContext) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        for place in places:
            tls = context if place.is_tls else None
            server = await asyncio.start_server(
                place, f"{BASE}.{place.host}", place.port + SHIFT, ssl=tls, ssl_handshake_timeout=3 if tls else None
            )  # fmt: skip
            stack.callback(server.close)
        yield


def scanned(
    folder: Path, places: list[Place], context: ssl.SSLContext, audit: Audit, hosts: range
) -> dict[int, Device]:
    """Scan the hosts while these servers run; returns the devices by host."""
    scope = replace(
        loopback().narrow(targets=[f"{BASE}.{host}" for host in hosts], methods=TCP_ONLY),
        pace=Pace(5000, 5000, 5000, 200, 64),
    )

    async def scan(store: Store) -> str:
        begun = begin(scope)
        async with served(places, context):
            run = await Execution(scope, audit, store, Stop(), begun.run, begun.past).execute()
        return run.id

    with Store.open(folder / "audit.sqlite", Access.CREATE) as store:
        found = store.devices(asyncio.run(scan(store)))
        return {int(one.address.rpartition(".")[2]): one for one in found}


def test_what_a_port_speaks_is_found_out(tmp_path: Path, secured: ssl.SSLContext) -> None:
    places = [
        Place(1, 8085, web("At8085")),
        Place(2, 9443, web("Tls9443"), is_tls=True),
        Place(3, 8555, rtsp("Rtsp8555", http("400 Bad Request", "", "Server: x"))),
        Place(4, 8555, rtsp("RtspHangsUp", None)),
        Place(5, 80, web("TlsAt80"), is_tls=True),
        Place(6, 443, web("PlainAt443")),
        Place(7, 554, web("WebAt554")),
        Place(8, 8000, web("WebAt8000")),
        Place(9, 2222, lambda _: b"", greeting=b"SSH-2.0-dropbear_2018.76\r\n"),
        Place(10, 8085, onvif("/onvif/device_service", "OnvifAt8085")),
    ]
    expected = {
        1: ("http.server", "At8085"),
        2: ("http.server", "Tls9443"),
        3: ("rtsp.server", "Rtsp8555"),
        4: ("rtsp.server", "RtspHangsUp"),
        5: ("http.server", "TlsAt80"),
        6: ("http.server", "PlainAt443"),
        7: ("http.server", "WebAt554"),
        8: ("http.server", "WebAt8000"),
        9: ("ssh.banner", "SSH-2.0-dropbear_2018.76"),
        10: ("onvif.manufacturer", "OnvifAt8085"),
    }
    audit = Audit(ports=(80, 443, 554, 8000, 8085, 9443, 8555, 2222), port_shift=SHIFT)
    told = scanned(tmp_path, places, secured, audit, range(1, 11))
    shown = {host: {(seen.field, seen.value) for seen in told[host].observations} for host in expected}
    assert {host: one for host, one in expected.items() if one not in shown[host]} == {}
    assert ("tls.subject", "CN=camera") in shown[2] & shown[5]
    asked = {host: len(one.exchanges) for host, one in told.items()}
    assert max(asked.values()) <= 8, asked


def test_a_port_that_a_device_names_is_asked_there_and_nobody_else_is(
    tmp_path: Path, secured: ssl.SSLContext
) -> None:
    sent = http("302 Found", "", f"Location: https://{BASE}.21:4443/login.htm")
    sent_away = http("302 Found", "", "Server: At4443", f"Location: http://{BASE}.22:80/")
    bystander = Place(22, 80, web("Bystander"))
    places = [Place(21, 80, lambda _: sent), Place(21, 4443, lambda _: sent_away, is_tls=True), bystander]
    told = scanned(tmp_path, places, secured, Audit(port_shift=SHIFT), range(21, 22))[21]
    assert ("http.server", "At4443") in {(seen.field, seen.value) for seen in told.observations}
    assert {("tcp", 80), ("tls", 4443)} <= set(told.ports)
    assert bystander.connections == 0

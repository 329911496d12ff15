"""Devices over real sockets on loopback: the same bytes as in memory, and every mood."""

import asyncio
import os
import resource
import socket  # noqa: TID251 - a test's own client
import ssl
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from lab.emulator import Device, Town, TownError, place
from lab.persona import Listener, Persona, Transport, all_personas
from lab.persona import read as read_persona
from lab.sensor import EventKind, Memory

PERSONAS = all_personas()
SHIFT = 20_000
NOON = 1_790_000_000.0


def named(prefix: str) -> Persona:
    return next(one for one in PERSONAS if one.id.startswith(prefix))


def serve(
    personas: tuple[Persona, ...],
    act: Callable[[tuple[Device, ...], Memory], Awaitable[None]],
    *,
    network: str = "127.81.0.0/24",
    clock: Callable[[], float] = lambda: NOON,
) -> Memory:
    heard = Memory()

    async def run() -> None:
        devices = place(personas, network, clock=clock, elsewhere="127.81.255.1")
        async with Town(devices, heard, clock=clock, port_shift=SHIFT, elsewhere="127.81.255.1"):
            await asyncio.wait_for(act(devices, heard), 60)

    asyncio.run(run())
    return heard


async def ask(address: str, port: int, request: bytes, *, tls: bool = False, wait: float = 3.0) -> bytes:
    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    reader, writer = await asyncio.open_connection(address, port + SHIFT, ssl=context)  # noqa: TID251 - a test's own client
    writer.write(request)
    heard = b""
    try:
        while True:
            piece = await asyncio.wait_for(reader.read(65_536), wait)
            if not piece:
                return heard
            heard += piece
    except TimeoutError:
        return heard
    finally:
        writer.close()


async def ask_udp(address: str, port: int, request: bytes, *, wait: float = 0.5) -> list[tuple[bytes, str]]:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.bind(("127.0.0.1", 0))
    loop = asyncio.get_running_loop()
    await loop.sock_sendto(sock, request, (address, port + SHIFT))
    heard: list[tuple[bytes, str]] = []
    try:
        while True:
            said, peer = await asyncio.wait_for(loop.sock_recvfrom(sock, 65_535), wait)
            heard.append((said, peer[0]))
    except TimeoutError:
        return heard
    finally:
        sock.close()


QUESTIONS = {
    "http": b"GET / HTTP/1.1\r\nHost: device\r\nConnection: close\r\n\r\n",
    "rtsp": b"OPTIONS rtsp://device/ RTSP/1.0\r\nCSeq: 1\r\n\r\n",
    "sadp": b"<Probe><Uuid>A</Uuid><Types>inquiry</Types></Probe>",
    "wsd": b"<e><a:MessageID>urn:uuid:1</a:MessageID><d:Probe/></e>",
    "ssdp": b"M-SEARCH * HTTP/1.1\r\nST: ssdp:all\r\n\r\n",
    "dhip": b"\x20\0\0\0DHIP"
    + b"\0" * 8
    + b"\x1e\0\0\0\0\0\0\0\x1e\0\0\0\0\0\0\0"
    + b'{"method":"DHDiscover.search"}',
    "dahua-5050": bytes.fromhex("a3010001" + "00" * 12 + "02000000" + "00" * 12),
}


def test_every_persona_says_over_sockets_what_it_says_in_memory() -> None:
    """Not those whose page never ends, nor those that mean to say nothing."""
    polite = tuple(one for one in PERSONAS if "polite" in one.tags)
    compared = 0

    async def one_port(device: Device, entry: Listener) -> int:
        question = QUESTIONS.get(entry.protocol)
        if question is None:
            return 0
        expected = device.hear(entry, question).replies
        if entry.transport is Transport.UDP:
            heard = [said for said, _ in await ask_udp(device.address, entry.port, question, wait=0.3)]
            assert tuple(heard) == expected, (device.key, entry.port)
        else:
            wait = 0.3 if entry.keeps else 5.0
            tls = entry.transport is Transport.TLS
            said = await ask(device.address, entry.port, question, tls=tls, wait=wait)
            assert said == b"".join(expected), (device.key, entry.port)
        return 1

    async def act(devices: tuple[Device, ...], _: Memory) -> None:
        nonlocal compared
        for device in devices:
            asked = (one_port(device, entry) for entry in device.persona.listens)
            compared += sum(await asyncio.gather(*asked))

    serve(polite, act)
    assert compared > 150


def test_a_greeting_comes_before_any_question() -> None:
    async def act(devices: tuple[Device, ...], _: Memory) -> None:
        assert await ask(devices[0].address, 22, b"", wait=0.5) == b"SSH-2.0-HUAWEI-1.5\r\n"

    serve((named("huawei-huawei-switch"),), act)


def test_the_sensor_hears_of_connections_and_requests() -> None:
    async def act(devices: tuple[Device, ...], _: Memory) -> None:
        await ask(devices[0].address, 80, QUESTIONS["http"])
        await ask_udp(devices[0].address, 37020, QUESTIONS["sadp"])

    heard = serve((named("hikvision-hikvision-ds-2cd2385g1-i"),), act)
    assert [(event.kind, event.protocol) for event in heard.events] == [
        (EventKind.CONNECT, "http"),
        (EventKind.REQUEST, "http"),
        (EventKind.REQUEST, "sadp"),
    ]
    request = heard.events[1]
    assert request.request == QUESTIONS["http"].decode()
    assert (request.size, request.source, request.port) == (len(QUESTIONS["http"]), "127.0.0.1", 80)


MOODY = """\
is: {{kind: camera}}
variant: moody
origin: composed
quirks: {quirks}
listens:
  - transport: tcp
    port: 80
    protocol: http
    otherwise: |
      HTTP/1.1 200 OK
      Content-Length: ${{length}}

      0123456789012345678901234567890123456789
  - {{transport: udp, port: 37020, protocol: sadp, exchanges: [{{when: 'inquiry', reply: 'hello'}}]}}
"""


def moody(folder: Path, quirks: str) -> Persona:
    path = folder / "unknown-nobrand-camera-moody.yaml"
    path.write_text(MOODY.format(quirks=quirks), encoding="utf-8")
    return read_persona(path)


def test_a_slow_device_answers_late(tmp_path: Path) -> None:
    async def act(devices: tuple[Device, ...], _: Memory) -> None:
        began = time.monotonic()
        assert (await ask(devices[0].address, 80, QUESTIONS["http"])).endswith(b"0123456789\n")
        assert time.monotonic() - began >= 0.4

    serve((moody(tmp_path, "{delay: 0.4}"),), act)


def test_a_dripping_device_takes_its_time_and_says_everything(tmp_path: Path) -> None:
    async def act(devices: tuple[Device, ...], _: Memory) -> None:
        began = time.monotonic()
        assert (await ask(devices[0].address, 80, QUESTIONS["http"])).endswith(b"0123456789\n")
        assert time.monotonic() - began >= 0.5

    serve((moody(tmp_path, "{drip: 100}"),), act)


def test_a_silent_device_accepts_and_says_nothing(tmp_path: Path) -> None:
    async def act(devices: tuple[Device, ...], _: Memory) -> None:
        assert await ask(devices[0].address, 80, QUESTIONS["http"], wait=0.4) == b""
        assert await ask_udp(devices[0].address, 37020, b"inquiry") == []

    heard = serve((moody(tmp_path, "{silent: true}"),), act)
    assert sum(event.kind is EventKind.REQUEST for event in heard.events) == 2


def test_a_resetting_device_resets(tmp_path: Path) -> None:
    async def act(devices: tuple[Device, ...], _: Memory) -> None:
        with pytest.raises(ConnectionResetError):
            await ask(devices[0].address, 80, QUESTIONS["http"])

    serve((moody(tmp_path, "{resets: true}"),), act)


def test_an_endless_page_does_not_end() -> None:
    async def act(devices: tuple[Device, ...], _: Memory) -> None:
        reader, writer = await asyncio.open_connection(devices[0].address, 80 + SHIFT)  # noqa: TID251 - a test's own client
        writer.write(QUESTIONS["http"])
        heard = await reader.readexactly(2_000_000)
        assert heard.startswith(b"HTTP/1.1 200 OK\r\n")
        writer.close()

    serve((named("unknown-nobrand-nothing-endless"),), act)


def test_a_tarpit_drips_on_every_port() -> None:
    async def act(devices: tuple[Device, ...], _: Memory) -> None:
        for port in (22, 443, 37777):
            reader, writer = await asyncio.open_connection(devices[0].address, port + SHIFT)  # noqa: TID251 - a test's own client
            assert await asyncio.wait_for(reader.read(10), 3) == b"\0"
            writer.close()

    serve((named("unknown-nobrand-nothing-tarpit"),), act)


def test_a_device_may_answer_several_times_and_from_another_address(tmp_path: Path) -> None:
    async def act(devices: tuple[Device, ...], _: Memory) -> None:
        heard = await ask_udp(devices[0].address, 37020, b"inquiry")
        assert heard == [(b"hello", "127.81.255.1")] * 3

    serve((moody(tmp_path, "{repeats: 3, answers_elsewhere: true}"),), act)


def test_a_fragile_device_reboots_when_pushed_and_not_before(tmp_path: Path) -> None:
    now = [NOON]

    async def act(devices: tuple[Device, ...], heard: Memory) -> None:
        for _ in range(4):
            now[0] += 0.5
            assert await ask(devices[0].address, 80, QUESTIONS["http"])
        assert all(event.kind is not EventKind.REBOOT for event in heard.events)
        now[0] += 5
        for _ in range(3):
            await ask(devices[0].address, 80, QUESTIONS["http"])
        with pytest.raises(ConnectionResetError):
            await ask(devices[0].address, 80, QUESTIONS["http"])
        now[0] += 6
        assert await ask(devices[0].address, 80, QUESTIONS["http"])

    heard = serve((moody(tmp_path, "{fragile_rate: 3, reboot_seconds: 5}"),), act, clock=lambda: now[0])
    assert sum(event.kind is EventKind.REBOOT for event in heard.events) == 1


def test_old_tls_is_all_an_old_device_speaks() -> None:
    async def act(devices: tuple[Device, ...], _heard: Memory) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        _reader, writer = await asyncio.open_connection(devices[0].address, 443 + SHIFT, ssl=context)  # noqa: TID251 - a test's own client
        secret = writer.get_extra_info("ssl_object")
        assert secret.version() == "TLSv1"
        from cryptography import x509

        certificate = x509.load_der_x509_certificate(secret.getpeercert(binary_form=True))
        assert "CN=Product Root CA" in certificate.issuer.rfc4514_string()
        assert "OU=DAHUATECH" in certificate.subject.rfc4514_string()
        writer.close()
        modern = ssl.create_default_context()
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            await asyncio.open_connection(devices[0].address, 443 + SHIFT, ssl=modern, server_hostname="x")  # noqa: TID251 - a test's own client

    serve((named("dahua-dahua-ipc-hdw5421s"),), act)


def test_whoever_follows_a_redirect_away_is_recorded() -> None:
    async def act(devices: tuple[Device, ...], _: Memory) -> None:
        said = await ask(devices[0].address, 80, QUESTIONS["http"])
        assert b"Location: http://127.81.255.1/doc/page/login.asp\r\n" in said
        await ask("127.81.255.1", 80, QUESTIONS["http"], wait=0.3)

    heard = serve((named("unknown-nobrand-nothing-redirects-away"),), act)
    assert [event.kind for event in heard.events][-2:] == [EventKind.OUTSIDE, EventKind.OUTSIDE]


def test_a_group_is_heard_by_the_devices_on_its_interface(tmp_path: Path) -> None:
    persona = moody(tmp_path, "{}")

    async def run() -> None:
        devices = place((persona, persona), "127.81.0.0/24", clock=lambda: NOON, count=2)
        heard = Memory()
        async with Town(
            devices, heard, clock=lambda: NOON, port_shift=SHIFT + 1, interface="127.0.0.1", elsewhere=None
        ):
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.setblocking(False)
            sock.bind(("127.0.0.1", 0))
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 0)
            loop = asyncio.get_running_loop()
            await loop.sock_sendto(sock, b"inquiry", ("239.255.255.250", 37020 + SHIFT + 1))
            peers = set()
            for _ in range(2):
                said, peer = await asyncio.wait_for(loop.sock_recvfrom(sock, 1000), 3)
                assert said == b"hello"
                peers.add(peer[0])
            assert peers == {"127.81.0.1", "127.81.0.2"}
            sock.close()

    asyncio.run(run())


def test_a_port_that_is_taken_is_explained() -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.81.0.1", 80 + SHIFT))
        taken.listen()

        async def act(_: tuple[Device, ...], __: Memory) -> None:
            raise AssertionError

        with pytest.raises(TownError, match="taken"):
            serve((named("unknown-nobrand-nothing-nginx"),), act)


@pytest.mark.slow
def test_a_thousand_devices_start_within_ten_seconds_and_half_a_gigabyte(tmp_path: Path) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < 6000:
        pytest.skip(f"this account may have {hard} open files only")
    ready = tmp_path / "ready.json"
    began = time.monotonic()
    lab = subprocess.Popen(
        [
            *(sys.executable, "-m", "lab", "up", "--network", "127.94.0.0/16", "--count", "1000"),
            *("--port-shift", str(SHIFT), "--elsewhere", "127.95.0.1", "--seconds", "60"),
            *("--journal", str(tmp_path / "sensor.jsonl"), "--ready-file", str(ready)),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    )
    try:
        while not ready.exists():
            assert lab.poll() is None
            assert time.monotonic() - began < 10
            time.sleep(0.05)
        memory = Path(f"/proc/{lab.pid}/status").read_text(encoding="ascii")
        peak = next(int(line.split()[1]) for line in memory.splitlines() if line.startswith("VmHWM:"))
        assert peak < 500_000
    finally:
        lab.terminate()
        assert lab.wait(timeout=10) == 0

"""Probes over real lines to servers on loopback: what is sent, heard and read is one piece."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from auditor import probes
from auditor.model import Endpoint, Observation, Pace, Plan, Status
from auditor.net import Budget, Network, Stop
from auditor.scope import loopback

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
FAST = Pace(1e6, 1e6, 1e6, 1e6, 256)


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - a real network needs a real clock


def replying(*parts: bytes) -> Handler:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        writer.write(next((part for part in parts if part[:8].split(b"/")[0] in request), parts[0]))
        await writer.drain()
        writer.close()

    return handle


def greeting(text: bytes) -> Handler:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()
        await reader.read()
        writer.close()

    return handle


def asked(probe: str, handler: Handler) -> tuple[list[Status], dict[str, str]]:
    async def run() -> tuple[list[Status], list[Observation]]:
        async with await asyncio.start_server(handler, "127.0.0.1", 0) as server:
            endpoint = Endpoint("127.0.0.1", server.sockets[0].getsockname()[1])
            network = Network(FAST, user_agent="auditor/test", stop=Stop(), clock=now)
            grant = next(iter(replace(loopback(), pace=FAST).grants(at=now())))
            line = network.line(replace(grant, address="127.0.0.1"), endpoint, Budget(), Plan())
            module = next(each for each in probes.all_probes() if each.__name__.endswith(f".{probe}"))
            await module.probe(line)
            return [each.status for each in line.trace], [
                seen for each in line.trace for seen in probes.read(each)
            ]

    statuses, seen = asyncio.run(run())
    return statuses, {each.field: each.value for each in seen}


def test_a_front_page_is_fetched_and_read() -> None:
    page = b"HTTP/1.1 200 OK\r\nServer: NC-Webs\r\nContent-Length: 21\r\n\r\n<title>NC-2</title>\r\n"
    statuses, told = asked("http_root", replying(page))
    assert statuses == [Status.ANSWERED]
    assert (told["http.server"], told["http.title"]) == ("NC-Webs", "NC-2")


def test_rtsp_is_asked_twice_and_its_refusal_read() -> None:
    reply = (
        b"RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\n"
        b'WWW-Authenticate: Digest realm="IP Camera(C2871)", nonce="0", stale="FALSE"\r\n\r\n'
    )
    statuses, told = asked("rtsp", replying(reply))
    assert statuses == [Status.ANSWERED, Status.ANSWERED]
    assert (told["rtsp.realm"], told["rtsp.describe_status"]) == ("IP Camera(C2871)", "401")


@pytest.mark.parametrize(
    ("probe", "text", "field", "value"),
    [
        ("ssh", b"SSH-2.0-dropbear_2022.83\r\n", "ssh.banner", "SSH-2.0-dropbear_2022.83"),
        ("ftp", b"220 NC-2 ready.\r\n", "ftp.banner", "220 NC-2 ready."),
        ("telnet", b"\xff\xfb\x01192.0.0.64 login: ", "telnet.banner", "192.0.0.64 login:"),
        (
            "sdk",
            bytes.fromhex("000000100000001e0000001e00000000"),
            "sdk.first_bytes",
            "000000100000001e0000001e00000000",
        ),
    ],
)
def test_a_greeting_is_listened_to(probe: str, text: bytes, field: str, value: str) -> None:
    statuses, told = asked(probe, greeting(text))
    assert statuses == [Status.ANSWERED]
    assert told[field] == value


def test_a_private_port_that_says_nothing_is_silent_and_shows_nothing() -> None:
    statuses, told = asked("sdk", greeting(b""))
    assert statuses == [Status.SILENT]
    assert told == {}

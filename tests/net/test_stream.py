"""TLS as old devices speak it, and what happens when the other side does not."""

import asyncio
import ssl
from typing import Any

import pytest
from cryptography import x509

from auditor.model import Exchange, Protocol, Status, Transport
from auditor.wire import http, tls

V = ssl.TLSVersion
REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def polite(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1000)
    writer.write(REPLY)
    await writer.drain()


def shaken(bench: Any, serve: Any, handler: Any = polite, **options: Any) -> tuple[Exchange, ...]:
    async def main() -> tuple[Exchange, ...]:
        async with serve(handler, **options) as port:
            line = bench().line(port, Transport.TLS)
            await line.handshake(probe="tls", deadline=3)
            return tuple(line.trace)

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("version", "name"),
    [(V.TLSv1, "TLSv1"), (V.TLSv1_1, "TLSv1.1"), (V.TLSv1_2, "TLSv1.2"), (V.TLSv1_3, "TLSv1.3")],
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_every_version_since_tls_1_0_is_understood_and_recorded(
    bench: Any, serve: Any, tls_server: Any, certificate: Any, version: ssl.TLSVersion, name: str
) -> None:
    (exchange,) = shaken(bench, serve, ssl=tls_server(version, version))
    agreed = tls.parse(exchange.reply)
    assert (exchange.status, exchange.protocol) == (Status.ANSWERED, Protocol.TLS)
    assert agreed is not None
    assert agreed.version == name
    assert agreed.cipher
    shown = [x509.load_der_x509_certificate(der).subject for der in agreed.chain]
    assert shown == [x509.load_pem_x509_certificate(certificate.read_bytes()).subject]


def test_http_goes_through_tls_when_the_endpoint_says_so(
    bench: Any, serve: Any, ask: Any, tls_server: Any
) -> None:
    async def main() -> Exchange:
        async with serve(polite, ssl=tls_server(V.TLSv1_2, V.TLSv1_2)) as port:
            line = bench().line(port, Transport.TLS)
            exchange: Exchange = await ask(line, done=http.is_complete, deadline=3)
            return exchange

    exchange = asyncio.run(main())
    assert (exchange.status, exchange.reply, exchange.protocol) == (Status.ANSWERED, REPLY, Protocol.HTTP)


def test_an_endless_body_through_tls_is_cut_too(bench: Any, serve: Any, ask: Any, tls_server: Any) -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"x" * 20_000)
            await writer.drain()

    async def main() -> Exchange:
        async with serve(endless, ssl=tls_server(V.TLSv1_2, V.TLSv1_3)) as port:
            exchange: Exchange = await ask(bench().line(port, Transport.TLS), limit=50_000, deadline=5)
            return exchange

    exchange = asyncio.run(main())
    assert (len(exchange.reply), exchange.cut) == (50_000, True)


def test_an_answer_that_is_no_tls_is_garbled_and_kept(bench: Any, serve: Any) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    (exchange,) = shaken(bench, serve, plain)
    assert (exchange.status, exchange.reply) == (Status.GARBLED, b"HTTP/1.1 400 Bad Request\r\n\r\n")


def test_an_alert_before_any_data_is_a_refusal_and_is_tried_once_with_an_older_greeting(
    bench: Any, serve: Any
) -> None:
    greetings: list[bytes] = []

    async def refusing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        greetings.append(await reader.read(2000))
        writer.write(bytes.fromhex("15030100020228"))  # fatal handshake_failure
        await writer.drain()

    exchanges = shaken(bench, serve, refusing)
    assert [exchange.status for exchange in exchanges] == [Status.REFUSED, Status.REFUSED]
    assert "handshake failure" in exchanges[0].detail
    assert b"\x00\x2b" in greetings[0], "the first greeting offers versions by extension (TLS 1.3)"
    assert len(greetings[1]) < len(greetings[0])


def test_a_server_that_hangs_in_the_handshake_is_silent(bench: Any, serve: Any) -> None:
    async def hanging(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await asyncio.sleep(10)

    (exchange,) = shaken(bench, serve, hanging)
    assert exchange.status is Status.SILENT


def test_a_handshake_needs_a_tls_endpoint(bench: Any, serve: Any) -> None:
    async def main() -> None:
        async with serve(polite) as port:
            with pytest.raises(TypeError, match="no TLS endpoint"):
                await bench().line(port).handshake(probe="tls")

    asyncio.run(main())


def test_a_handshake_that_fails_behind_the_certificate_still_shows_it(
    bench: Any, serve: Any, tls_server: Any, certificate: Any
) -> None:
    wants_ours = tls_server(V.TLSv1_2, V.TLSv1_2)
    wants_ours.verify_mode = ssl.CERT_REQUIRED
    wants_ours.load_verify_locations(certificate)
    (exchange,) = shaken(bench, serve, ssl=wants_ours)
    shown = tls.parse(exchange.reply)
    assert exchange.status is Status.ANSWERED
    assert "TLS" in exchange.detail
    assert shown is not None
    assert shown.version == "TLSv1.2"
    assert [x509.load_der_x509_certificate(der).subject for der in shown.chain] == [
        x509.load_pem_x509_certificate(certificate.read_bytes()).subject
    ]


def test_a_certificate_that_comes_behind_what_we_cannot_take_is_still_heard(
    bench: Any, serve: Any, certificate: Any
) -> None:
    der = ssl.PEM_cert_to_DER_cert("".join(certificate.read_text().partition("-----BEGIN CERT")[1:]))
    hello = b"\x03\x03" + bytes(32) + b"\x00" + b"\xc0\xff" + b"\x00"  # a cipher suite nobody offered
    listed = len(der).to_bytes(3, "big") + der

    def record(kind: int, body: bytes) -> bytes:
        message = bytes((kind,)) + len(body).to_bytes(3, "big") + body
        return b"\x16\x03\x03" + len(message).to_bytes(2, "big") + message

    async def foreign(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(record(2, hello))
        await writer.drain()
        await asyncio.sleep(0.1)
        writer.write(record(11, len(listed).to_bytes(3, "big") + listed))
        await asyncio.sleep(3)

    exchange = shaken(bench, serve, foreign)[0]
    shown = tls.parse(exchange.reply)
    assert exchange.status is Status.ANSWERED
    assert shown is not None
    assert shown.chain == (der,)

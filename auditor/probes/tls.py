"""The TLS handshake and the certificate, which a server shows to everybody who connects."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from auditor.model import Exchange, Method, Observation, Protocol, Transport
from auditor.probes._showing import show
from auditor.wire import tls, x509

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import Line

FIELDS = (
    "tls.cipher",
    "tls.issuer",
    "tls.key_bits",
    "tls.not_after",
    "tls.not_before",
    "tls.san",
    "tls.self_signed",
    "tls.serial",
    "tls.signature",
    "tls.subject",
    "tls.unread",
    "tls.version",
)
PROTOCOLS = (Protocol.TLS,)
PORTS = (443, 8443, 37776)
METHOD = Method.TLS
ROUND = 1
TRANSPORT = Transport.TLS


async def probe(line: "Line") -> None:
    """Shake hands and close."""
    await line.handshake(probe="tls")


def read(exchange: Exchange) -> Iterator[Observation]:
    """Yield what was agreed on, and what the server's own certificate says."""
    handshake = tls.parse(exchange.reply)
    if handshake is None:
        return
    agreed = (("tls.version", handshake.version or None), ("tls.cipher", handshake.cipher or None))
    yield from show(exchange, agreed)
    certificate = x509.certificate(handshake.chain[0]) if handshake.chain else None
    if certificate:
        yield from show(exchange, _facts(certificate))
    elif handshake.chain:
        yield from show(exchange, (("tls.unread", "certificate"),))


def _facts(certificate: x509.Certificate) -> Iterator[tuple[str, str | None]]:
    yield "tls.subject", certificate.subject or None
    yield "tls.issuer", certificate.issuer or None
    yield "tls.not_before", _moment(certificate.not_before)
    yield "tls.not_after", _moment(certificate.not_after)
    yield "tls.self_signed", "yes" if certificate.self_signed else "no"
    yield "tls.key_bits", str(certificate.key_bits) if certificate.key_bits else None
    yield "tls.signature", certificate.signature_algorithm or None
    yield "tls.serial", certificate.serial or None
    for name in certificate.san:
        yield "tls.san", name
    yield "tls.unread", ",".join(certificate.unread) or None


def _moment(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None

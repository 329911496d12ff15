"""Bytes to and from one connected socket, plain or through TLS as old devices speak it."""

import asyncio
import socket  # noqa: TID251 - net owns the sockets
import ssl
import warnings
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from auditor.net.door import Passage
from auditor.net.kernel import Gauge
from auditor.net.trust import verifying_context

CHUNK = 65_536
_ENCODING_DER = 2
"""What Python's own certificate objects call DER (`_ssl.ENCODING_DER`)."""
_LEGACY_SERVER_CONNECT = 0x4
"""OpenSSL's SSL_OP_LEGACY_SERVER_CONNECT: servers without RFC 5746, as all before 2010. Named in Python 3.12."""
_PADDING = 0x10
"""OpenSSL's SSL_OP_TLSEXT_PADDING, which would blow a short greeting up to 512 bytes."""
_CIPHERS = "ALL:COMPLEMENTOFDEFAULT:!eNULL:@SECLEVEL=0"
_FEW_CIPHERS = "ECDHE+AESGCM:ECDHE+AES:RSA+AES:DHE+AES128:3DES:RC4:!PSK:!SRP:!aNULL:@SECLEVEL=0"
"""For servers that break off at a long greeting: one below 256 bytes holds what they can speak."""


class Stream(Protocol):
    """What an exchange needs of a connection."""

    async def write(self, data: bytes) -> None:
        """Send all of it; NotSentError when permission ended meanwhile."""

    async def read(self) -> bytes:
        """Return what has come, waiting for at least one byte; empty at the end."""

    def close(self) -> None:
        """Close the connection."""


@dataclass(slots=True)
class Plain:
    """A TCP connection, or a UDP socket bound to one endpoint."""

    passage: Passage
    sock: socket.socket
    gauge: Gauge | None = None
    """Of a TCP connection."""

    async def write(self, data: bytes) -> None:
        """Send all of it."""
        await self.passage.write(self.sock, data)

    async def read(self) -> bytes:
        """Return what has come, waiting for at least one byte; empty at the end."""
        loop = asyncio.get_running_loop()
        if self.gauge is None:
            return await loop.sock_recv(self.sock, CHUNK)
        await self.gauge.turn()
        chunk = await loop.sock_recv(self.sock, CHUNK)
        self.gauge.heard(len(chunk))
        return chunk

    def close(self) -> None:
        """Close the connection."""
        if self.gauge is not None:
            self.gauge.end()
        self.sock.close()


class NotTlsError(Exception):
    """The other side answered the handshake with something else; holds what it said."""

    def __init__(self, said: bytes) -> None:
        super().__init__("the answer to the TLS handshake is not TLS")
        self.said = said


class Tls:
    """TLS over a plain connection: no server name, whatever old version is offered, and no verification unless asked."""

    def __init__(self, plain: Plain, *, newest: ssl.TLSVersion, authorities: str = "") -> None:
        """Take a connection; with authorities, who shows no certificate of theirs for the address is not spoken to."""
        self._plain = plain
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._first = b""
        self._greeting = bytearray()
        chosen = verifying_context(newest, authorities) if authorities else context(newest)
        name = plain.passage.target[0] if authorities else None
        self._object = chosen.wrap_bio(self._incoming, self._outgoing, server_hostname=name)

    async def handshake(self) -> None:
        """Agree on a session; ssl.SSLError on an alert, NotTlsError on an answer that is no TLS record."""
        while True:
            try:
                self._object.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._fill()
            except ssl.SSLError as error:
                if self._first and not _is_record(self._first):
                    raise NotTlsError(self._first) from error
                raise
            else:
                await self._flush()
                return

    @property
    def greeting(self) -> bytes:
        """What came during the handshake, as it came: up to TLS 1.2 it shows the certificates though nothing was agreed."""
        return bytes(self._greeting)

    async def hear_out(self, within: float) -> None:
        """Read on behind a handshake that failed, for so many seconds: the certificates may still be on their way."""
        with suppress(OSError):
            async with asyncio.timeout(within):
                while self._greeting[:1] == b"\x16" and len(self._greeting) < CHUNK:
                    chunk = await self._plain.read()
                    self._greeting += chunk
                    if not chunk:
                        return

    async def write(self, data: bytes) -> None:
        """Encrypt and send all of it."""
        self._object.write(data)
        await self._flush()

    async def read(self) -> bytes:
        """Return what has come, waiting for at least one byte; empty at the end."""
        while True:
            try:
                return self._object.read(CHUNK)
            except ssl.SSLWantReadError:
                await self._flush()
                await self._fill()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    def close(self) -> None:
        """Close the connection without the farewell that old devices do not wait for."""
        self._plain.close()

    @property
    def agreed(self) -> tuple[str, str]:
        """The negotiated protocol version and cipher, in OpenSSL's words."""
        cipher = self._object.cipher()
        return self._object.version() or "", cipher[0] if cipher else ""

    def chain(self) -> tuple[bytes, ...]:
        """The certificates the server sent, leaf first, in DER."""
        leaf = self._object.getpeercert(binary_form=True)
        inner = getattr(self._object, "_sslobj", self._object)  # public from Python 3.13 on
        listed = getattr(inner, "get_unverified_chain", lambda: None)()
        if not listed:
            return (leaf,) if leaf else ()
        return tuple(one if isinstance(one, bytes) else one.public_bytes(_ENCODING_DER) for one in listed)

    async def _flush(self) -> None:
        if self._outgoing.pending:
            await self._plain.write(self._outgoing.read())

    async def _fill(self) -> None:
        chunk = await self._plain.read()
        if len(self._first) < CHUNK and not _is_record(self._first):
            self._first += chunk
        self._greeting += chunk[: CHUNK - len(self._greeting)]
        if chunk:
            self._incoming.write(chunk)
        else:
            self._incoming.write_eof()


def _is_record(start: bytes) -> bool:
    """Tell whether bytes begin as a TLS handshake or alert record does."""
    return len(start) >= 2 and start[0] in {0x15, 0x16} and start[1] == 0x03


@lru_cache(maxsize=4)
def context(newest: ssl.TLSVersion) -> ssl.SSLContext:
    """Return a client context that accepts what embedded servers of fifteen years speak, up to a version."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE  # we look at certificates, we do not trust them
    made.set_ciphers(_CIPHERS if newest is ssl.TLSVersion.TLSv1_3 else _FEW_CIPHERS)
    made.options = (made.options | _LEGACY_SERVER_CONNECT) & ~_PADDING
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # TLS 1.0 is the point
        made.minimum_version = ssl.TLSVersion.TLSv1
        made.maximum_version = newest
    return made

"""What the tests of net share: a scope on loopback, servers with bad manners, virtual time."""

import asyncio
import contextlib
import selectors
import socket  # noqa: TID251 - the tests play the devices
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from auditor.model import Endpoint, Exchange, Grant, Pace, Protocol, Transport
from auditor.net import Budget, Line, Network, Stop
from auditor.scope import Scope, loopback

FAST = Pace(1e6, 1e6, 1e6, 1e6, 256)

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - tests run in real time


@dataclass
class Bench:
    """A network on loopback with a chosen pace, and what lines need."""

    scope: Scope = field(default_factory=lambda: replace(loopback(), pace=FAST))
    stop: Stop = field(default_factory=Stop)
    clock: Callable[[], datetime] = now
    port_shift: int = 0
    budget: Budget = field(default_factory=Budget)

    def __post_init__(self) -> None:
        self.network = Network(
            self.scope.pace,
            user_agent="auditor/test",
            stop=self.stop,
            clock=self.clock,
            port_shift=self.port_shift,
        )

    def grant(self, address: str = "127.0.0.1", **changes: Any) -> Grant:
        admitted = self.scope.admit(address, at=now())
        assert isinstance(admitted, Grant)
        return replace(admitted, **changes)

    def line(
        self, port: int, transport: Transport = Transport.TCP, address: str = "127.0.0.1", **changes: Any
    ) -> Line:
        return self.network.line(
            self.grant(address, **changes), Endpoint(address, port, transport), self.budget
        )


@pytest.fixture
def bench() -> type[Bench]:
    return Bench


@asynccontextmanager
async def served(handler: Handler, address: str = "127.0.0.1", **options: Any) -> AsyncIterator[int]:
    async def quiet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await handler(reader, writer)
        with contextlib.suppress(ConnectionError):
            writer.close()

    server = await asyncio.start_server(quiet, address, 0, **options)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@pytest.fixture
def serve() -> Callable[..., Any]:
    return served


async def asked(line: Line, done: Callable[[bytes], bool] = lambda _: False, **options: Any) -> Exchange:
    options = {"probe": "test", "protocol": Protocol.HTTP, "deadline": 0.5, **options}
    return await line.exchange(options.pop("request", b"hello"), done=done, **options)


@pytest.fixture
def ask() -> Callable[..., Coroutine[Any, Any, Exchange]]:
    return asked


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes only by waiting, and at once."""

    def __init__(self) -> None:
        self._virtual = 0.0
        super().__init__(_Impatient(self))

    def time(self) -> float:
        return self._virtual


class _Impatient(selectors.DefaultSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        if timeout:
            self._loop._virtual += timeout
        return super().select(0)


@pytest.fixture
def in_virtual_time() -> Callable[[Callable[[], Coroutine[Any, Any, None]]], float]:
    def run(work: Callable[[], Coroutine[Any, Any, None]]) -> float:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(work())
            return runner.get_loop().time()

    return run


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate with a weak key, as a camera of 2012 has it; PEM with key."""
    key = rsa.generate_private_key(65537, 1024)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "192.0.2.64")])
    start = datetime(2012, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "camera.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def tls_server(certificate: Path) -> Callable[[ssl.TLSVersion, ssl.TLSVersion], ssl.SSLContext]:
    def context(oldest: ssl.TLSVersion, newest: ssl.TLSVersion) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.set_ciphers("ALL:@SECLEVEL=0")
        made.minimum_version, made.maximum_version = oldest, newest
        made.load_cert_chain(certificate)
        return made

    return context


@pytest.fixture
def dead_port() -> Iterator[int]:
    """A port on which nobody listens, and which nobody else can take meanwhile."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]

"""Devices for the tests of this room: identities from pairs, observations from pairs, evidence made up."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from auditor.model import (
    Certainty,
    Claim,
    Device,
    Endpoint,
    Exchange,
    Identity,
    Match,
    Observation,
    Protocol,
    Status,
    Transport,
)

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
Make = Callable[..., Device]


def _device(
    claims: dict[str, str] | None = None,
    *,
    observed: tuple[tuple[str, str], ...] = (),
    ports: tuple[tuple[str, int], ...] = (("tcp", 80),),
    tentative: tuple[str, ...] = (),
    address: str = "127.0.0.10",
    site: str = "town-hall",
    granted: bool = True,
    transport: Transport = Transport.TCP,
    at: datetime | None = AT,
    source: str = "live",
) -> Device:
    key = f"{site}/{address}"
    exchange = Exchange(
        device=key,
        probe="http_root",
        protocol=Protocol.HTTP,
        endpoint=Endpoint(address, 80, transport),
        request=b"GET / HTTP/1.1\r\n\r\n",
        reply=b"HTTP/1.1 200 OK\r\n\r\n",
        status=Status.ANSWERED,
        at=at,
    )
    observations = tuple(Observation(field, value, exchange) for field, value in observed)
    witness = Observation("http.status", "200", exchange)
    held = tuple(
        Claim(
            name,
            value,
            Certainty.TENTATIVE if name in tentative else Certainty.CERTAIN,
            (Match("test.rule", witness, ((name, value),), Certainty.FIRM),),
        )
        for name, value in (claims or {}).items()
    )
    return Device(
        key=key,
        site=site,
        address=address,
        identity=Identity(key, held),
        addresses=(address,),
        ports=ports,
        observations=observations,
        exchanges=(exchange,),
        granted=granted,
        source=source,
    )


@pytest.fixture(scope="session")
def device() -> Make:
    return _device

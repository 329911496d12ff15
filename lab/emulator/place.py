"""Put personas at addresses of a network."""

import ipaddress
from collections.abc import Sequence

from lab.emulator.clock import Clock
from lab.emulator.device import Device
from lab.persona import Persona


class NetworkTooSmallError(Exception):
    """More devices are wanted than the network has addresses."""


def place(
    personas: Sequence[Persona],
    network: str,
    *,
    clock: Clock,
    count: int | None = None,
    elsewhere: str = "127.99.0.1",
) -> tuple[Device, ...]:
    """Give each persona an address, in order; with a count, go round again and make numbered copies.

    `network` is IPv4 CIDR text; ValueError when it is none, NetworkTooSmallError when it does not hold them.
    """
    wanted = len(personas) if count is None else count
    space = ipaddress.IPv4Network(network)
    if wanted > space.num_addresses - 2:
        raise NetworkTooSmallError(
            f"{wanted} devices do not fit into {network} ({space.num_addresses - 2} addresses); "
            "take a wider one, such as 127.77.0.0/16"
        )
    first = int(space.network_address) + 1
    return tuple(
        Device(
            personas[index % len(personas)],
            str(ipaddress.IPv4Address(first + index)),
            clock=clock,
            copy=index // len(personas),
            elsewhere=elsewhere,
        )
        for index in range(wanted)
    )

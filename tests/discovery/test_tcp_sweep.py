"""The sweep finds what listens, says what it did not try, and samples large networks honestly."""

import asyncio
import socket  # noqa: TID251 - the tests play the devices
import time
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from auditor.discovery import default_ports, tcp_sweep
from auditor.model import Grant, Method, Sighting, Status
from auditor.net import Block, Stop
from auditor.scope import AddressSet, Exclusion, Site, interval

SHIFT = 25_013
PORTS = (80, 554, 8000)


class Town:
    """Stands in for a field's network: says for each address and port what a real connect would."""

    def __init__(self, listening: dict[str, set[int]], refusing: set[str] | None = None) -> None:
        self.listening = listening
        self.refusing = refusing or set()
        self.tried: list[tuple[str, int]] = []

    async def tcp_open(self, grant: Grant, port: int) -> tuple[Status, str]:
        self.tried.append((grant.address, port))
        await asyncio.sleep(0)
        if port in self.listening.get(grant.address, set()):
            return Status.ANSWERED, "open"
        known = grant.address in self.listening or grant.address in self.refusing
        return (Status.REFUSED, "closed") if known else (Status.SILENT, "nothing")


async def looked(look: Any) -> tuple[Status, str]:
    outcome: tuple[Status, str] = look if isinstance(look, tuple) else await look
    return outcome


def swept(collect: Any, field: Any, town: Town | None = None) -> list[Sighting]:
    if town is not None:
        field.tcp_open = town.tcp_open
    found: list[Sighting] = asyncio.run(collect(tcp_sweep.discover(field)))
    return found


def test_open_ports_are_found_and_refusing_hosts_are_alive(scope: Any, make_field: Any, collect: Any) -> None:
    with ExitStack() as town:
        for address, port in (("127.81.0.2", 80), ("127.81.0.2", 8000), ("127.81.0.3", 554)):
            sock = town.enter_context(socket.socket())
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((address, port + SHIFT))
            sock.listen()
        field = make_field(scope("127.81.0.1-127.81.0.4"), ports=PORTS)
        found = swept(collect, field)
    ports = {(one.address, one.port) for one in found if one.port is not None}
    assert ports == {("127.81.0.2", 80), ("127.81.0.2", 8000), ("127.81.0.3", 554)}
    assert {one.address for one in found} == {f"127.81.0.{n}" for n in range(1, 5)}
    assert all(one.method == "tcp-sweep" and one.granted for one in found)
    assert (field.swept, field.withheld()) == (4, ())


def test_silent_addresses_are_swept_and_give_no_sighting(scope: Any, make_field: Any, collect: Any) -> None:
    field = make_field(scope("127.81.0.0/24"), ports=PORTS)
    town = Town({"127.81.0.9": {80}})
    found = swept(collect, field, town)
    assert [(one.address, one.port) for one in found] == [("127.81.0.9", 80)]
    assert field.swept == 256
    assert len(town.tried) == len(set(town.tried)) == 256 * 3


def test_a_large_network_is_sampled_and_the_rest_is_stated_as_not_swept(
    scope: Any, make_field: Any, collect: Any
) -> None:
    field = make_field(scope("127.82.0.0/16"), ports=PORTS)
    town = Town({"127.82.7.64": {80}, "127.82.7.33": {8000}, "127.82.200.133": {80}}, {"127.82.9.254"})
    found = swept(collect, field, town)
    assert {(one.address, one.port) for one in found if one.port} == {
        ("127.82.7.64", 80),
        ("127.82.7.33", 8000),
    }
    assert field.swept == 2 * 256
    assert [(one.reason, one.addresses) for one in field.withheld()] == [(tcp_sweep.NOT_SAMPLED, 254 * 256)]
    assert len(town.tried) < 65_536 * 3 / 6


def test_thorough_sweeps_what_the_sample_left_out(scope: Any, make_field: Any, collect: Any) -> None:
    field = make_field(scope("127.82.0.0/19"), ports=(80, 554), thorough=True)
    town = Town({"127.82.20.133": {80}})
    found = swept(collect, field, town)
    assert [(one.address, one.port) for one in found] == [("127.82.20.133", 80)]
    assert (field.swept, field.withheld()) == (32 * 256, ())


def test_thorough_looks_twice_because_a_packet_may_be_lost(scope: Any, make_field: Any, collect: Any) -> None:
    class Lossy(Town):
        async def tcp_open(self, grant: Grant, port: int) -> tuple[Status, str]:
            if (grant.address, port) not in self.tried:
                self.tried.append((grant.address, port))
                return Status.SILENT, "lost"
            return await super().tcp_open(grant, port)

    field = make_field(scope("127.81.0.0/30"), ports=PORTS, thorough=True)
    found = swept(collect, field, Lossy({"127.81.0.2": {80}}))
    assert ("127.81.0.2", 80) in {(one.address, one.port) for one in found}


def test_a_sample_holds_the_likely_addresses_and_is_the_same_each_time() -> None:
    first, last = (
        int(socket.inet_aton("127.83.4.0").hex(), 16),
        int(socket.inet_aton("127.83.4.255").hex(), 16),
    )
    taken = tcp_sweep.sample(Block(4, first, last))
    assert {"127.83.4.1", "127.83.4.64", "127.83.4.108", "127.83.4.254"} <= set(taken)
    assert taken == tcp_sweep.sample(Block(4, first, last))
    assert len(taken) == len(set(taken)) == 23
    assert set(tcp_sweep.sample(Block(4, first + 3, first + 5))) == {f"127.83.4.{n}" for n in (3, 4, 5)}


def test_all_ports_of_an_address_are_tried_within_a_stretch(
    scope: Any, make_field: Any, collect: Any
) -> None:
    town = Town({"127.82.3.9": {80}})
    swept(collect, make_field(scope("127.82.0.0/21"), ports=PORTS), town)
    spans: dict[str, list[int]] = {}
    for at, (address, _) in enumerate(town.tried):
        spans.setdefault(address, []).append(at)
    assert len(spans) == 8 * 256
    assert max(tried[-1] - tried[0] for tried in spans.values()) <= 256 * len(PORTS)


def test_excluded_addresses_are_never_tried(scope: Any, make_field: Any, collect: Any) -> None:
    out = Exclusion("dialysis", AddressSet((interval("127.81.0.64/26"),)))
    field = make_field(scope("127.81.0.0/24", exclusions=(out,)), ports=PORTS)
    town = Town({})
    swept(collect, field, town)
    assert not {address for address, _ in town.tried} & {f"127.81.0.{n}" for n in range(64, 128)}
    assert field.swept == 192


def test_an_ipv6_network_too_large_to_walk_is_stated(scope: Any, make_field: Any, collect: Any) -> None:
    sites = (Site("lab", AddressSet((interval("2001:db8::/64"), interval("::1"))), ()),)
    field = make_field(replace(scope(), sites=sites, narrowed_to=None), ports=PORTS)
    town = Town({})
    swept(collect, field, town)
    assert {address for address, _ in town.tried} == {"::1"}
    assert field.withheld()[0].addresses == 2**64


def test_without_leave_to_sweep_nothing_is_tried(scope: Any, make_field: Any, collect: Any) -> None:
    field = make_field(scope("127.81.0.0/30", methods=frozenset({Method.SADP})), ports=PORTS)
    assert swept(collect, field) == []
    assert [(one.reason, one.addresses) for one in field.withheld()] == [
        ("the scope does not allow tcp-sweep", 4)
    ]


def test_a_stop_ends_a_sweep(scope: Any, make_field: Any, collect: Any) -> None:
    async def main() -> tuple[float, Any]:
        stop = Stop()
        field = make_field(scope("127.84.0.0/18"), stop=stop)
        sweeping = asyncio.create_task(collect(tcp_sweep.discover(field)))
        await asyncio.sleep(0.5)
        began = asyncio.get_running_loop().time()
        stop.set("stopped by Ctrl-C")
        await sweeping
        return asyncio.get_running_loop().time() - began, field

    took, field = asyncio.run(main())
    assert took < 2
    assert field.swept == 0, "a sweep that was cut short has swept nothing whole"


def test_the_port_list_is_short_reasoned_and_has_telling_ports() -> None:
    ports = default_ports()
    assert {80, 443, 554, 8000, 37777, 34567, 6060, 8899} <= {port.number for port in ports}
    assert len(ports) <= 30
    assert all(len(port.why) > 10 and len(port.source) > 5 for port in ports)
    assert 3 <= sum(port.telling for port in ports) <= 6


def test_an_answer_that_came_while_we_were_busy_is_not_called_silence(scope: Any, make_field: Any) -> None:
    async def main() -> tuple[Status, Status]:
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(("127.81.0.2", 80 + SHIFT))
            sock.listen()
            field = make_field(scope("127.81.0.2"))
            (grant,) = field.grants()
            looking = [asyncio.create_task(looked(field.tcp_open(grant, port))) for port in (80, 554)]
            await asyncio.sleep(0)
            time.sleep(1.2)  # noqa: ASYNC251 - longer than an attempt may take
            return (await looking[0])[0], (await looking[1])[0]

    assert asyncio.run(main()) == (Status.ANSWERED, Status.REFUSED)


@pytest.mark.parametrize("ports", [(), (8080,)])
def test_ports_can_be_narrowed(scope: Any, make_field: Any, collect: Any, ports: tuple[int, ...]) -> None:
    town = Town({})
    swept(collect, make_field(scope("127.81.0.1"), ports=ports), town)
    assert {port for _, port in town.tried} == set(ports or [port.number for port in default_ports()])

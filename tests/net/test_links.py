"""Whether this machine had a link when nobody answered."""

import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from auditor.net.links import Links, interface_to


@dataclass
class Machine:
    """A clock and interfaces to play with."""

    now: float = 0.0
    up: dict[str, bool] = field(default_factory=lambda: {"eth0": True, "eth1": True})
    routes: dict[str, str] = field(default_factory=lambda: {"192.0.2.7": "eth0", "198.51.100.7": "eth1"})

    def links(self) -> Links:
        return Links(monotonic=lambda: self.now, leads=self.routes.get, has_link=lambda name: self.up[name])


def test_a_link_that_was_down_for_a_moment_while_we_waited_counts() -> None:
    machine = Machine()
    links = machine.links()
    assert not links.was_down("192.0.2.7", 0.0)
    machine.now, machine.up["eth0"] = 1.0, False
    links.look()
    machine.now, machine.up["eth0"] = 2.0, True
    assert links.was_down("192.0.2.7", 0.5)
    assert not links.was_down("192.0.2.7", 1.5), "it was up again before that question"
    assert not links.was_down("198.51.100.7", 0.0), "another interface"


def test_the_interface_is_remembered_when_its_route_has_gone_with_it() -> None:
    machine = Machine()
    links = machine.links()
    assert not links.was_down("192.0.2.7", 0.0)
    machine.routes["192.0.2.7"] = "eth1"  # the default route takes over
    machine.now, machine.up["eth0"] = 1.0, False
    assert links.was_down("192.0.2.7", 0.5)


def test_where_no_interface_is_known_nothing_is_said() -> None:
    assert not Machine().links().was_down("203.0.113.1", 0.0)
    assert interface_to("2001:db8::1") is None
    assert interface_to("127.0.0.1") is None


@pytest.mark.skipif(sys.byteorder != "little", reason="the table is in the machine's own order of bytes")
def test_the_interface_is_that_of_the_longest_route(tmp_path: Path) -> None:
    table = tmp_path / "route"
    table.write_text(
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
        "eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
        "eth1\t0007120A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
    )
    assert interface_to("10.18.7.9", table) == "eth1"
    assert interface_to("10.18.8.9", table) == "eth0"
    table.write_text("Iface\tDestination\n")
    assert interface_to("10.18.7.9", table) is None
    table.write_text("Iface\neth0\tno number")
    assert interface_to("10.18.7.9", table) is None
    assert interface_to("10.18.7.9", tmp_path / "absent") is None

"""Towns as data: who lives where, the compose file made of it, recorders that know their cameras."""

import asyncio
import hashlib
import ipaddress
import os
import re
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from auditor import scope
from lab.cli import main
from lab.emulator import Device, Town, wall_clock
from lab.image import capable
from lab.sensor import Memory
from lab.town import PlanError, all_towns, device, devices, mac_of, on_loopback, read_town, scope_text
from lab.town.compose import FILE, compose_text
from lab.town.house import ready, router

PLAN = read_town("municipality")
COMPOSE = yaml.safe_load(FILE.read_text(encoding="utf-8"))


def test_the_municipality_has_the_networks_and_devices_it_is_meant_to_have() -> None:
    assert "municipality" in all_towns()
    assert [one.name for one in PLAN.networks] == ["town-hall", "school", "traffic"]
    assert len(PLAN.residents) >= 24
    tags = Counter(tag for one in devices(PLAN, clock=wall_clock) for tag in one.persona.tags)
    assert tags["decoy"] >= 6
    assert tags["relabelled"] >= 4
    assert {one.truth.maker for one in devices(PLAN, clock=wall_clock)} >= {"hikvision", "dahua", "huawei"}
    assert sum(bool(one.behind) for one in PLAN.residents) >= 3


def test_every_device_has_a_mac_of_its_own_on_the_segment() -> None:
    macs = [mac_of(one) for one in devices(PLAN, clock=wall_clock)]
    assert len(set(macs)) == len(macs)
    assert all(re.fullmatch(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}", mac) for mac in macs)
    assert not any(int(mac[:2], 16) & 1 for mac in macs), "a group address is nobody's"
    shown = {one.truth.mac for one in devices(PLAN, clock=wall_clock)} - {None}
    assert shown <= set(macs)


def test_the_compose_file_is_what_the_town_says(tmp_path: Path) -> None:
    assert FILE.read_text(encoding="utf-8") == compose_text(PLAN, clock=wall_clock)
    stale = tmp_path / "compose.yaml"
    stale.write_text("services: {}\n", encoding="utf-8")
    said = CliRunner().invoke(main, ["compose", "--check", "-o", str(stale)])
    assert said.exit_code == 1
    assert "run auditor-lab compose municipality" in said.output
    assert CliRunner().invoke(main, ["compose", "-o", str(stale)]).exit_code == 0
    assert CliRunner().invoke(main, ["compose", "--check", "-o", str(stale)]).exit_code == 0


def test_each_container_has_its_own_address_mac_and_bounds_and_opens_nothing_on_the_host() -> None:
    services = COMPOSE["services"]
    assert set(services) == {"router", "station", *(one.name for one in PLAN.residents)}
    assert not any(
        "ports" in one or "privileged" in one or "network_mode" in one for one in services.values()
    )
    seats = [
        (name, leg["ipv4_address"]) for one in services.values() for name, leg in one["networks"].items()
    ]
    assert len({address for _, address in seats}) == len(seats)
    spaces = {
        name: ipaddress.ip_network(one["ipam"]["config"][0]["subnet"])
        for name, one in COMPOSE["networks"].items()
    }
    assert all(ipaddress.ip_address(address) in spaces[name] for name, address in seats)
    for one in PLAN.residents:
        service = services[one.name]
        assert service["mac_address"] == mac_of(device(PLAN, one, clock=wall_clock))
        assert service["cap_drop"] == ["ALL"]
        assert service["mem_limit"] == "64m"
    assert sum("build" in one for one in services.values()) == 1, "one image for all"


def test_nobody_in_the_compose_lab_is_root_nor_may_more_than_it_needs() -> None:
    services = COMPOSE["services"]
    for name, one in services.items():
        assert one["cap_drop"] == ["ALL"], name
        assert one["read_only"] is True, name
        assert one["pids_limit"] <= 128, name
    roots = [name for name, one in services.items() if one["user"] != "65534:65534"]
    assert roots == ["router"]
    command = services["router"]["command"]
    assert command[-2:] == ["--then-as", "65534"], "who starts as root becomes somebody else"
    assert {name: one["cap_add"] for name, one in services.items() if "cap_add" in one} == {
        "router": ["NET_ADMIN", "SETGID", "SETUID"],
        "station": ["NET_RAW"],
    }
    free = [name for name, one in services.items() if one.get("security_opt") != ["no-new-privileges:true"]]
    assert free == ["station"], "its `auditor` gets NET_RAW by the file's capability"


def test_the_image_is_an_ordinary_users() -> None:
    lines = (FILE.parent / "image" / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("USER")] == ["USER 65534:65534"]
    assert lines.index("USER 65534:65534") > max(n for n, one in enumerate(lines) if one.startswith("RUN"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has something to give up")
def test_a_router_gives_root_up_for_good_before_it_serves() -> None:
    script = (
        "import os; from lab.cli.serve import _become; _become(65534)\n"
        "print([line for line in open('/proc/self/status') if line.startswith(('Uid', 'Groups', 'CapEff', 'CapPrm'))])\n"
        "try:\n os.setuid(0)\nexcept PermissionError:\n print('for good')"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert "'Uid:\\t65534\\t65534\\t65534\\t65534\\n'" in said
    assert "'Groups:\\t \\n'" in said
    assert said.count("0000000000000000") == 2
    assert "for good" in said


def test_a_capability_is_written_as_setcap_writes_it() -> None:
    # getfattr -e hex -n security.capability after `setcap cap_net_raw+ep`
    assert capable.capability(capable.CAP_NET_RAW).hex() == "0100000200200000000000000000000000000000"


def _ask(one: Device, uri: str) -> str:
    web = next(entry for entry in one.persona.listens if entry.port == 80)
    account = one.persona.accounts[0]
    refusal = one.hear(web, f"GET {uri} HTTP/1.1\r\nHost: x\r\n\r\n".encode()).replies[0].decode()
    assert " 401 " in refusal.split("\r\n", 1)[0]
    parts = dict(re.findall(r'(realm|nonce)="([^"]*)"', refusal))
    first = hashlib.md5(f"{account.user}:{parts['realm']}:{account.password}".encode()).hexdigest()
    second = hashlib.md5(f"GET:{uri}".encode()).hexdigest()
    response = hashlib.md5(f"{first}:{parts['nonce']}:{second}".encode()).hexdigest()
    login = (
        f'Digest username="{account.user}", realm="{parts["realm"]}", nonce="{parts["nonce"]}", '
        f'uri="{uri}", response="{response}"'
    )
    said = one.hear(web, f"GET {uri} HTTP/1.1\r\nHost: x\r\nAuthorization: {login}\r\n\r\n".encode())
    assert said.login == "accepted"
    return said.replies[0].decode()


@pytest.mark.parametrize(
    ("name", "uri", "protocols"),
    [
        ("hall-recorder", "/ISAPI/ContentMgmt/InputProxy/channels", ["HIKVISION"] * 3),
        ("park-recorder", "/ISAPI/ContentMgmt/InputProxy/channels", ["HIKVISION"] * 2),
        ("school-recorder", "/cgi-bin/configManager.cgi?action=getConfig&name=RemoteDevice", []),
    ],
)
def test_a_recorder_tells_who_is_logged_in_which_cameras_are_behind_it(
    name: str, uri: str, protocols: list[str]
) -> None:
    resident = PLAN.resident(name)
    listed = _ask(device(PLAN, resident, clock=wall_clock), uri)
    for camera in (PLAN.resident(one) for one in resident.behind):
        assert camera.address in listed
        model = device(PLAN, camera, clock=wall_clock).truth.model
        assert model is not None
        assert model in listed
    assert re.findall("<proxyProtocol>(.*?)<", listed) == protocols
    assert "192.168." not in listed, "the persona's own example gives way to the town's cameras"


def test_the_scope_of_a_town_is_one_the_auditor_reads(tmp_path: Path) -> None:
    path = tmp_path / "scope.toml"
    path.write_text(scope_text(PLAN, {"school": ("eth1",)}), encoding="utf-8")
    read = scope.read(path)
    assert read.count(at=datetime(2026, 11, 22, tzinfo=UTC)) == 3 * 62 - 3, (
        "all but the station's own addresses"
    )
    assert read.interfaces("school") == ("eth1",)
    assert read.interfaces("traffic") == ()


def test_a_town_can_be_served_on_loopback() -> None:
    home = on_loopback(PLAN)
    assert home.elsewhere == "127.77.99.1"
    heard = Memory()

    async def serve() -> int:
        lot = devices(home, clock=wall_clock)
        async with Town(lot, heard, clock=wall_clock, port_shift=21_000, elsewhere=home.elsewhere) as town:
            reader, writer = await asyncio.open_connection("127.77.2.10", 21_080)  # noqa: TID251 - a test's own client
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await reader.read(15)).startswith(b"HTTP/1.1 200 OK")
            writer.close()
            return town.ports

    assert asyncio.run(serve()) > 90
    assert {event.address for event in heard.events} == {"127.77.2.10"}


def test_the_router_stands_in_every_network_and_is_part_of_the_truth() -> None:
    assert [one.address for one in router(PLAN, clock=wall_clock)] == ["10.77.1.1", "10.77.2.1", "10.77.3.1"]
    stated = {str(one["address"]) for one in ready(PLAN, clock=wall_clock)}
    assert stated == {one.address for one in PLAN.residents} | {one.gateway for one in PLAN.networks}


GOOD = f"""\
about: A street
elsewhere: 10.9.99.1
router: {{persona: {PLAN.router}, gateway: 1, at: 2}}
station: {{at: 9}}
networks:
  - name: street
    owner: nobody
    cidr: 10.9.1.0/28
    residents:
      - {{name: door, persona: axis-axis-m3085-v, at: 3}}
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("at: 3", "at: 9", "10.9.1.9 stands there 2 times"),
        ("at: 3", "at: 40", "is no address of 10.9.1.0/28"),
        ("axis-axis-m3085-v", "axis-none", "there is no persona axis-none"),
        ("at: 3", "at: 3, behind: [cellar]", "door has cellar behind it, but nobody is called so"),
        ("at: 3", "at: 3, colour: red", "unknown key colour"),
        ("about: A street\n", "", "is not of the form"),
    ],
)
def test_a_wrong_town_is_told_what_is_wrong(tmp_path: Path, old: str, new: str, said: str) -> None:
    (tmp_path / "street.yaml").write_text(GOOD, encoding="utf-8")
    assert read_town("street", tmp_path).resident("door").address == "10.9.1.3"
    (tmp_path / "street.yaml").write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(PlanError, match=re.escape(said)):
        read_town("street", tmp_path)


def test_a_town_that_is_not_there_is_told_which_are() -> None:
    with pytest.raises(PlanError, match="known are municipality, two-schools"):
        read_town("atlantis")

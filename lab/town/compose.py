"""Write compose.yaml from a town: a container for each device, the router between the networks, the station."""

from pathlib import Path

from lab.emulator import Clock
from lab.town.house import device, mac_of
from lab.town.model import Network, Resident, TownPlan

FILE = Path(__file__).resolve().parent.parent / "compose.yaml"

_HEAD = """\
# Written by `auditor-lab compose {town}` from lab/towns/{town}.yaml. Change that file, not this one.
# {about}.
#
#   docker compose -f lab/compose.yaml up --detach --build
#   docker compose -f lab/compose.yaml exec station auditor scan --scope scope.toml --db audit.sqlite
#   docker compose -f lab/compose.yaml exec station auditor-lab conduct /sensor
#   docker compose -f lab/compose.yaml down --volumes
#
# Nothing is published on the host. The networks have no way out: their gateway is the lab's own router.

x-device: &device
  image: auditor-lab:local
  depends_on: [router]
  user: "65534:65534"
  read_only: true
  tmpfs: ["/tmp:size=1m"]
  cap_drop: [ALL]
  security_opt: ["no-new-privileges:true"]
  sysctls: {{net.ipv4.ip_unprivileged_port_start: "0"}}
  mem_limit: 64m
  pids_limit: 32
  stop_grace_period: 2s
  volumes: ["sensor:/sensor"]
  logging: {{driver: json-file, options: {{max-size: 1m}}}}

services:
  router:
    image: auditor-lab:local
    build:
      context: ..
      dockerfile: lab/image/Dockerfile
      args:
        BASE: ${{AUDITOR_LAB_BASE:-python:3.11-slim-bookworm}}
    # Root until it has taken the gateways' addresses; then it becomes user 65534, who has no capability at all.
    command: [auditor-lab, serve, {town}, router, --journal, /sensor, --then-as, "65534"]
    user: "0:0"
    read_only: true
    tmpfs: ["/tmp:size=1m"]
    cap_drop: [ALL]
    cap_add: [NET_ADMIN, SETGID, SETUID]
    security_opt: ["no-new-privileges:true"]
    sysctls: {{net.ipv4.ip_forward: "1", net.ipv4.ip_unprivileged_port_start: "0"}}
    mem_limit: 64m
    pids_limit: 32
    stop_grace_period: 2s
    volumes: ["sensor:/sensor"]
    networks:
{router_networks}
  station:
    image: auditor-lab:local
    depends_on: [router]
    command: [auditor-lab, station, {town}]
    working_dir: /home/station
    environment: {{HOME: /home/station}}
    user: "65534:65534"
    read_only: true
    tmpfs: ["/tmp:size=64m"]
    # ARP needs NET_RAW, which the image gives to the program `auditor` alone; so new privileges stay possible here.
    cap_drop: [ALL]
    cap_add: [NET_RAW]
    pids_limit: 128
    stop_grace_period: 2s
    volumes: ["sensor:/sensor:ro", "seat:/home/station"]
    networks:
{station_networks}"""
_LEG = "      {name}: {{ipv4_address: {address}}}\n"
_DEVICE = """
  {name}:
    <<: *device
    command: [auditor-lab, serve, {town}, {name}, --journal, /sensor]
    mac_address: "{mac}"
    networks:
      {network}: {{ipv4_address: {address}}}
"""
_NETWORK = """\
  {name}:
    driver: bridge
    driver_opts:
      com.docker.network.bridge.inhibit_ipv4: "true"
      com.docker.network.bridge.enable_ip_masquerade: "false"
    ipam:
      config:
        - {{subnet: {cidr}, gateway: {gateway}}}
"""


def compose_text(plan: TownPlan, *, clock: Clock) -> str:
    """Return the compose file of a town; PlanError when a device has no MAC."""
    pieces = [
        _HEAD.format(
            town=plan.id,
            about=plan.about,
            router_networks="".join(_LEG.format(name=one.name, address=one.router) for one in plan.networks),
            station_networks="".join(
                _LEG.format(name=one.name, address=one.station) for one in plan.networks
            ),
        )
    ]
    for network in plan.networks:
        pieces += [_service(plan, network, one, clock) for one in network.residents]
    pieces.append("\nnetworks:\n")
    pieces += [_NETWORK.format(name=one.name, cidr=one.cidr, gateway=one.gateway) for one in plan.networks]
    pieces.append("\nvolumes:\n  sensor: {}\n  seat: {}\n")
    return "".join(pieces)


def _service(plan: TownPlan, network: Network, resident: Resident, clock: Clock) -> str:
    return _DEVICE.format(
        name=resident.name,
        town=plan.id,
        mac=mac_of(device(plan, resident, clock=clock)),
        network=network.name,
        address=resident.address,
    )

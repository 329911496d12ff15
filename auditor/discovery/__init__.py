"""One file for each way of finding devices that sends something, and the ports worth trying.

A module here offers METHOD, PROTOCOL and `discover(field)`, which yields sightings as they come.
"""

import pkgutil
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType

import yaml

from auditor.resources import fingerprints


@dataclass(frozen=True, slots=True)
class Port:
    """A TCP port that the devices we look for have open. `telling` ones are tried when a network is sampled."""

    number: int
    why: str
    source: str
    telling: bool = False


@cache
def all_methods() -> tuple[ModuleType, ...]:
    """Return every discovery module of this folder, by name."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_"))
    return tuple(import_module(f"{__name__}.{name}") for name in names)


@cache
def default_ports() -> tuple[Port, ...]:
    """Return the ports of fingerprints/ports.yaml in the order in which they are tried."""
    path = fingerprints() / "ports.yaml"
    ports = tuple(Port(**entry) for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["ports"])
    numbers = [port.number for port in ports]
    if len(set(numbers)) != len(numbers) or not all(0 < number < 65_536 for number in numbers):
        raise ValueError(f"{path}: port numbers must be unique and from 1 to 65535")
    return ports


@cache
def printing_ports() -> frozenset[int]:
    """Return the ports to which nothing may be said, found open or named by the device: it would come out on paper."""
    listed = yaml.safe_load((fingerprints() / "ports.yaml").read_text(encoding="utf-8"))["printing"]
    return frozenset(number for one in listed for number in range(one["first"], one["last"] + 1))

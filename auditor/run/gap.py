"""What a register says and what was found, side by side: on paper only, on the network only, and told differently."""

from collections.abc import Iterable
from dataclasses import dataclass

from auditor.intake.register_csv import Entry
from auditor.model import Device

_SHORTEST_SERIAL = 8
"""Characters; labels often print only the end of the serial number the device tells."""
_COMPARED = ("maker", "model", "firmware")


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing the register and the device tell differently."""

    name: str
    on_paper: str
    found: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A register's entry and the device it is, by what they were matched, and what differs."""

    entry: Entry
    device: Device
    by: str
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """The whole comparison."""

    pairs: tuple[Pair, ...]
    only_on_paper: tuple[Entry, ...]
    only_on_network: tuple[Device, ...]


def gap(entries: Iterable[Entry], devices: Iterable[Device]) -> Gap:
    """Match each entry to a device by serial number, else MAC address, else address; each device once."""
    left = {device.key: device for device in devices}
    waiting = list(entries)
    pairs: list[Pair] = []
    for by in ("serial", "mac", "address"):
        still: list[Entry] = []
        for entry in waiting:
            device = next((one for one in left.values() if _is_same(entry, one, by)), None)
            if device is None:
                still.append(entry)
            else:
                del left[device.key]
                pairs.append(Pair(entry, device, by, tuple(_differences(entry, device, by))))
        waiting = still
    pairs.sort(key=lambda pair: pair.entry.row)
    return Gap(tuple(pairs), tuple(waiting), tuple(left.values()))


def _is_same(entry: Entry, device: Device, by: str) -> bool:
    if by == "address":
        return bool(entry.address) and entry.address in {device.address, *device.addresses}
    told = _plain(getattr(entry, by))
    found = _plain(device.identity.value(by) or "")
    if by == "mac":
        return len(told) == 12 and told == found
    return len(told) >= 6 and (told == found or (len(told) >= _SHORTEST_SERIAL and found.endswith(told)))


def _differences(entry: Entry, device: Device, by: str) -> Iterable[Difference]:
    for name in _COMPARED:
        told, found = getattr(entry, name), device.identity.value(name) or ""
        if told and found and _plain(told) not in _plain(found) and _plain(found) not in _plain(told):
            yield Difference(name, told, found)
    if entry.address and by != "address" and entry.address not in {device.address, *device.addresses}:
        yield Difference("address", entry.address, device.address)
    for name in ("serial", "mac"):
        told, found = getattr(entry, name), device.identity.value(name) or ""
        if by == "address" and told and found and not _is_same(entry, device, name):
            yield Difference(name, told, found)


def _plain(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())

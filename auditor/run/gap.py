"""What a register says and what was found, side by side: on paper only, on the network only, and told differently."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from auditor.intake.register_csv import Entry
from auditor.model import Device

_SHORTEST_SERIAL = 6
_SHORTEST_END = 8
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
    listed_again: tuple[Pair, ...] = ()
    """Entries that name a device which another entry names already: listed twice, and not missing."""


def gap(entries: Iterable[Entry], devices: Iterable[Device]) -> Gap:
    """Match each entry to a device by serial number, else MAC address, else address; each device once.

    Time grows with the entries and the devices, not with their product.
    """
    left = {device.key: device for device in devices}
    everybody = tuple(left.values())
    waiting = list(entries)
    pairs: list[Pair] = []
    again: list[Pair] = []
    for by in ("serial", "mac", "address"):
        known = _Known.by(by, everybody, waiting)
        still: list[Entry] = []
        for entry in waiting:
            named = known.named(entry)
            device = next((one for one in named if one.key in left), None)
            if device is not None:
                del left[device.key]
                pairs.append(_pair(entry, device, by))
            elif twice := _again(entry, named, by):
                again.append(twice)
            else:
                still.append(entry)
        waiting = still
    pairs.sort(key=lambda pair: pair.entry.row)
    return Gap(tuple(pairs), tuple(waiting), tuple(left.values()), tuple(again))


@dataclass(slots=True)
class _Known:
    """Devices by one mark, so that an entry finds the device it names without asking all of them."""

    of: Callable[[Entry], tuple[str, ...]]
    whole: dict[str, list[Device]] = field(default_factory=lambda: defaultdict(list))
    ends: dict[str, list[Device]] = field(default_factory=lambda: defaultdict(list))
    """By the end of the mark, where labels print only that."""

    @classmethod
    def by(cls, mark: str, devices: Iterable[Device], entries: Iterable[Entry]) -> "_Known":
        """Gather devices by serial number, MAC address or address."""
        if mark == "address":
            known = cls(lambda entry: tuple(filter(None, (entry.address, *entry.addresses))))
            for device in devices:
                for address in dict.fromkeys((device.address, *device.addresses)):
                    known.whole[address].append(device)
            return known
        known = cls(
            (lambda entry: _serial(entry.serial)) if mark == "serial" else (lambda entry: _mac(entry.mac))
        )
        lengths: set[int] = set()
        if mark == "serial":
            lengths = {len(one) for entry in entries for one in known.of(entry) if len(one) >= _SHORTEST_END}
        for device in devices:
            if said := _plain(device.identity.value(mark) or ""):
                known.whole[said].append(device)
                for length in lengths:
                    if length < len(said):
                        known.ends[said[-length:]].append(device)
        return known

    def named(self, entry: Entry) -> list[Device]:
        """Return the devices that bear an entry's mark; an end of a serial number that several have names nobody."""
        for told in self.of(entry):
            if told in self.whole:
                return self.whole[told]
            if len(self.ends.get(told, ())) == 1:
                return self.ends[told]
        return []


def _serial(text: str) -> tuple[str, ...]:
    told = _plain(text)
    return (told,) if len(told) >= _SHORTEST_SERIAL else ()


def _mac(text: str) -> tuple[str, ...]:
    told = _plain(text)
    return (told,) if len(told) == 12 else ()


def _again(entry: Entry, named: Iterable[Device], by: str) -> Pair | None:
    """Return the pair of an entry with a device that another entry has already, unless a number says it is another one."""
    pairs = (_pair(entry, one, by) for one in named)
    return next(
        (pair for pair in pairs if not {one.name for one in pair.differences} & {"serial", "mac"}), None
    )


def _pair(entry: Entry, device: Device, by: str) -> Pair:
    return Pair(entry, device, by, tuple(_differences(entry, device, by)))


def _is_same(entry: Entry, device: Device, by: str) -> bool:
    """Tell whether an entry and a device bear the same serial number or MAC address."""
    told, found = _plain(getattr(entry, by)), _plain(device.identity.value(by) or "")
    if by == "mac":
        return len(told) == 12 and told == found
    return len(told) >= _SHORTEST_SERIAL and (
        told == found or (len(told) >= _SHORTEST_END and found.endswith(told))
    )


def _differences(entry: Entry, device: Device, by: str) -> Iterator[Difference]:
    for name in _COMPARED:
        told, found = getattr(entry, name), device.identity.value(name) or ""
        if told and found and _plain(told) not in _plain(found) and _plain(found) not in _plain(told):
            yield Difference(name, told, found)
    stated = {entry.address, *entry.addresses} - {""}
    if stated and by != "address" and not stated & {device.address, *device.addresses}:
        yield Difference("address", entry.address, device.address)
    for name in ("serial", "mac"):
        told, found = getattr(entry, name), device.identity.value(name) or ""
        if by == "address" and told and found and not _is_same(entry, device, name):
            yield Difference(name, told, found)


def _plain(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())

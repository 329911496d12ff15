"""What becomes of a town from month to month: devices replaced, moved, switched off and on, added, or left."""

import ipaddress
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lab.town.model import Month, Network, Resident

_RESIDENT = frozenset({"persona", "at", "mac", "behind", "copy"})


def address_in(network: str, cidr: str, number: int) -> str:
    """Return the address with that number in a network; ValueError when it has none."""
    space = ipaddress.IPv4Network(cidr)
    if not 0 < number < space.num_addresses - 1:
        raise ValueError(f"{network}: at {number} is no address of {space}")
    return str(space.network_address + number)


def resident_of(stated: Mapping[str, Any], address: str) -> Resident:
    """Make a resident of what a town file states of it; ValueError for keys that do not exist."""
    if unknown := sorted(set(stated) - _RESIDENT - {"name"}):
        raise ValueError(f"resident {stated.get('name')}: unknown key {', '.join(unknown)}")
    return Resident(
        name=str(stated["name"]),
        persona=str(stated["persona"]),
        address=address,
        mac=str(stated.get("mac", "")),
        behind=tuple(str(one) for one in stated.get("behind", ())),
        copy=int(stated.get("copy", 0)),
    )


def later(networks: tuple[Network, ...], stated: Iterable[Mapping[str, Any]]) -> tuple[Month, ...]:
    """Return the months after the first, each with all networks as they are then.

    Each stated month is a mapping of `about` and `changes`; ValueError says which change cannot be made, and why.
    """
    scene = _Scene({one.name: one for one in networks})
    found = []
    for number, month in enumerate(stated, 2):
        if unknown := sorted(set(month) - {"about", "changes"}):
            raise ValueError(f"month {number}: unknown key {', '.join(unknown)}")
        scene.touched.clear()
        for change in month["changes"]:
            try:
                scene.change(change)
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f"month {number}: {dict(change)}: {error}") from error
        found.append(Month(str(month["about"]), tuple(scene.networks.values())))
    return tuple(found)


@dataclass(slots=True)
class _Scene:
    """The town while it changes."""

    networks: dict[str, Network]
    touched: set[str] = field(default_factory=set)
    """Who was changed, or left on purpose, this month."""

    def change(self, stated: Mapping[str, Any]) -> None:
        """Make one change."""
        verbs = sorted(set(stated) & set(_VERBS))
        if len(verbs) != 1:
            raise ValueError(f"wants exactly one of {', '.join(sorted(_VERBS))}")
        name, act = str(stated[verbs[0]]), _VERBS[verbs[0]]
        if name in self.touched:
            raise ValueError(f"{name} stands twice in this month")
        self.touched.add(name)
        keys, do = act
        rest = {key: value for key, value in stated.items() if key != verbs[0]}
        if unknown := sorted(set(rest) - keys):
            raise ValueError(f"unknown key {', '.join(unknown)}")
        do(self, name, rest)

    def replace(self, name: str, stated: Mapping[str, Any]) -> None:
        """Put another device in the place of one, at its address unless another is stated."""
        where, old = self._of(name)
        self._take_out(where, name)
        address = self._address(where, stated["at"]) if "at" in stated else old.address
        self._put_in(where, resident_of({**stated, "name": name}, address))

    def move(self, name: str, stated: Mapping[str, Any]) -> None:
        """Give a device another address, in another network where one is stated."""
        where, old = self._of(name)
        to = str(stated.get("to", where))
        address = self._address(to, stated["at"])
        self._take_out(where, name)
        self._put_in(to, replace(old, address=address))

    def off(self, name: str, _: Mapping[str, Any]) -> None:
        """Switch a device off; recorders still list it, and it keeps its address for the day it is on again."""
        where, old = self._of(name)
        self._take_out(where, name)
        self.networks[where] = replace(self.networks[where], off=(*self.networks[where].off, old))

    def on(self, name: str, _: Mapping[str, Any]) -> None:
        """Switch a device on again."""
        for where, network in self.networks.items():
            for one in network.off:
                if one.name == name:
                    left = tuple(other for other in network.off if other.name != name)
                    self.networks[where] = replace(network, off=left)
                    self._put_in(where, one)
                    return
        raise ValueError(f"{name} is not switched off")

    def add(self, name: str, stated: Mapping[str, Any]) -> None:
        """Put a further device into a network."""
        homes = self.networks.values()
        if any(name == one.name for network in homes for one in (*network.residents, *network.off)):
            raise ValueError(f"somebody is called {name} already")
        to = str(stated["to"])
        rest = {key: value for key, value in stated.items() if key != "to"}
        self._put_in(to, resident_of({**rest, "name": name}, self._address(to, stated["at"])))

    def leave(self, name: str, _: Mapping[str, Any]) -> None:
        """Say that a device is left as it was, on purpose: for those who read the file, and the check of it."""
        self._of(name)

    def _address(self, network: str, number: object) -> str:
        if network not in self.networks:
            raise ValueError(f"there is no network {network}; known are {', '.join(self.networks)}")
        return address_in(network, self.networks[network].cidr, int(str(number)))

    def _of(self, name: str) -> tuple[str, Resident]:
        for where, network in self.networks.items():
            for one in network.residents:
                if one.name == name:
                    return where, one
        raise ValueError(f"nobody who is switched on is called {name}")

    def _take_out(self, where: str, name: str) -> None:
        here = self.networks[where]
        left = tuple(one for one in here.residents if one.name != name)
        self.networks[where] = replace(here, residents=left)

    def _put_in(self, where: str, resident: Resident) -> None:
        here = self.networks[where]
        self.networks[where] = replace(here, residents=(*here.residents, resident))


_VERBS: Mapping[str, tuple[frozenset[str], Callable[[_Scene, str, Mapping[str, Any]], None]]] = {
    "replace": (_RESIDENT, _Scene.replace),
    "move": (frozenset({"to", "at"}), _Scene.move),
    "switch-off": (frozenset(), _Scene.off),
    "switch-on": (frozenset(), _Scene.on),
    "add": (_RESIDENT | {"to"}, _Scene.add),
    "leave": (frozenset(), _Scene.leave),
}
"""What can happen to a device: the keys each change takes besides its own, and what does it."""

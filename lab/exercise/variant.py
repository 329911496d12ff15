"""Make one variant of an exercise: a seed decides who stands where, and so what the answers are."""

import ipaddress
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from lab.emulator import Clock, Device
from lab.exercise.conditions import holds, may_stand
from lab.exercise.model import Condition, Exercise, ExerciseError, Group, Row
from lab.persona import Persona, all_personas

COPIES = 4000
"""Serial numbers and MACs differ by up to so much between variants."""


@dataclass(frozen=True, slots=True)
class Home:
    """One address of a variant: the device there, the one before it, and who delivered it."""

    device: Device
    before: Device | None = None
    supplier: str = ""


@dataclass(frozen=True, slots=True)
class Variant:
    """One exercise with one seed."""

    exercise: Exercise
    seed: int
    homes: tuple[Home, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """What is true of every device."""
        return tuple(self._row(home) for home in self.homes)

    def _row(self, home: Home) -> Row:
        fields = tuple((name, value) for name, value in home.device.truth.pairs() if value)
        return self.known(Row(home.device.address, fields))

    def known(self, row: Row, *, affected: frozenset[str] | None = None) -> Row:
        """Add to a row what the hand-outs say of its address, and which advisories apply if nobody said."""
        home = next((one for one in self.homes if one.device.address == row.address), None)
        before = home.before.truth.serial if home and home.before else None
        stated = Row(
            row.address, row.fields, affected or frozenset(), home.supplier if home else "", before or ""
        )
        if affected is not None:
            return stated
        found = frozenset(one.id for one in self.exercise.advisories if holds(one.where, stated))
        return Row(stated.address, stated.fields, found, stated.supplier, stated.serial_before)


def elsewhere(network: str) -> str:
    """Return the address nobody has in an exercise on that network, so that several can run side by side."""
    return f"127.99.{network.split('.')[2]}.1"


def variant(exercise: Exercise, seed: int, *, clock: Clock) -> Variant:
    """Choose personas, addresses, copies and suppliers; ExerciseError when too few personas fit."""
    chance = random.Random(f"{exercise.id} {seed}")
    space = list(ipaddress.IPv4Network(exercise.network).hosts())
    wanted = sum(group.take for group in exercise.groups)
    addresses = iter(sorted(chance.sample(space[9:-9], wanted)))
    suppliers = _suppliers(exercise, chance)
    taken: set[str] = set()
    homes: list[tuple[Group, Persona, Persona | None]] = []
    for group in exercise.groups:
        now = _choose(exercise, group.where, group.take, taken, chance)
        before: Sequence[Persona | None] = [None] * group.take
        if group.same_as_before:
            before = now
        elif group.before is not None:
            before = _choose(exercise, group.before, group.take, taken, chance)
        homes += zip([group] * group.take, now, before, strict=True)
    chance.shuffle(homes)
    return Variant(
        exercise,
        seed,
        tuple(
            _home(group, now, old, str(next(addresses)), suppliers, chance, clock)
            for group, now, old in homes
        ),
    )


@cache
def _personas() -> tuple[Persona, ...]:
    """Read the personas once: a class of thirty variants chooses from them hundreds of times."""
    return all_personas()


def _choose(
    exercise: Exercise, condition: Condition, count: int, taken: set[str], chance: random.Random
) -> list[Persona]:
    fitting = [one for one in _personas() if one.id not in taken and may_stand(condition, one)]
    if len(fitting) < count:
        raise ExerciseError(
            f"{exercise.path}: {count} personas are wanted and {len(fitting)} fit {condition}"
        )
    chosen = chance.sample(fitting, count)
    taken.update(one.id for one in chosen)
    return chosen


def _home(
    group: Group,
    now: Persona,
    old: Persona | None,
    address: str,
    suppliers: Sequence[str],
    chance: random.Random,
    clock: Clock,
) -> Home:
    copy = chance.randrange(1, COPIES)
    away = elsewhere(address)
    device = Device(now, address, clock=clock, copy=copy, elsewhere=away)
    before = None
    if old is not None:
        before = (
            device if group.same_as_before else Device(old, address, clock=clock, copy=copy, elsewhere=away)
        )
    supplier = ""
    if suppliers:
        supplier = suppliers[0] if group.own_supplier else chance.choice(suppliers[1:])
    return Home(device, before, supplier)


def _suppliers(exercise: Exercise, chance: random.Random) -> list[str]:
    mixed = list(exercise.suppliers)
    chance.shuffle(mixed)
    return mixed

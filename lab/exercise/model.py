"""The nouns of an exercise: what a trainee is told, asked and scored by."""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class ExerciseError(Exception):
    """An exercise or an answer says something that cannot be; the message names file, place and remedy."""


class Kind(StrEnum):
    """The form of a question's answer."""

    COUNT = "count"
    """A whole number: how many devices match."""
    ADDRESSES = "addresses"
    """A list of addresses: which devices match."""
    VALUE = "value"
    """One text: a field of the one device that matches."""
    TABLE = "table"
    """Fields of every device that matches, by address."""


class Handout(StrEnum):
    """A file that is handed out with the brief."""

    CAPTURE = "capture"
    """capture.pcap: what a workstation and the devices said to each other."""
    BEFORE = "before"
    """before.csv: the inventory made before the replacement."""
    DELIVERY = "delivery"
    """delivery.csv: who was to deliver what, and where."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Which devices are meant. Every stated part must hold; an empty one holds always."""

    makers: frozenset[str] = frozenset()
    brands: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    personas: frozenset[str] = frozenset()
    """Only for choosing who stands in the town."""
    tags: frozenset[str] = frozenset()
    """Only for choosing: the persona has all of them."""
    without_tags: frozenset[str] = frozenset()
    """Only for choosing: the persona has none of them."""
    shows: frozenset[str] = frozenset()
    """Fields the device shows."""
    model: re.Pattern[str] | None = None
    built_before: str = ""
    """ISO date; a device that shows no build date does not meet it."""
    built_from: str = ""
    relabelled: bool | None = None
    """Sold under another name than its maker's."""
    affected: str = ""
    """Id of an advisory of the exercise."""
    unchanged: bool | None = None
    """The serial number is that of the inventory made before."""


@dataclass(frozen=True, slots=True)
class Row:
    """One device as it is, or as a trainee's export says it is."""

    address: str
    fields: tuple[tuple[str, str], ...]
    """Known fields: maker, brand, kind, model, firmware, build_date, serial, mac."""
    affected: frozenset[str] = frozenset()
    supplier: str = ""
    serial_before: str = ""

    def field(self, name: str) -> str:
        """Return a field's value, empty when it is not known."""
        if name in {"address", "supplier"}:
            return str(getattr(self, name))
        return dict(self.fields).get(name, "")


@dataclass(frozen=True, slots=True)
class Advisory:
    """What the exercise says of an advisory, as a condition on devices."""

    id: str
    where: Condition
    source: str


@dataclass(frozen=True, slots=True)
class Group:
    """Homes of one sort: so many personas of a choice, perhaps in the place of others."""

    take: int
    where: Condition
    before: Condition | None = None
    """What stood there before; None: nothing is known of before."""
    same_as_before: bool = False
    """Nobody has replaced the device."""
    own_supplier: bool = False
    """This group's devices come from one supplier that delivers nothing else."""


@dataclass(frozen=True, slots=True)
class Question:
    """One thing a trainee is asked."""

    id: str
    ask: str
    kind: Kind
    points: int
    where: Condition
    fields: tuple[str, ...] = ()
    """Of a table: which fields; of a value: which one."""
    hint: str = ""
    why: str = ""
    """Said with the solution."""


@dataclass(frozen=True, slots=True)
class Exercise:
    """One exercise as its file states it; `id` is the file's name without suffix."""

    id: str
    path: Path
    title: str
    minutes: int
    level: str
    brief: str
    trainer: str
    network: str
    serves: bool
    """The town can be scanned; otherwise only files are handed out."""
    groups: tuple[Group, ...]
    questions: tuple[Question, ...]
    advisories: tuple[Advisory, ...] = ()
    handouts: tuple[Handout, ...] = ()
    suppliers: tuple[str, ...] = ()

"""All the knowledge there is, read once: advisories, restrictions, exposures, priorities, remedies, brands, ages."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path

from auditor import resources
from auditor.knowledge import exposure, lifecycle, priority, records, remediation, restriction
from auditor.knowledge.acceptance import FURTHER
from auditor.knowledge.advisory import Advisory
from auditor.knowledge.document import DataError, read
from auditor.knowledge.exposure import Exposure
from auditor.knowledge.lifecycle import Lifecycle
from auditor.knowledge.policy import Policy, by_name, from_file
from auditor.knowledge.priority import Tree
from auditor.knowledge.remediation import Instruction
from auditor.knowledge.restriction import Restriction


@dataclass(frozen=True, slots=True)
class Brand:
    """Which maker builds what a brand sells, and how sure that is."""

    name: str
    maker: str
    relation: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Age:
    """How old one part of the knowledge is."""

    what: str
    count: int
    as_of: date | None
    note: str = ""


@dataclass(frozen=True, eq=False)
class Book:
    """What assessments are made from."""

    folder: Path
    advisories: tuple[Advisory, ...]
    restrictions: tuple[Restriction, ...]
    exposures: tuple[Exposure, ...]
    lifecycle: Lifecycle
    priorities: Tree
    instructions: tuple[Instruction, ...]
    effects: tuple[tuple[str, str], ...]
    brands: tuple[Brand, ...]
    makers: tuple[tuple[str, str], ...] = ()
    """How the names of makers are written."""
    exploited_checked: date | None = None
    """To which day the list of known exploited faults was checked in full."""

    @cached_property
    def by_maker(self) -> dict[str, tuple[Advisory, ...]]:
        """The advisories that can concern a maker."""
        makers = sorted({maker for record in self.advisories for maker in record.makers})
        return {maker: tuple(one for one in self.advisories if maker in one.makers) for maker in makers}

    @cached_property
    def effect(self) -> dict[str, str]:
        """What an effect means, in plain words."""
        return dict(self.effects)

    def written(self, maker: str) -> str:
        """Return a maker's name as it is written."""
        return dict(self.makers).get(maker, maker)

    def advisory(self, name: str) -> Advisory | None:
        """Return the advisory of that number, None when there is none."""
        return next((one for one in self.advisories if one.id.lower() == name.lower()), None)

    def restriction(self, name: str) -> Restriction | None:
        """Return the instrument of that name, None when there is none."""
        return next((one for one in self.restrictions if one.id.lower() == name.lower()), None)

    @cached_property
    def finding_ids(self) -> frozenset[str]:
        """The ids that findings can have; those of an owner's own rules come on top."""
        records = (self.advisories, self.restrictions, self.exposures)
        return FURTHER | {one.id for some in records for one in some}

    @cached_property
    def compiled(self) -> date:
        """The day of the newest advisory record."""
        return max(one.compiled for one in self.advisories)

    def ages(self) -> tuple[Age, ...]:
        """Say how old each part is; every report prints it."""
        days = [one.compiled for one in self.restrictions if one.compiled]
        exploited = sum(1 for one in self.advisories if one.known_exploited)
        return (
            Age("advisories", len(self.advisories), self.compiled),
            Age("known exploited", exploited, self.exploited_checked, "full list checked to this day"),
            Age("restrictions", len(self.restrictions), max(days, default=None)),
            Age("exposure rules", len(self.exposures), None),
            Age("brands", len(self.brands), None),
        )


def _brands(path: Path) -> tuple[Brand, ...]:
    if not path.is_file():
        return ()
    brands = read(path).node("brands")
    if brands is None:
        return ()
    nodes = ((name, brands.node(name)) for name in brands.values)
    return tuple(
        Brand(name, node.text("maker", "unknown"), node.text("relation", ""), node.text("confidence", ""))
        for name, node in nodes
        if node is not None
    )


def _makers(path: Path) -> tuple[tuple[str, str], ...]:
    """Read how makers are written; the vocabulary itself belongs to the fingerprint room."""
    makers = read(path).node("makers") if path.is_file() else None
    if makers is None:
        return ()
    return tuple((name, str(value)) for name, value in makers.values.items() if isinstance(value, str))


def load(folder: Path) -> Book:
    """Read all knowledge below a folder; raises DataError for the first thing that is wrong."""
    advisories = records.load_all(folder / "advisories")
    effects = read(folder / "effects.yaml").table("effects")
    known = dict(effects)
    for record in advisories:
        if record.effect not in known:
            raise DataError(f"advisories/{record.id}.yaml: effect {record.effect!r} is not in effects.yaml")
    return Book(
        folder=folder,
        advisories=advisories,
        restrictions=restriction.load_all(folder / "restrictions"),
        exposures=exposure.load(folder / "exposures.yaml"),
        lifecycle=lifecycle.load(folder / "lifecycle.yaml"),
        priorities=priority.load(folder / "priorities.yaml"),
        instructions=remediation.load(folder / "remediation.yaml"),
        effects=effects,
        brands=_brands(folder / "brands.yaml"),
        makers=_makers(folder / "vocabulary.yaml"),
        exploited_checked=min(
            (one.exploited_checked for one in advisories if one.exploited_checked), default=None
        ),
    )


@lru_cache(maxsize=1)
def knowledge_book() -> Book:
    """Return the shipped knowledge, read once."""
    return load(resources.fingerprints())


def chosen_policy(name: Path | str, book: Book | None = None) -> Policy:
    """Return a policy from a file, or a shipped one by its name."""
    book = book or knowledge_book()
    known = {one.id: one for one in book.restrictions}
    folder = book.folder / "policies"
    path = Path(name)
    if path.suffix == ".toml" or path.is_file():
        return from_file(path, known, folder, book.finding_ids)
    return by_name(str(name), known, folder)

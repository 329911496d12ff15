"""What the advisories need to know of a device, taken from its claims."""

import re
from dataclasses import dataclass, field
from datetime import date

from auditor.knowledge.firmware import Firmware, firmware, span
from auditor.model import Certainty, Claim, Identity

_LENS = re.compile(r"\(\s*[\d.~-]+\s*mm\s*\)", re.IGNORECASE)
INPUTS = ("maker", "model", "base_model", "firmware", "build_date")
USED = (
    "maker",
    "brand",
    "kind",
    "model",
    "base_model",
    "firmware",
    "build_date",
    "firmware_floor",
    "platform",
    "oem",
)


@dataclass(frozen=True, slots=True)
class Subject:
    """One device as the advisories see it. Hashable: equal devices are judged once."""

    maker: str | None
    brand: str | None
    kind: str | None
    model: str | None
    base_model: str | None
    platform: str | None
    firmware: Firmware
    floor: date | None = None
    relabelled: bool = False
    weak: frozenset[str] = frozenset()
    """Names of claims that are only tentative, or that another answer of the device contradicts."""

    models: tuple[str, ...] = field(init=False, compare=False)
    """Every name the model goes by, the maker's own first."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "models", tuple(name for name in (self.base_model, self.model) if name))


def normal_model(model: str) -> str:
    """Return a model for matching: upper case, no blanks, no lens in brackets; the hardware revision stays."""
    return re.sub(r"\s+", "", _LENS.sub("", model)).upper()


def _weak(identity: Identity) -> frozenset[str]:
    tentative = {claim.name for claim in identity.claims if claim.certainty is Certainty.TENTATIVE}
    disputed = {contradiction.name for contradiction in identity.contradictions}
    return frozenset((tentative | disputed) & set(USED))


def subject(identity: Identity) -> Subject:
    """Return what an identity says to the advisories."""
    values = {claim.name: claim.value for claim in identity.claims if claim.name in USED}
    maker, brand = values.get("maker"), values.get("brand")
    floor = span(values.get("firmware_floor"))
    model, base = values.get("model"), values.get("base_model")
    return Subject(
        maker=maker,
        brand=brand,
        kind=values.get("kind"),
        model=normal_model(model) if model else None,
        base_model=normal_model(base) if base else None,
        platform=values.get("platform"),
        firmware=firmware(values.get("firmware"), values.get("build_date")),
        floor=floor.first if floor else None,
        relabelled=(brand is not None and brand != maker) or (brand is None and values.get("oem") == "yes"),
        weak=_weak(identity),
    )


def evidence(identity: Identity, names: tuple[str, ...] = USED) -> tuple[Claim, ...]:
    """Return the claims of those names that are held, in that order."""
    held = {claim.name: claim for claim in reversed(identity.claims)}
    return tuple(held[name] for name in names if name in held)


def weakest(claims: tuple[Claim, ...]) -> Certainty:
    """Return the lowest certainty among claims; tentative when there are none."""
    return min(
        (claim.certainty for claim in claims),
        key=lambda certainty: certainty.rank,
        default=Certainty.TENTATIVE,
    )

"""What we hold to be true of a device, how surely, and because of what."""

from dataclasses import dataclass
from enum import StrEnum

from auditor.model.conversation import Observation


class Certainty(StrEnum):
    """How sure a claim is. Ordered by `rank`."""

    CERTAIN = "certain"
    FIRM = "firm"
    TENTATIVE = "tentative"

    @property
    def rank(self) -> int:
        """3 for certain, 2 for firm, 1 for tentative."""
        return _RANKS[self]


_RANKS = {Certainty.CERTAIN: 3, Certainty.FIRM: 2, Certainty.TENTATIVE: 1}


class Kind(StrEnum):
    """What a device is for."""

    CAMERA = "camera"
    NVR = "nvr"
    DVR = "dvr"
    ENCODER = "encoder"
    INTERCOM = "intercom"
    ACCESS_CONTROL = "access-control"
    SWITCH = "switch"
    ROUTER = "router"
    PLATFORM = "platform"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Match:
    """A rule held for an observation. `claims` are (claim name, value) pairs, values normalised."""

    rule: str
    observation: Observation
    claims: tuple[tuple[str, str], ...]
    certainty: Certainty
    nursery: bool = False
    """The rule rests on hearsay and can only claim tentatively."""
    source: str = ""
    doubtful: bool = False
    """It is not sure that the device itself said this."""

    @property
    def is_weak(self) -> bool:
        """Whether it adds nothing to what others say: hearsay, or of doubtful origin."""
        return self.nursery or self.doubtful


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing we hold to be true of a device, and why."""

    name: str
    value: str
    certainty: Certainty
    because: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two answers of one device that cannot both be true; the weaker is kept, not dropped."""

    name: str
    held: Claim
    against: Claim


@dataclass(frozen=True, slots=True)
class Identity:
    """Everything claimed of one device. Absent claims are None: not known, not "no"."""

    device: str
    claims: tuple[Claim, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()

    def claim(self, name: str) -> Claim | None:
        """Return the claim of that name, or None when nothing is held."""
        for claim in self.claims:  # a plain loop: it is asked for a million times in a large report
            if claim.name == name:
                return claim
        return None

    def value(self, name: str) -> str | None:
        """Return the value claimed under that name, or None when nothing is held."""
        found = self.claim(name)
        return found.value if found else None

    def sure(self, name: str) -> str:
        """Return the value claimed under that name more than tentatively, "" where there is none."""
        found = self.claim(name)
        return found.value if found and found.certainty is not Certainty.TENTATIVE else ""

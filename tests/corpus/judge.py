"""What is claimed of a recorded device against what it is: right, wrong or missed, and by which rules."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from auditor.model import Certainty, Identity
from auditor.run.again import known_from
from tests.corpus.replies import Recorded, Want

OURS = frozenset({"hikvision", "dahua", "huawei"})
VIDEO = frozenset({"camera", "nvr", "dvr", "recorder", "intercom"})
_NOBODY = frozenset({"", "none"})
"""A true maker the answer key does not have: not known, or no maker of video devices."""


class Verdict(StrEnum):
    """What became of one thing that could be claimed."""

    RIGHT = "right"
    WRONG = "wrong"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Judgement:
    """One thing that could be claimed of a device, and what was."""

    field: str
    """`maker` of the three makers' devices, `alarm`, `hint` and `named` of all others, and each claim shown."""
    verdict: Verdict
    wanted: str
    claimed: str
    rules: tuple[str, ...] = ()
    """The rules that the claim rests on, strongest first."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A recorded device, who it is taken for, and how right that is."""

    want: Want
    identity: Identity
    judgements: tuple[Judgement, ...]

    @property
    def is_ours(self) -> bool:
        """Whether one of the three makers built it, and it is a video device."""
        return self.want.maker in OURS and self.want.is_video

    @property
    def certainty(self) -> Certainty | None:
        """How surely its maker is named; None where none is."""
        held = self.identity.claim("maker")
        return held.certainty if held else None

    @property
    def is_named_rightly(self) -> bool | None:
        """Whether the maker claimed is the true one; None where none is claimed, or nobody knows who made it."""
        claimed = self.identity.value("maker")
        if claimed is None:
            return None
        if claimed in OURS or self.is_ours:
            return not any(
                one.field in {"maker", "alarm", "hint"} and one.verdict is Verdict.WRONG
                for one in self.judgements
            )
        return None if self.want.true_maker in _NOBODY else claimed == self.want.true_maker


def judged(recorded: Recorded) -> Judged:
    """Identify a recorded device as `auditor identify --transcript` does, and judge what is claimed."""
    want = recorded.want
    known = known_from(want.device, recorded.exchanges)
    found = [part.identity for part in known.parts if part.identity.device == want.device]
    identity = found[-1] if found else Identity(want.device)
    if want.maker in OURS and want.is_video:
        return Judged(want, identity, (_maker(want, identity), *_shown(want, identity)))
    return Judged(want, identity, tuple(_other(want, identity)))


def _maker(want: Want, identity: Identity) -> Judgement:
    return _judgement("maker", want.maker, identity, "maker", is_right=identity.value("maker") == want.maker)


def _shown(want: Want, identity: Identity) -> Iterable[Judgement]:
    for name, wanted in want.shown:
        claimed = identity.value(name) or ""
        yield _judgement(name, wanted, identity, name, is_right=is_same(name, wanted, claimed))


def _other(want: Want, identity: Identity) -> Iterable[Judgement]:
    """Judge what is claimed of a device that is none of the three makers' video devices."""
    maker = identity.value("maker")
    is_theirs = maker == want.maker and (identity.value("kind") or "other") not in VIDEO
    is_wrong = maker in OURS and not is_theirs
    held = identity.claim("maker")
    is_hint = is_wrong and held is not None and held.certainty is Certainty.TENTATIVE
    truth = want.true_maker or want.maker
    field = "hint" if is_hint else "alarm"
    yield Judgement(
        field, Verdict.WRONG if is_wrong else Verdict.RIGHT, truth, maker or "", rules_of(identity)
    )
    if want.true_maker not in _NOBODY:
        yield _judgement("named", want.true_maker, identity, "maker", is_right=maker == want.true_maker)


def _judgement(field: str, wanted: str, identity: Identity, name: str, *, is_right: bool) -> Judgement:
    claimed = identity.value(name) or ""
    verdict = Verdict.MISSED if not claimed else Verdict.RIGHT if is_right else Verdict.WRONG
    return Judgement(field, verdict, wanted, claimed, rules_of(identity, name))


def rules_of(identity: Identity, name: str = "maker") -> tuple[str, ...]:
    """Return the rules that a claim rests on."""
    held = identity.claim(name)
    return tuple(dict.fromkeys(match.rule for match in held.because)) if held else ()


def is_same(name: str, wanted: str, claimed: str) -> bool:
    """Compare a claim with the answer key: without case, a MAC address by its digits, a firmware without its V."""
    return _normal(name, wanted) == _normal(name, claimed)


def _normal(name: str, text: str) -> str:
    text = text.strip().lower()
    if name == "mac":
        return re.sub(r"[^0-9a-f]", "", text)
    return text.removeprefix("v") if name == "firmware" else text

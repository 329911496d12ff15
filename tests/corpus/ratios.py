"""Try likelihood ratios in place of the words certain, firm and tentative, on the recorded replies at hand.

usage: python -m tests.corpus.ratios [FOLDER]

For each rule that claims one of the three makers: how often it holds for devices of that maker and of all others, each
count with half a device added, and the ratio of the two shares. Ratios of one witness are not multiplied: the largest
counts. A device's odds for a maker are the maker's share among the recorded devices times the ratios. Every device is
weighed by ratios learnt without it and without the replies of the same source. Nothing of this is part of the program.
"""

import math
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from auditor import probes
from auditor.fingerprint import rules
from auditor.fingerprint.identify import findings
from tests.corpus.judge import OURS, Judged, judged
from tests.corpus.replies import FOLDER, Recorded, corpora

ADDED = 0.5
ENOUGH = math.log(199)
"""Odds at which one claim in 200 is wrong."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A recorded device: its true maker (empty for none of the three), and the rules that held, as (maker, witness, id)."""

    name: str
    source: str
    maker: str
    held: frozenset[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of the makers named at the odds that are enough: right and wrong; and of those named at better than even odds."""

    right: int
    wrong: int
    likely_right: int
    likely_wrong: int


def labelled(devices: Iterable[Recorded]) -> tuple[Labelled, ...]:
    """Return each device with the rules that hold for it, whatever certainty they state."""
    found = []
    for one in devices:
        seen = [told for exchange in one.exchanges for told in probes.read(exchange)]
        held = {
            (value, hit.rule.witness, hit.rule.id)
            for hit in findings(seen, rules())
            for name, value in hit.match.claims
            if name == "maker" and value in OURS
        }
        is_theirs = one.want.maker in OURS
        source = one.want.source or one.want.device
        found.append(Labelled(one.want.device, source, one.want.maker if is_theirs else "", frozenset(held)))
    return tuple(found)


def log_odds(one: Labelled, maker: str, others: Sequence[Labelled]) -> float:
    """Return the logarithm of the odds that a device is of a maker, learnt from other devices."""
    theirs = [other for other in others if other.maker == maker]
    rest = [other for other in others if other.maker != maker]
    best: dict[str, float] = {}
    for sign in one.held:
        if sign[0] == maker:
            ratio = _share(sign, theirs) / _share(sign, rest)
            best[sign[1]] = max(best.get(sign[1], -math.inf), math.log(ratio))
    return math.log((len(theirs) + ADDED) / (len(rest) + ADDED)) + sum(best.values()) if best else -math.inf


def _share(sign: tuple[str, str, str], devices: Sequence[Labelled]) -> float:
    return (sum(sign in one.held for one in devices) + ADDED) / (len(devices) + 2 * ADDED)


def outcome(devices: Sequence[Labelled]) -> Outcome:
    """Weigh each device by what the others of other sources teach, and count."""
    named = _named(devices)
    enough, likely = ([is_right for odds, is_right in named if odds >= least] for least in (ENOUGH, 0.0))
    return Outcome(enough.count(True), enough.count(False), likely.count(True), likely.count(False))


def in_hindsight(devices: Sequence[Labelled]) -> int:
    """Count the makers named rightly above the odds of every wrong one: the best limit, known only afterwards."""
    named = _named(devices)
    limit = max((odds for odds, is_right in named if not is_right), default=0.0)
    return sum(is_right for odds, is_right in named if odds > limit)


def _named(devices: Sequence[Labelled]) -> list[tuple[float, bool]]:
    """Return for each device named at better than even odds the logarithm of the odds, and whether that is its maker."""
    found = []
    for one in devices:
        others = [other for other in devices if other.source != one.source]
        odds = {maker: log_odds(one, maker, others) for maker in sorted(OURS)}
        named = max(odds, key=lambda maker: odds[maker])
        if odds[named] > 0:
            found.append((odds[named], named == one.maker))
    return found


def words(devices: Sequence[Judged]) -> Outcome:
    """Count the same of what the words say: firm or certain, and any."""
    sure = [one for one in devices if one.certainty is not None and one.certainty != "tentative"]
    return Outcome(*_told(sure), *_told(devices))


def _told(devices: Sequence[Judged]) -> tuple[int, int]:
    claimed = [one for one in devices if one.identity.value("maker") in OURS]
    return sum(one.is_named_rightly is True for one in claimed), sum(
        one.is_named_rightly is False for one in claimed
    )


def seldom(devices: Sequence[Labelled], fewer_than: int = 3) -> tuple[int, int]:
    """Return how many rules claim one of the three makers, and how many of them hold for fewer devices than that."""
    held = Counter(sign[2] for one in devices for sign in one.held)
    known = [
        rule.id
        for rule in rules().rules
        if any(name == "maker" and value in OURS for name, value in rule.claims)
    ]
    return len(known), sum(held[name] < fewer_than for name in known)


def main(arguments: Sequence[str]) -> int:
    """Print both outcomes side by side."""
    recorded = [
        device for one in corpora(Path(arguments[0]) if arguments else FOLDER) for device in one.devices
    ]
    if not recorded:
        sys.stderr.write("no recorded replies at hand\n")
        return 0
    devices = labelled(recorded)
    known, few = seldom(devices)
    sys.stdout.write(f"ratios with the best limit in hindsight: {in_hindsight(devices)} right, 0 wrong\n")
    sys.stdout.write(
        f"rules that claim one of the three: {known}; held for fewer than three devices: {few}\n"
    )
    for name, result in (("ratios", outcome(devices)), ("words", words([judged(one) for one in recorded]))):
        sys.stdout.write(
            f"{name:8} sure: {result.right} right, {result.wrong} wrong; "
            f"named at all: {result.likely_right} right, {result.likely_wrong} wrong\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

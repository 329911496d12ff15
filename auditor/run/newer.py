"""What a device says anew outdates what it said before: of things that change, the newer run's word counts."""

from collections.abc import Iterable, Mapping

from auditor.model import Certainty, Claim, Identity, Observation

CHANGING = frozenset(
    {
        "firmware", "build_date", "web_version", "web_build_date", "device_name", "activated", "cloud_link",
        "base_firmware",
    }
)  # fmt: skip
"""Claims that an update or a setting changes; who made a device and which one it is does not change."""


def outdated(identity: Identity, order: Mapping[str, int]) -> frozenset[Observation]:
    """Return the observations behind older values of changing claims, where a newer run told another value firmly.

    `order` gives for each exchange the place of its run, oldest first.
    """
    old: set[Observation] = set()
    for name in CHANGING:
        told = [one for one in (identity.claim(name),) if one]
        told += [one.against for one in identity.contradictions if one.name == name]
        firm = [one for one in told if one.certainty is not Certainty.TENTATIVE]
        newest = max((_run(one, order) for one in firm), default=-1)
        for claim in told:
            if _run(claim, order) < newest:
                old.update(match.observation for match in claim.because)
    return frozenset(old)


def _run(claim: Claim, order: Mapping[str, int]) -> int:
    return max((order.get(match.observation.exchange.id, 0) for match in claim.because), default=-1)


def without(observations: Iterable[Observation], old: frozenset[Observation]) -> tuple[Observation, ...]:
    """Return the observations that are not outdated: what is derived from an outdated one was never among them."""
    gone = {(one.exchange.id, one.field, one.value) for one in old}
    said = {(one.exchange.id, one.value) for one in old if one.field.startswith("claim.")}
    return tuple(
        one
        for one in observations
        if (one.exchange.id, one.field, one.value) not in gone and (one.exchange.id, one.value) not in said
    )

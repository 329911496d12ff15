"""Where one finding says different things of different models: what all have in common, and each group's own part."""

from collections.abc import Iterable

from auditor.model import Device, Finding, Verdict
from auditor.reporting.context import Words
from auditor.reporting.texts import Texts
from auditor.reporting.values import Group

_MOST_GROUPS = 12
_MOST_MODELS = 8
Facts = tuple[tuple[str, str], ...]


def shared_facts(pairs: Iterable[tuple[Device, Finding]], texts: Texts) -> Facts:
    """Return the facts that hold for all of these devices; what is about one device alone is left to its section."""
    listed = [finding.facts for _, finding in pairs]
    if not listed:
        return ()
    if len(listed) == 1:
        return listed[0]
    common = set(listed[0]).intersection(*listed[1:])
    return tuple(one for one in listed[0] if one in common and one[0] not in texts.own_facts)


def shared_remedy(pairs: Iterable[tuple[Device, Finding]]) -> str:
    """Return what is to be done where it is the same for all of these devices, "" where it differs."""
    remedies = {finding.remedy for _, finding in pairs}
    return remedies.pop() if len(remedies) == 1 else ""


def groups(
    pairs: Iterable[tuple[Device, Finding]], words: Words, texts: Texts
) -> tuple[tuple[Group, ...], int]:
    """Return the groups of devices of which the same is said, largest first, and how many devices are in the rest.

    Nothing where all devices are told the same: then there is nothing to tell apart.
    """
    pairs = tuple(pairs)
    common, remedy = set(shared_facts(pairs, texts)), shared_remedy(pairs)
    found: dict[tuple[str, Facts], list[tuple[Device, Finding]]] = {}
    for device, finding in pairs:
        rest = tuple(one for one in finding.facts if one not in common and one[0] not in texts.own_facts)
        own = "" if remedy else finding.remedy
        found.setdefault((own, rest), []).append((device, finding))
    if len(found) < 2:
        return (), 0
    ranked = sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    shown = tuple(_group(own, rest, members, words, texts) for (own, rest), members in ranked[:_MOST_GROUPS])
    return shown, sum(len(members) for _, members in ranked[_MOST_GROUPS:])


def _group(
    remedy: str, facts: Facts, members: list[tuple[Device, Finding]], words: Words, texts: Texts
) -> Group:
    counts: dict[str, int] = {}
    for device, _ in members:
        name = model_of(device, words, texts)
        counts[name] = counts.get(name, 0) + 1
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    verdicts = [finding.verdict for _, finding in members]
    return Group(
        tuple(ranked[:_MOST_MODELS]),
        sum(count for _, count in ranked[_MOST_MODELS:]),
        verdicts.count(Verdict.AFFECTED),
        verdicts.count(Verdict.POSSIBLY_AFFECTED),
        verdicts.count(Verdict.NOT_ASSESSED),
        remedy,
        facts,
    )


def model_of(device: Device, words: Words, texts: Texts) -> str:
    """Return what devices like this one are called: label and model, as much of it as is known."""
    identity = device.identity
    brand, maker, kind = (identity.value(name) for name in ("brand", "maker", "kind"))
    label = words.brand(brand) if brand else words.maker(maker) if maker else ""
    model = identity.value("model") or (texts.label("kind_short", kind) if kind else "")
    return " ".join(part for part in (label, model) if part) or texts.label("unknown", "device")

"""What is not known of a device, and why: the one set that the first page counts, by device and by reason."""

from collections import Counter
from collections.abc import Iterable, Iterator

from auditor.model import Device, Verdict
from auditor.reporting.accounts import account_question, account_reasons
from auditor.reporting.texts import Texts
from auditor.reporting.values import Gap

Question = tuple[str, str]
"""(name in the label group `gap`, the one fact that would settle it, "" where the name says all)."""

_FIRST = (
    "disputed-maker", "not-judged", "no-maker", "no-firmware", "settings-unread", "settings-partly", "unanswered",
)  # fmt: skip


def questions(device: Device, texts: Texts, *, assessed: bool) -> frozenset[Question]:
    """Return what could not be said of a device; nothing where it was assessed in full."""
    return frozenset(_questions(device, texts, assessed=assessed))


def _questions(device: Device, texts: Texts, *, assessed: bool) -> Iterator[Question]:
    if _is_disputed(device, texts):
        yield "disputed-maker", ""
    if not assessed:
        yield "not-judged", ""
    if _is_ours(device, texts) and device.identity.value("firmware") is None:
        yield "no-firmware", ""
    if asked := account_question(device):
        yield asked, ""
    if device.identity.value("maker") is None:
        yield "no-maker", ""
        return  # everything else that is open follows from this
    for finding in device.findings:
        if finding.settles and finding.verdict is not Verdict.NOT_AFFECTED:
            yield "unsettled", finding.settles
        elif finding.verdict is Verdict.NOT_ASSESSED:
            yield "unanswered", ""


def unknown(devices: Iterable[Device], texts: Texts, *, assessed: bool) -> tuple[int, tuple[Gap, ...]]:
    """Return how many devices could not be assessed in full, and for each reason at how many of these it stands.

    A device may stand under several reasons. Single facts that are missing come last, the most frequent first.
    """
    given = tuple(devices)
    open_ = [found for device in given if (found := questions(device, texts, assessed=assessed))]
    counts = Counter(one for found in open_ for one in found)
    reasons = account_reasons(given, texts)
    first = [
        Gap(name, counts[name, ""], "devices", reasons if name == "settings-unread" else "")
        for name in _FIRST
        if counts[name, ""]
    ]
    lacking = sorted(
        ((settles, count) for (name, settles), count in counts.items() if name == "unsettled"),
        key=lambda pair: (-pair[1], pair[0]),
    )
    return len(open_), (*first, *(Gap("unsettled", count, "devices", settles) for settles, count in lacking))


def _is_disputed(device: Device, texts: Texts) -> bool:
    """Tell whether an answer names one of the audited makers, while the device is held to be of none of them."""
    told = {one.against.value for one in device.identity.contradictions if one.name == "maker"}
    return not _is_ours(device, texts) and bool(told & set(texts.audited_makers))


def _is_ours(device: Device, texts: Texts) -> bool:
    return device.identity.value("maker") in texts.audited_makers

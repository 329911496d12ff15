"""What any tool says of a device: names of makers or labels, counted against what the device is."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from auditor.fingerprint import vocabulary
from auditor.model import Exchange
from tests.corpus.judge import OURS
from tests.corpus.replies import Recorded


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool, its version, what it looks at, and how it reads one recorded exchange."""

    name: str
    version: str
    source: str
    """Repositories from which replies in the corpus were taken that are this tool's own examples."""
    reads: Callable[[Exchange], Iterable[str] | None]
    """The vendors it names; None where its data is not about this kind of reply."""


def slugs(texts: Iterable[str]) -> set[str]:
    """Return makers and brands of the vocabulary that texts such as `Hikvision IP camera httpd` name."""
    words = vocabulary()
    names = {words.maker(slug).casefold(): slug for slug in words.known("makers")}
    names |= {words.brand(slug).casefold(): words.brand_slug(slug) for slug in words.known("brands")}
    found = set()
    for text in texts:
        label = " ".join(text.casefold().split())
        if label in names:
            found.add(names[label])
            continue
        found |= {slug for name, slug in names.items() if label.startswith(name + " ")}
        found |= {slug for slug in OURS if slug in label}
    return found


def counts(tool: Tool, devices: Sequence[Recorded]) -> dict[str, int]:
    """Count what a tool says of the devices whose replies are not its own examples.

    `right`, `label` (only the name on the label), `wrong`, `silent` and `unread` (no data for such a reply) are of the
    three makers' video devices; `alarms`, `named` and `others` of everything else.
    """
    counted: Counter[str] = Counter()
    for one in devices:
        if tool.source and one.want.source == tool.source:
            counted["own_examples"] += 1
            continue
        heard = [tool.reads(exchange) for exchange in one.exchanges]
        named = slugs(text for said in heard if said is not None for text in said)
        is_read = any(said is not None for said in heard)
        counted.update(
            _about_ours(one, named, is_read=is_read) if _is_ours(one) else _about_others(one, named)
        )
    keys = ("right", "label", "wrong", "silent", "unread", "alarms", "named", "others", "own_examples")
    return {key: counted[key] for key in keys}


def _is_ours(one: Recorded) -> bool:
    return one.want.maker in OURS and one.want.is_video


def _about_ours(one: Recorded, named: set[str], *, is_read: bool) -> Iterable[str]:
    label = vocabulary().brand_slug(dict(one.want.shown).get("brand", ""))
    if one.want.maker in named:
        yield "right"
    elif label and label in named:
        yield "label"
    elif named:
        yield "wrong"
    else:
        yield "silent" if is_read else "unread"


def _about_others(one: Recorded, named: set[str]) -> Iterable[str]:
    yield "others"
    if named & OURS - {one.want.maker}:
        yield "alarms"
    if one.want.true_maker and one.want.true_maker in named:
        yield "named"

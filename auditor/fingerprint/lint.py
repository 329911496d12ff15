"""The checks every rule must pass, for `auditor fingerprints lint` and for the tests alike."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from auditor import resources
from auditor.fingerprint.engine import hold
from auditor.fingerprint.lint_patterns import slow_texts
from auditor.fingerprint.load import raw_rules, read_folder, read_vendor
from auditor.fingerprint.origins import origins
from auditor.fingerprint.rule import (
    PAGE_FIELDS,
    Condition,
    DataError,
    Example,
    Rule,
    RuleBook,
    Vendor,
    book_of,
    compiled,
)
from auditor.fingerprint.vocabulary import vocabulary
from auditor.model import Certainty, Endpoint, Exchange, Observation, Protocol, Status

_ORDER = (
    "id",
    "field",
    "pattern",
    "needs",
    "unanchored",
    "with",
    "without",
    "claims",
    "certainty",
    "sole",
    "searched",
    "origin",
    "group",
    "denies",
    "source",
    "examples",
    "not",
)


def lint(path: Path | None = None) -> list[str]:
    """Return what is wrong with a vendor file, or with all of a fingerprints folder; empty when all is well.

    Each complaint names the file, the rule, what is wrong and what to do.
    """
    target = path or resources.fingerprints()
    try:
        shipped = read_folder(resources.fingerprints())
        vendors = (read_vendor(target),) if target.is_file() else read_folder(target).vendors
    except DataError as error:
        return [str(error)]
    others = tuple(vendor for vendor in shipped.vendors if vendor.path not in {one.path for one in vendors})
    book = book_of(others + vendors)
    try:
        return [complaint for vendor in vendors for complaint in _vendor(vendor, book)]
    except DataError as error:
        return [str(error)]


def _vendor(vendor: Vendor, book: RuleBook) -> Iterator[str]:
    ids = [rule.id for rule in vendor.rules]
    for first, second in pairwise(ids):
        if second <= first:
            yield f"{vendor.path}: rule {second}: put it before {first}; rules are sorted by id and named once"
    if vendor.maker and vendor.maker not in vocabulary().known("makers"):
        yield f"{vendor.path}: maker {vendor.maker!r} is not in vocabulary.yaml; add it under `makers:`"
    for item in raw_rules(vendor.path):
        keys = [key for key in _ORDER if key in item]
        if list(item) != keys:
            yield f"{vendor.path}: rule {item['id']}: write the keys in this order: {', '.join(keys)}"
    for rule in vendor.rules:
        for complaint in _rule(rule, book):
            yield f"{vendor.path}: rule {rule.id}: {complaint}"


def _rule(rule: Rule, book: RuleBook) -> Iterator[str]:
    yield from _words(rule)
    yield from _form(rule)
    yield from _examples(rule)
    yield from _nots(rule)
    yield from _strangers(rule, book)
    for text, seconds in slow_texts(rule):
        yield f"takes {seconds:.2f} s on {text}; make the pattern simpler"


def _words(rule: Rule) -> Iterator[str]:
    words = vocabulary()
    for condition in (rule.condition, *rule.beside, *rule.without):
        for name in condition.fields:
            if not _known_field(name):
                yield f"field {name!r} is not in vocabulary.yaml; correct it or add it under `fields:`"
    for name, value in rule.claims:
        if name not in words.known("claims"):
            yield f"claims {name!r}, which is not in vocabulary.yaml; known are {sorted(words.known('claims'))}"
        part = {"maker": "makers", "brand": "brands", "kind": "kinds"}.get(name)
        if part and "{" not in value and value not in words.known(part):
            yield f"{name} {value!r} is not in vocabulary.yaml; correct it or add it under `{part}:`"
    for slug in rule.denies:
        if slug not in words.known("makers"):
            yield f"denies {slug!r}, which is no maker in vocabulary.yaml"


def _known_field(name: str) -> bool:
    if name.startswith("claim."):
        return name.removeprefix("claim.") in vocabulary().known("claims")
    return name == "mac.registrant" or bool(vocabulary().meaning(name))


def _form(rule: Rule) -> Iterator[str]:
    bare = rule.condition.pattern.removeprefix("(?i)").removeprefix("(?s)")
    if not bare.startswith("^") and not rule.unanchored:
        yield "the pattern does not begin with ^; anchor it or say why not in `unanchored:`"
    if rule.nursery and rule.certainty is not Certainty.TENTATIVE:
        yield "a nursery rule can only be tentative; set `certainty: tentative`"
    if rule.sole and not any(name == "maker" for name, _ in rule.claims):
        yield "`sole` is about the maker, and the rule claims none; remove it"
    yield from _shared(rule)
    is_free = "http.title" in rule.condition.fields and not (rule.sole or rule.beside or bare.endswith("$"))
    if is_free and rule.certainty is not Certainty.TENTATIVE:
        yield "reads the beginning of a title, behind which anybody may write anything; end the pattern with $ or make it tentative"
    if not rule.source.strip():
        yield "has an empty source; say who reports this sign"
    pages = any(name.startswith(PAGE_FIELDS[0]) for name in rule.condition.fields)
    if pages and not rule.condition.needs and not bare.startswith("^"):
        yield "looks through whole pages; add `needs:` with a literal that every match contains"


def _shared(rule: Rule) -> Iterator[str]:
    """Find texts of others taken for the maker's own."""
    names_a_maker = any(name == "maker" for name, _ in rule.claims)
    is_sure = names_a_maker and rule.certainty is not Certainty.TENTATIVE
    if rule.sole and not rule.searched:
        yield "says in `sole` that nobody else gives this; say in `searched` when that was looked for, and what was found"
    elif is_sure and not rule.searched:
        yield "claims a maker more than tentatively; look for products of others that give the sign, and say in `searched` when and what was found"
    if not rule.origin:
        return
    if rule.origin not in origins():
        yield f"origin {rule.origin!r} is not in origins.yaml; correct it or describe it there"
    if names_a_maker and (rule.sole or is_sure):
        yield "its text comes from what others use too, so it can only be tentative about the maker"


def _examples(rule: Rule) -> Iterator[str]:
    if not rule.examples:
        yield "has no example; add a text it must read"
    asserted: set[str] = set()
    for example in rule.examples:
        asserted |= {name for name, _ in example.values}
        found = _read(rule, example)
        if found is None:
            yield f"does not read its example {example.text!r}; correct the pattern or the example"
        elif found != dict(example.values):
            yield f"reads {found} from {example.text!r}, and the example says {dict(example.values)}"
    known = vocabulary().known("claims")
    grouped = {
        name for condition in (rule.condition, *rule.beside) for name in _groups(condition) if name in known
    }
    for name in sorted(grouped | {name for name, value in rule.claims if "{" in value}):
        if name not in asserted:
            yield f"no example says which {name} comes out; add it to one"


def _groups(condition: Condition) -> tuple[str, ...]:
    return tuple(compiled(condition.pattern).groupindex)


def _read(rule: Rule, example: Example) -> dict[str, str] | None:
    """Return the values that come out of an example, without the constants the rule states."""
    heard = heard_in(rule, example)
    found = hold(rule, heard[0], heard)
    if found is None:
        return None
    constants = {name for name, value in rule.claims if "{" not in value}
    return {name: value for name, value in found.match.claims if name not in constants}


def heard_in(rule: Rule, example: Example) -> tuple[Observation, ...]:
    """Return an example as the observations of one exchange, its own field first."""
    name = example.field or rule.condition.fields[0].replace("*", "example")
    exchange = Exchange(
        device="example",
        probe="example",
        protocol=Protocol.OBSERVED,
        endpoint=Endpoint("192.0.2.1", 80),
        request=b"",
        reply=b"",
        status=Status.ANSWERED,
        source=rule.id,
    )
    beside = tuple(Observation(field, text, exchange) for field, text in example.beside)
    return (Observation(name, example.text, exchange), *beside)


def _nots(rule: Rule) -> Iterator[str]:
    if not rule.nots and rule.condition.pattern != "^":
        yield "has no `not:`; add a text that looks alike and must not be read"
    for text in rule.nots:
        if rule.condition.found(text) is not None:
            yield f"reads {text!r}, which `not:` forbids"


def _strangers(rule: Rule, book: RuleBook) -> Iterator[str]:
    """Find rules of other makers that claim a maker from this rule's examples."""
    for example in rule.examples:
        heard = heard_in(rule, example)
        for observation in heard:
            for other in book.about(observation.field):
                if not other.maker or not rule.maker or other.maker == rule.maker:
                    continue
                found = hold(other, observation, heard)
                if found and any(name == "maker" for name, _ in found.match.claims):
                    yield f"its example {example.text!r} is also read by {other.id} of another maker"

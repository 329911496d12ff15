"""Reading fingerprints/vendors and fingerprints/nursery, strictly: what is not understood is refused."""

import hashlib
import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path

import yaml

from auditor import resources, saved_text
from auditor.fingerprint.data_file import entries
from auditor.fingerprint.rule import Condition, DataError, Example, Rule, RuleBook, Search, Vendor, book_of
from auditor.model import Certainty

_VENDOR_KEYS = frozenset({"vendor", "maker", "also_sold_as", "note", "rules"})
_RULE_KEYS = frozenset(
    {
        "id",
        "field",
        "pattern",
        "needs",
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
        "unanchored",
        "examples",
        "not",
    }
)
_SEARCH_KEYS = frozenset({"date", "found"})
_CONDITION_KEYS = frozenset({"field", "pattern", "needs"})
_FOLDERS = ("vendors", "nursery")


@lru_cache(maxsize=1)
def rules() -> RuleBook:
    """Return the shipped rules. Raises DataError when a file is not as docs/fingerprints.md says."""
    return read_folder(resources.fingerprints())


def read_folder(folder: Path) -> RuleBook:
    """Return the rules under a folder with vendors/ and nursery/."""
    paths = [path for name in _FOLDERS for path in sorted((folder / name).glob("*.yaml"))]
    return book_of(tuple(read_vendor(path) for path in paths))


@lru_cache(maxsize=1)
def data_digest() -> str:
    """Return one hash over all data files, so that a run can say which rules it used."""
    digest = hashlib.sha256()
    root = resources.fingerprints()
    for path in sorted(root.rglob("*.yaml")):
        digest.update(str(path.relative_to(root)).encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def read_vendor(path: Path) -> Vendor:
    """Return one vendor file. Raises DataError naming file, rule and what to do."""
    data, items = entries(path, "rules")
    _only(data, _VENDOR_KEYS, str(path))
    if "vendor" not in data:
        raise DataError(f"{path} has no 'vendor'; say whose products the file is about")
    nursery = path.parent.name == "nursery"
    maker = str(data.get("maker", ""))
    found = tuple(_rule(item, path, str(data["vendor"]), maker, nursery=nursery) for item in items)
    names = tuple(str(name) for name in _list(data, "also_sold_as", str(path)))
    return Vendor(str(data["vendor"]), maker, names, path, nursery, found)


class _Strict(yaml.SafeLoader):
    """A loader that refuses a key written twice, which YAML would silently take once."""


def _mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[object, object]:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    twice = sorted({str(key) for key in keys if keys.count(key) > 1})
    if twice:
        raise DataError(f"line {node.start_mark.line + 1}: key {twice[0]!r} is written twice; keep one")
    return loader.construct_mapping(node, deep=True)


_Strict.add_constructor("tag:yaml.org,2002:map", _mapping)


def raw_rules(path: Path) -> tuple[Mapping[str, object], ...]:
    """Return the rules of a file as they are written; DataError when a key is written twice."""
    try:
        data = yaml.load(path.read_bytes(), Loader=_Strict)  # noqa: S506 - a SafeLoader that is stricter
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: not readable as YAML: {error}") from error
    return tuple(data["rules"])


def _only(data: Mapping[str, object], allowed: frozenset[str], place: str) -> None:
    if unknown := sorted(str(key) for key in data if key not in allowed):
        raise DataError(f"{place}: unknown key {unknown[0]!r}; known are {', '.join(sorted(allowed))}")


def _rule(item: object, path: Path, vendor: str, maker: str, *, nursery: bool) -> Rule:
    if not isinstance(item, dict) or "id" not in item:
        raise DataError(f"{path}: every rule is a mapping with an `id`")
    place = f"{path}: rule {item['id']}"
    _only(item, _RULE_KEYS, place)
    for key in ("field", "claims", "certainty", "source"):
        if key not in item:
            raise DataError(f"{place} has no {key!r}; add it")
    return Rule(
        id=str(item["id"]),
        vendor=vendor,
        maker=maker,
        condition=_condition(item, place),
        beside=tuple(_condition(one, place) for one in _list(item, "with", place)),
        without=tuple(_condition(one, place) for one in _list(item, "without", place)),
        claims=tuple((str(name), _text(value)) for name, value in _mapped(item, "claims", place).items()),
        certainty=_certainty(item["certainty"], place),
        source=str(item["source"]),
        sole=_reason(item.get("sole", ""), place),
        searched=_searched(item.get("searched"), place),
        origin=str(item.get("origin", "")),
        group=str(item.get("group", "")),
        denies=tuple(str(name) for name in _list(item, "denies", place)),
        unanchored=str(item.get("unanchored", "")),
        nursery=nursery,
        examples=tuple(_example(one, place) for one in _list(item, "examples", place)),
        nots=tuple(_text(text) for text in _list(item, "not", place)),
    )


def _list(item: Mapping[str, object], key: str, place: str) -> list[object]:
    value = item.get(key, [])
    if not isinstance(value, list):
        raise DataError(f"{place}: {key!r} is a list, not {saved_text.shown(value)}")
    return value


def _mapped(item: Mapping[str, object], key: str, place: str) -> Mapping[object, object]:
    value = item.get(key, {})
    if not isinstance(value, dict):
        raise DataError(f"{place}: {key!r} is a mapping, not {saved_text.shown(value)}")
    return value


def _reason(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise DataError(
            f"{place}: `sole` is the reason why nobody else's product gives this sign; write it as text"
        )
    return value


def _searched(value: object, place: str) -> Search | None:
    if value is None:
        return None
    if not isinstance(value, dict) or set(value) != _SEARCH_KEYS or not isinstance(value["date"], date):
        raise DataError(f"{place}: `searched` is a mapping with `date` and `found`, what the search found")
    return Search(value["date"], str(value["found"]))


def _text(value: object) -> str:
    # YAML 1.1 reads a bare yes, no, on or off as a truth value.
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _certainty(value: object, place: str) -> Certainty:
    try:
        return Certainty(str(value))
    except ValueError as error:
        raise DataError(
            f"{place}: certainty is one of certain, firm, tentative, not {saved_text.shown(value)}"
        ) from error


def _condition(item: object, place: str) -> Condition:
    if not isinstance(item, dict):
        raise DataError(
            f"{place}: a condition is a mapping with `field` and `pattern`, not {saved_text.shown(item)}"
        )
    if item.keys() - _RULE_KEYS or "field" not in item:
        _only(item, _CONDITION_KEYS, place)
        raise DataError(f"{place}: a condition has a `field`")
    names = item["field"]
    fields = tuple(str(name) for name in names) if isinstance(names, list) else (str(names),)
    pattern = str(item.get("pattern", ""))
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise DataError(f"{place}: pattern {pattern!r} is no regular expression: {error}") from error
    return Condition(fields, pattern, str(item.get("needs", "")))


def _example(item: object, place: str) -> Example:
    if isinstance(item, str):
        return Example(item)
    if not isinstance(item, dict) or "text" not in item:
        raise DataError(f"{place}: an example is a text, or a mapping with `text` and the values it yields")
    values = tuple(
        (str(key), _text(value)) for key, value in item.items() if key not in {"text", "with", "field"}
    )
    beside = tuple((str(key), _text(value)) for key, value in _mapped(item, "with", place).items())
    return Example(_text(item["text"]), values, beside, str(item.get("field", "")))

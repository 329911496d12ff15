"""The words of rules, reports and contributions: fields, claims, makers, brands and kinds."""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from auditor import resources
from auditor.fingerprint.data_file import mapping
from auditor.fingerprint.rule import DataError

_KEYS = ("fields", "claims", "makers", "brands", "kinds")


@dataclass(frozen=True, slots=True)
class Term:
    """One word and what it means, or how it is displayed."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Brand:
    """A name on a label: its slug, how it is written, and other spellings devices use for it."""

    slug: str
    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Meanings and display names. Slugs are lower case."""

    fields: tuple[Term, ...]
    claims: tuple[Term, ...]
    makers: tuple[Term, ...]
    brands: tuple[Brand, ...]
    kinds: tuple[Term, ...]
    _names: dict[str, dict[str, str]] = field(default_factory=dict, repr=False, compare=False)
    _spellings: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        for key, terms in (
            ("fields", self.fields),
            ("claims", self.claims),
            ("makers", self.makers),
            ("kinds", self.kinds),
        ):
            self._names[key] = {term.name: term.text for term in terms}
        self._names["brands"] = {brand.slug: brand.name for brand in self.brands}
        for brand in self.brands:
            for spelling in (brand.slug, brand.name, *brand.aliases):
                self._spellings[spelling.casefold()] = brand.slug

    def maker(self, slug: str) -> str:
        """Return how a maker is written; the slug itself when it is not in the vocabulary."""
        return self._names["makers"].get(slug, slug)

    def brand(self, slug: str) -> str:
        """Return how a brand is written; the slug itself when it is not in the vocabulary."""
        return self._names["brands"].get(slug, slug)

    def kind(self, slug: str) -> str:
        """Return a kind in words."""
        return self._names["kinds"].get(slug, slug)

    def claim(self, name: str) -> str:
        """Return what a claim means."""
        return self._names["claims"].get(name, "")

    def meaning(self, name: str) -> str:
        """Return what a field means; prefix entries such as `snmp.*` count for all fields they begin."""
        fields = self._names["fields"]
        if name in fields:
            return fields[name]
        fits = [known for known in fields if known.endswith("*") and name.startswith(known[:-1])]
        return fields[max(fits, key=len)] if fits else ""

    def brand_slug(self, spelling: str) -> str:
        """Return the slug of a brand however a device spells it; lower case when it is unknown."""
        label = " ".join(spelling.casefold().split())
        return self._spellings.get(label, label)

    def known(self, kind: str) -> frozenset[str]:
        """Return the words of one part: `fields`, `claims`, `makers`, `brands` or `kinds`."""
        return frozenset(self._names[kind])


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """Return the shipped vocabulary. Raises DataError when the file is not as expected."""
    return read(resources.fingerprints() / "vocabulary.yaml")


def read(path: Path) -> Vocabulary:
    """Return the vocabulary in a file. Raises DataError naming the file and what is wrong."""
    data = mapping(path, f"a mapping with {', '.join(_KEYS)}")
    for key in data:
        if key not in _KEYS:
            raise DataError(f"{path}: unknown part {key!r}; known are {', '.join(_KEYS)}")

    def terms(part: str) -> tuple[Term, ...]:
        return tuple(Term(str(name), str(text)) for name, text in (data.get(part) or {}).items())

    brands = tuple(_brand(str(slug), value) for slug, value in (data.get("brands") or {}).items())
    return Vocabulary(terms("fields"), terms("claims"), terms("makers"), brands, terms("kinds"))


def _brand(slug: str, value: object) -> Brand:
    if isinstance(value, dict):
        return Brand(slug, str(value["name"]), tuple(str(name) for name in value.get("aliases", ())))
    return Brand(slug, str(value))

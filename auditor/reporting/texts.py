"""The words of the report: read from the templates folder, one file for each language."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import yaml

from auditor.resources import templates


class ReportingError(ValueError):
    """A file of the report's own cannot be used, or a library is missing; the message says what to do."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Texts:
    """Labels by group and identifier, the glossary, and what the report is about."""

    language: str
    audited_makers: tuple[str, ...]
    groups: Mapping[str, Mapping[str, str]]
    glossary: tuple[tuple[str, str], ...]
    own_facts: frozenset[str] = frozenset()
    """Facts that are about one device alone and say nothing of others with the same finding."""

    def label(self, group: str, name: str) -> str:
        """Return the words for a name of a group, or the name itself where the file has none."""
        return self.groups.get(group, {}).get(name, name)


@lru_cache(maxsize=4)
def texts(language: str = "en") -> Texts:
    """Read the words of a language. Raise ReportingError when the file is missing or has no such part."""
    path = templates() / f"texts.{language}.yaml"
    try:
        raw: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        labels = {
            str(group): MappingProxyType({str(name): str(word) for name, word in words.items()})
            for group, words in raw["labels"].items()
        }
        return Texts(
            language,
            tuple(raw["audited_makers"]),
            MappingProxyType(labels),
            tuple((str(entry["word"]), str(entry["means"])) for entry in raw["glossary"]),
            frozenset(map(str, raw.get("own_facts", ()))),
        )
    except OSError as error:
        raise ReportingError(
            f"{path}: cannot be read ({error}); the templates folder is incomplete"
        ) from error
    except (KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        message = f"{path}: not a words file ({error!r}); it needs audited_makers, labels and glossary"
        raise ReportingError(message) from error

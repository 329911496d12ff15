"""The conduct rules as data: which requests an audit may not make, and why."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

FILE = Path(__file__).resolve().parent / "conduct.yaml"


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that is not done, recognised in the text of a request."""

    name: str
    protocols: frozenset[str]
    why: str
    when: re.Pattern[str] | None
    unless: re.Pattern[str] | None
    exempt: re.Pattern[str] | None
    allowed_with_account: bool

    def is_broken_by(self, protocol: str, request: str) -> bool:
        """Tell whether a request of that protocol breaks the rule."""
        if protocol not in self.protocols:
            return False
        if self.unless is not None and not self.unless.search(request):
            return True
        if self.when is None or not self.when.search(request):
            return False
        return self.exempt is None or not self.exempt.search(request)


@cache
def rules(path: Path = FILE) -> tuple[Rule, ...]:
    """Read the rules; ValueError names the one that is neither `when` nor `unless`."""
    stated = yaml.safe_load(path.read_text(encoding="utf-8"))
    read = tuple(
        Rule(
            name=str(one["name"]),
            protocols=frozenset(one["protocols"]),
            why=str(one["why"]),
            when=_pattern(one.get("when")),
            unless=_pattern(one.get("unless")),
            exempt=_pattern(one.get("except")),
            allowed_with_account=bool(one.get("allowed_with_account", False)),
        )
        for one in stated
    )
    for rule in read:
        if (rule.when is None) == (rule.unless is None):
            raise ValueError(f"{path}: rule {rule.name} needs either `when` or `unless`")
    return read


def _pattern(text: str | None) -> re.Pattern[str] | None:
    return None if text is None else re.compile(text, re.DOTALL)

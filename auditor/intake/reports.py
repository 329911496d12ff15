"""Which report a file is: by its name and by the whole set of its columns. Where these leave several, none is chosen.

Source: fingerprints/imports/*_forms.yaml; The-Shadowserver-Foundation/report_schema, report-filename.md.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from auditor.intake.evidence import EvidenceError
from auditor.intake.table import plain

_DATED = re.compile(r"\d{4}-\d{2}-\d{2}-([a-z0-9_]+)(?=[-.])")
_WORD = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")
_MOSTLY = 0.7
"""Share of a file's own columns that a report's must be where the file has more than the report is known to have."""
_MOST_NAMED = 6


@dataclass(frozen=True, slots=True)
class Known:
    """One report that is known: its names, the columns it has beside those of all, and whether it has a certificate's."""

    name: str
    names: tuple[str, ...]
    own: frozenset[str]
    with_certificate: bool = False

    @property
    def topic(self) -> str:
        """The report's name without what all such names begin with: `telnet` of `scan_telnet`."""
        return self.name.partition("_")[2] or self.name


@dataclass(frozen=True, slots=True)
class Forms:
    """All reports of one giver that are known. Columns are plain headings."""

    reports: tuple[Known, ...]
    always: frozenset[str] = frozenset()
    certificate: frozenset[str] = frozenset()
    events: tuple[str, ...] = ()
    """Names of reports that say what an address did, not what is there."""

    def recognise(self, names: Iterable[str], headings: Collection[str], told: str) -> Known | None:
        """Return the report a file is, None for one of events. EvidenceError where that cannot be told.

        `names` are those the file bears, the innermost first; `told` is how people are told of it.
        """
        named = next((found for name in names if (found := self._named(name))), None)
        if isinstance(named, str):
            return None
        own = frozenset(headings) - self.always - self.certificate - {""}
        with_certificate = bool(self.certificate & set(headings))
        fitting = self._fitting(own, with_certificate=with_certificate)
        if named is not None:
            self._refuse_contradiction(named, fitting, own, told)
            return named
        return self._only(fitting, names, own, told)

    def _named(self, file: str) -> Known | str | None:
        """Return the report whose name a file bears, or the name of a report of events."""
        file = file.lower()
        dated = _DATED.match(file)
        words = {dated.group(1)} if dated else {word for word in _WORD.findall(file) if "_" in word}
        for report in self.reports:
            if words.intersection(report.names):
                return report
        return next((name for name in self.events if name in words), None)

    def _fitting(self, own: frozenset[str], *, with_certificate: bool) -> list[Known]:
        """Return the reports whose columns a file has: exactly, else as a file of an older form, else of a newer one."""
        alike = [one for one in self.reports if one.own == own]
        if exact := [one for one in alike if one.with_certificate == with_certificate] or alike:
            return exact
        older = [
            one
            for one in self.reports
            if own and own < one.own and (one.with_certificate or not with_certificate)
        ]
        if older:
            return older
        newer = [
            one for one in self.reports if one.own and one.own < own and len(one.own) >= _MOSTLY * len(own)
        ]
        most = max((len(one.own) for one in newer), default=0)
        return [one for one in newer if len(one.own) == most]

    def _refuse_contradiction(
        self, named: Known, fitting: list[Known], own: frozenset[str], told: str
    ) -> None:
        """Refuse a file whose name is one report's and whose columns are another's."""
        if named in fitting or not own:
            return
        if named.own and not named.own & own:
            raise EvidenceError(
                f"{told}: is named {named.name}, but has none of the columns that report has"
                f"{f', those of {_listed(fitting)} instead' if fitting else ''}; give it its own name"
            )
        if any(one.own == own for one in fitting) and not own <= named.own:
            raise EvidenceError(
                f"{told}: is named {named.name}, but its columns are those of {_listed(fitting)}; give it its own name"
            )

    def _only(self, fitting: list[Known], names: Iterable[str], own: frozenset[str], told: str) -> Known:
        """Return the one report that fits, or the one of several that the file's name speaks of."""
        if len(fitting) > 1:
            words = {word for name in names for word in re.findall(r"[a-z0-9]+", name.lower())}
            spoken = [one for one in fitting if set(one.topic.split("_")) <= words]
            most = max((len(one.topic) for one in spoken), default=0)
            fitting = [one for one in spoken if len(one.topic) == most] or fitting
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            why = f"its columns are those of several reports: {_listed(fitting)}"
        else:
            near = sorted(self.reports, key=lambda one: -_nearness(one.own, own))[:3]
            why = f"its columns are those of no report that is known; the nearest are {_listed(near)}"
        raise EvidenceError(
            f"{told}: {why}; give it the name it was sent under, as in 2026-03-01-scan_http-….csv"
        )


def _nearness(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(1, len(one | other))


def _listed(reports: Iterable[Known]) -> str:
    names = [one.name for one in reports]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def forms_of(given: dict[str, object], extra: Iterable[tuple[str, Iterable[str]]]) -> Forms:
    """Return the reports that a document lists, and more by name and columns."""
    reports: dict[str, dict[str, object]] = given.get("reports") or {}  # type: ignore[assignment]  # checked by lint
    listed = [
        Known(
            name,
            tuple(one.get("names") or (name,)),  # type: ignore[arg-type]
            _plain(one.get("columns") or ()),  # type: ignore[arg-type]
            bool(one.get("certificate")),
        )
        for name, one in reports.items()
    ]
    listed += [Known(name, (name,), _plain(columns)) for name, columns in extra if name not in reports]
    return Forms(
        tuple(listed),
        _plain(given.get("always") or ()),  # type: ignore[arg-type]
        _plain(given.get("certificate") or ()),  # type: ignore[arg-type]
        tuple(given.get("events") or ()),  # type: ignore[arg-type]
    )


def _plain(columns: Iterable[str]) -> frozenset[str]:
    return frozenset(plain(one) for one in columns)

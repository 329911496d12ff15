"""What the columns of known tables mean, from fingerprints/imports/*.yaml: one file for each kind of table."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from auditor.intake.reports import Forms, forms_of
from auditor.intake.table import Known, plain
from auditor.model import Protocol
from auditor.resources import fingerprints

Names = tuple[str, ...]
"""Headings under which a value may stand, the preferred first."""


@dataclass(frozen=True, slots=True)
class Head:
    """Columns that are the parts of a reply's head, so that its reader can be given it."""

    protocol: Protocol
    status: Names
    reason: Names
    headers: tuple[tuple[str, Names], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """One form of table: how it is recognised, and which field each column is."""

    name: str
    """As its giver names it; `*` reads any other form that is known."""
    also: Names
    """Further forms that are read in the same way."""
    fields: tuple[tuple[str, Names], ...]
    composed: tuple[tuple[str, tuple[tuple[str, Names], ...]], ...]
    """Fields made of several columns as in `CN=…,O=…`."""
    replies: tuple[tuple[Protocol, Names], ...]
    """Columns that hold a reply as it came, with the protocol whose reader understands it."""
    head: Head | None
    port: int

    @property
    def read(self) -> frozenset[str]:
        """The plain headings of every column that is read of this form."""
        parts = [name for _, pairs in self.composed for _, names in pairs for name in names]
        told = [name for _, names in (*self.fields, *self.replies) for name in names]
        if self.head is not None:
            told += [*self.head.status, *self.head.reason]
            told += [name for _, names in self.head.headers for name in names]
        return frozenset(plain(name) for name in (*parts, *told))


@dataclass(frozen=True, slots=True)
class Form:
    """One kind of table."""

    kind: str
    summary: str
    address: Names
    port: Names
    transport: Names
    at: Names
    reports: tuple[Report, ...]
    forms: Forms | None = None
    """The reports of this kind that are known, where there are several."""

    @property
    def known(self) -> Known:
        """The headings by which the row of headings is recognised."""
        telling = frozenset(plain(name) for name in self.address)
        return Known(telling, telling | frozenset(plain(name) for name in self._names()))

    def _names(self) -> Iterator[str]:
        """Yield every heading under which something is read."""
        yield from (*self.port, *self.transport, *self.at)
        for report in self.reports:
            heads = report.head.headers if report.head else ()
            for _, names in (
                *report.fields,
                *heads,
                *(part for _, parts in report.composed for part in parts),
            ):
                yield from names
            for _, names in report.replies:
                yield from names


@cache
def forms() -> tuple[Form, ...]:
    """Return every kind of table that is described, by name."""
    paths = sorted((fingerprints() / "imports").glob("*.yaml"))
    documents = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in paths]
    return tuple(_form(one) for one in documents if "kind" in one)


def _form(given: Mapping[str, Any]) -> Form:
    return Form(
        kind=given["kind"],
        summary=given["summary"],
        address=_names(given["address"]),
        port=_names(given.get("port")),
        transport=_names(given.get("transport")),
        at=_names(given.get("at")),
        reports=tuple(_report(one) for one in given["reports"]),
        forms=_forms(given) if "forms" in given else None,
    )


def _forms(given: Mapping[str, Any]) -> Forms:
    listed = yaml.safe_load((fingerprints() / "imports" / given["forms"]).read_text(encoding="utf-8"))
    return forms_of(listed, ((one["name"], one["columns"]) for one in given["reports"] if "columns" in one))


def _report(given: Mapping[str, Any]) -> Report:
    fields = given.get("fields") or {}
    return Report(
        name=given["name"],
        also=_names(given.get("also")),
        fields=tuple((name, _names(value)) for name, value in fields.items() if not isinstance(value, dict)),
        composed=tuple((name, _pairs(value)) for name, value in fields.items() if isinstance(value, dict)),
        replies=tuple(
            (Protocol(one["protocol"]), _names(one["column"])) for one in given.get("replies") or ()
        ),
        head=_head(given["head"]) if "head" in given else None,
        port=given.get("port", 0),
    )


def _head(given: Mapping[str, Any]) -> Head:
    return Head(
        Protocol(given["protocol"]),
        _names(given.get("status")),
        _names(given.get("reason")),
        _pairs(given.get("headers") or {}),
    )


def _pairs(given: Mapping[str, Any]) -> tuple[tuple[str, Names], ...]:
    return tuple((name, _names(value)) for name, value in given.items())


def _names(given: str | list[str] | None) -> Names:
    return () if given is None else (given,) if isinstance(given, str) else tuple(given)

"""Days and moments as people give them on the command line."""

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

import click

from auditor.cli._words import Failure

if TYPE_CHECKING:  # takes time that --help need not
    from auditor.store import Store


def moment(text: str) -> datetime:
    """Return the moment meant: a day is taken to its end, a time is UTC unless it says otherwise."""
    try:
        given = datetime.fromisoformat(text.strip().upper())
    except ValueError as error:
        raise click.BadParameter(
            f"{text!r} is no day such as 2026-03-01 and no time such as 2026-03-01T12:00:00Z"
        ) from error
    if ":" not in text and "T" not in text.upper():
        given = datetime.combine(given.date(), time.max)
    return given if given.tzinfo else given.replace(tzinfo=UTC)


def until(
    store: "Store", as_of: datetime | None, *, asked: str = "--as-of", instead: str = ""
) -> datetime | None:
    """Return a moment asked for; Failure where the database knew nothing then: "none" would not be true.

    `asked` is how the moment was given, `instead` what to do where something else was meant.
    """
    first = min((one.started for one in store.runs()), default=None)
    if as_of is not None and first is not None and first > as_of:
        began = f"{first.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        raise Failure(
            f"{asked}: nothing was known then; the first run of {store.path} began {began}. {instead}".rstrip(
                ". "
            )
        )
    return as_of

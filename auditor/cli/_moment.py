"""Days and moments as people give them on the command line."""

from datetime import UTC, datetime, time

AS_OF = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]
"""Forms of --as-of: a day, which is taken to its end, or a moment in UTC."""


def end_of(given: datetime | None) -> datetime | None:
    """Return the moment meant: a day given without a time is taken to its end."""
    if given is None:
        return None
    if given.time() == time():
        given = datetime.combine(given.date(), time.max)
    return given.replace(tzinfo=UTC)

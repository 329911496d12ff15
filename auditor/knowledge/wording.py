"""The words of a verdict: why it is so, and what would settle it."""

from auditor.knowledge.advisory import Row
from auditor.knowledge.position import Position
from auditor.knowledge.subject import Subject

READ = {
    "version": "the firmware version: read it with credentials",
    "build_date": "the build date: read it with credentials",
    "model": "the model: read it with credentials or from the label",
    "base_model": "which model of the maker the unit is built on: ask the supplier",
    "maker": "who made the device: a sign that is the maker's own",
    "firmware": "the firmware version: a second answer that confirms it",
    "brand": "the brand on the label",
}
SUPPLIER = "ask the supplier whether this firmware has the fix"


def spoken(name: str) -> str:
    """Return an input's name as people say it."""
    return {"build_date": "the build date", "version": "the firmware version"}.get(name, name)


def between(where: Position, held: object, limits: str) -> tuple[str, str]:
    """Return reason and what settles it for firmware the statement neither hits nor clears."""
    return {
        Position.UNCLEAR: (
            f"{held} is not precise enough to compare with {limits}",
            "the exact build: read it with credentials",
        ),
        Position.GAP: (
            f"{held} lies between the last affected and the first fixed: {limits}",
            "update to the first fixed firmware",
        ),
        Position.BELOW: (f"{held} is older than the range the maker examined: {limits}", SUPPLIER),
        Position.OLDER: (f"{held} is older than the build that was examined: {limits}", SUPPLIER),
        Position.FOREIGN: (
            f"{held} belongs to another branch than {limits} and cannot be compared",
            SUPPLIER,
        ),
        Position.STILL: (f"{held} is newer than {limits}, but no fix was ever announced", SUPPLIER),
    }[where]


def cleared(subject: Subject, where: Position, row: Row, limits: str) -> str:
    """Say why a firmware is not affected."""
    if where is Position.SAFE_BELOW:
        return f"{subject.firmware} is older than {row.lower}, which the maker says is not affected"
    if subject.firmware.build is None and subject.floor is not None and row.upper:
        return f"the firmware cannot be older than {subject.floor}, after the affected range: {limits}"
    return f"{subject.firmware} is past the affected range: {limits}"


def limits_of(row: Row) -> str:
    """Say which firmware a row calls affected."""
    if row.every:
        return "every firmware of the listed models"
    if row.exact:
        text = " or ".join(str(point) for point in row.exact)
    elif row.lower is not None:
        text = f"from {row.lower} {'up to' if row.closed else 'to before'} {row.upper}"
    else:
        text = f"{'up to' if row.closed else 'before'} {row.upper}"
    return f"{text} (first fixed {row.fixed})" if row.fixed and row.fixed != row.upper else text

"""Tell whether a device, or a persona that may be chosen, meets a condition."""

from dataclasses import replace

from lab.exercise.model import Condition, Row
from lab.persona import Persona


def holds(condition: Condition, row: Row) -> bool:
    """Tell whether a device meets the condition, by what is known of it. Choosing parts are not looked at."""
    maker, brand, build = row.field("maker"), row.field("brand"), row.field("build_date")
    checks = (
        not condition.makers or maker in condition.makers,
        not condition.brands or brand in condition.brands,
        not condition.kinds or row.field("kind") in condition.kinds,
        all(row.field(name) for name in condition.shows),
        condition.model is None or bool(condition.model.search(row.field("model"))),
        not condition.built_before or (bool(build) and build < condition.built_before),
        not condition.built_from or build >= condition.built_from,
        condition.relabelled is None or condition.relabelled == is_relabelled(row),
        not condition.affected or condition.affected in row.affected,
        condition.unchanged is None or condition.unchanged == is_unchanged(row),
    )
    return all(checks)


def is_relabelled(row: Row) -> bool:
    """Tell whether a device is sold under another name than its maker's."""
    maker, brand = row.field("maker"), row.field("brand")
    return bool(maker and brand and maker != brand)


def is_unchanged(row: Row) -> bool:
    """Tell whether the device is the very one that stood there before."""
    return bool(row.serial_before) and row.field("serial") == row.serial_before


def may_stand(condition: Condition, persona: Persona) -> bool:
    """Tell whether a persona may be chosen by the condition."""
    row = Row("", tuple((name, value) for name, value in persona.truth.pairs() if value))
    return (
        (not condition.personas or persona.id in condition.personas)
        and condition.tags <= persona.tags
        and not condition.without_tags & persona.tags
        and holds(replace(condition, affected="", unchanged=None), row)
    )

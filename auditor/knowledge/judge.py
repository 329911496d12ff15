"""The verdict of one advisory on one device: four answers, and never "not affected" on a missing input."""

from dataclasses import dataclass, replace
from functools import lru_cache

from auditor.knowledge.advisory import Advisory, Row
from auditor.knowledge.firmware import Order, Point
from auditor.knowledge.position import Position, missing, position, worst
from auditor.knowledge.subject import INPUTS, Subject
from auditor.knowledge.wording import READ, SUPPLIER, between, cleared, limits_of, spoken
from auditor.model import Verdict


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one record says of one device."""

    verdict: Verdict
    reason: str
    settles: str = ""
    missing: str = ""
    """Name of the missing input, for grouping: model, base_model, version, build_date, statement, maker."""
    row: Row | None = None
    reachable: bool = True
    """False where the firmware to reach belongs to another branch and cannot be installed."""

    @property
    def fixed(self) -> Point | None:
        """The firmware to reach, where the record names it."""
        if self.row is None or not self.reachable:
            return None
        if self.row.fixed is not None or self.row.closed or self.row.exact:
            return self.row.fixed
        return self.row.upper


def judge(record: Advisory, subject: Subject) -> Judgement | None:
    """Return the verdict, or None where the record has nothing to do with the device."""
    if subject.maker not in record.makers:
        return None
    if record.is_software:
        return _software(record, subject)
    rows = _rows(record, subject)
    if not rows:
        return _unlisted(record, subject)
    return _capped(record, subject, _of_rows(record, subject, rows))


def concerns(record: Advisory, subject: Subject) -> bool:
    """Tell whether the record can have something to say of a device, whatever its firmware."""
    if subject.maker not in record.makers:
        return False
    if record.is_software:
        return subject.kind == "platform" or subject.platform is not None
    if _rows(record, subject):
        return True
    return _is_nameless(record, subject) and _may_concern(record, subject)


def _is_nameless(record: Advisory, subject: Subject) -> bool:
    """Tell whether the record could still concern the device although it does not list it."""
    hidden = _is_relabelled(record, subject) and subject.base_model is None
    return not subject.models or hidden or record.suspect is not None


def _software(record: Advisory, subject: Subject) -> Judgement | None:
    """Judge a platform or client: only when such a product was identified by name."""
    if subject.kind != "platform" and subject.platform is None:
        return None
    names = [name for name in (subject.platform, subject.model) if name]
    squeezed = [name.replace(" ", "") for name in names]
    rows = tuple(
        row
        for row in record.rows
        if any(pattern.match(name) for pattern in row.patterns for name in names)
        or any(_squeezed(row, name) for name in squeezed)
    )
    return _capped(record, subject, _of_rows(record, subject, rows)) if rows else None


def _squeezed(row: Row, name: str) -> bool:
    """Match without blanks, since models are kept without them."""
    beginnings = (pattern.pattern.lstrip("^").replace("\\", "").replace(" ", "") for pattern in row.patterns)
    return any(name.upper().startswith(beginning.upper()) for beginning in beginnings)


def _is_relabelled(record: Advisory, subject: Subject) -> bool:
    return subject.relabelled and subject.brand not in record.brands


def _rows(record: Advisory, subject: Subject) -> tuple[Row, ...]:
    """Return the rows that speak of this model: the most specific ones, all of them where they tie."""
    if listed := _listed(record, subject.models):
        return listed
    if not _may_concern(record, subject):
        return ()
    return tuple(row for row in record.rows if not row.patterns)


@lru_cache(maxsize=262_144)
def _listed(record: Advisory, models: tuple[str, ...]) -> tuple[Row, ...]:
    ranked: list[tuple[int, Row]] = []
    for row in record.rows:
        hits = [hit for model in models if (hit := row.specific(model)) is not None]
        if hits:
            ranked.append((max(hits), row))
    top = max((rank for rank, _ in ranked), default=0)
    return tuple(row for rank, row in ranked if rank == top)


def _may_concern(record: Advisory, subject: Subject) -> bool:
    """Tell whether kind and brand leave room for the record where the model does not decide."""
    if subject.kind is not None and subject.kind not in record.kinds:
        return False
    own = bool(record.brands & record.makers)
    return own or subject.brand is None or subject.brand in record.brands


def _of_rows(record: Advisory, subject: Subject, rows: tuple[Row, ...]) -> Judgement:
    where, row = worst(tuple((position(row, record.scheme, subject), row) for row in rows))
    if not row.patterns and where not in {Position.INSIDE, Position.PAST}:
        return _modelless(record, subject, where, row)
    if where is Position.OTHER and (suspected := _suspected(record, subject)):
        return suspected
    return _stated(record, subject, where, row)


def _modelless(record: Advisory, subject: Subject, where: Position, row: Row) -> Judgement:
    """Judge by a row that names no model: it can hit, but what it does not hit it does not clear."""
    suspected = _suspected(record, subject)
    if suspected is not None:
        return suspected
    if subject.brand is None and not record.brands & record.makers:
        return Judgement(Verdict.NOT_ASSESSED, "the brand is not known", READ["brand"], "brand", row)
    if not row.exact and where is not Position.UNSTATED:
        return _stated(record, subject, where, row)
    lacking = missing(row, record.scheme, subject.firmware)
    if lacking:
        return Judgement(
            Verdict.NOT_ASSESSED, f"{spoken(lacking[0])} is not known", READ[lacking[0]], lacking[0], row
        )
    reason = "the record does not say which other models and firmware are affected"
    return Judgement(Verdict.NOT_ASSESSED, reason, "the maker's own list: ask the supplier", "statement", row)


def _stated(record: Advisory, subject: Subject, where: Position, row: Row) -> Judgement:
    held, limits = subject.firmware, limits_of(row)
    possibly, lacking = Verdict.POSSIBLY_AFFECTED, missing(row, record.scheme, held)
    match where:
        case Position.INSIDE:
            what = (
                "the model is listed, whatever its firmware"
                if row.every
                else f"{held} is in the affected range: {limits}"
            )
            return Judgement(Verdict.AFFECTED, what, row=row)
        case Position.PAST | Position.SAFE_BELOW:
            return Judgement(Verdict.NOT_AFFECTED, cleared(subject, where, row, limits), row=row)
        case Position.MISSING:
            wanted = lacking[-1]
            return Judgement(
                possibly, f"{spoken(wanted)} is not known; affected is {limits}", READ[wanted], wanted, row
            )
        case Position.OTHER:
            reason = f"{held} is not the build that was examined ({limits}); nothing is said of others"
            return Judgement(Verdict.NOT_ASSESSED, reason, SUPPLIER, "statement", row)
        case Position.UNSTATED:
            reason = "the record names neither models nor firmware"
            return Judgement(
                Verdict.NOT_ASSESSED, reason, "the maker's own list: ask the supplier", "statement", row
            )
    reason, settles = between(where, held, limits)
    return Judgement(possibly, reason, settles, row=row, reachable=where is not Position.FOREIGN)


def _suspected(record: Advisory, subject: Subject) -> Judgement | None:
    """Judge a device outside the list by the record's own doubt about others of that time."""
    doubt = record.suspect
    if doubt is None or (subject.kind is not None and subject.kind not in doubt.kinds):
        return None
    if subject.firmware.build is None:
        if record.known_exploited is None:
            return None
        return Judgement(
            Verdict.POSSIBLY_AFFECTED,
            f"{doubt.why}; the build date is not known",
            READ["build_date"],
            "build_date",
        )
    if subject.firmware.build.against(doubt.built_before) in {Order.BEFORE, Order.UNCLEAR}:
        listed = "the model is not listed, but " if any(row.patterns for row in record.rows) else ""
        reason = f"{listed}{doubt.why}; {subject.firmware} is from before {doubt.built_before}"
        return Judgement(Verdict.POSSIBLY_AFFECTED, reason, SUPPLIER)
    return None


def _unlisted(record: Advisory, subject: Subject) -> Judgement | None:
    """Judge a device none of whose names the record lists."""
    hidden = _is_relabelled(record, subject) and subject.base_model is None
    named = bool(subject.models) and not hidden
    if (named and record.suspect is None) or not _may_concern(record, subject):
        return None
    suspected = _suspected(record, subject)
    if suspected is not None:
        return _capped(record, subject, suspected)
    if named:
        return None
    wanted = "base_model" if subject.models else "model"
    cleared = all(position(row, record.scheme, subject) is Position.PAST for row in record.rows)
    verdict = Verdict.NOT_ASSESSED if cleared or record.known_exploited is None else Verdict.POSSIBLY_AFFECTED
    what = (
        "the model is not known"
        if wanted == "model"
        else "the unit is relabelled and its own model name is not known"
    )
    return Judgement(verdict, what, READ[wanted], wanted)


def _capped(record: Advisory, subject: Subject, found: Judgement) -> Judgement:
    """Take back certainty that the inputs do not carry."""
    weak = next((name for name in INPUTS if name in subject.weak and _uses(name, found)), None)
    scoped = not record.brands & record.makers and subject.brand is None
    if found.verdict is Verdict.AFFECTED:
        return _lowered(record, subject, found, weak, scoped=scoped)
    if found.verdict is not Verdict.NOT_AFFECTED:
        return found
    if _is_relabelled(record, subject):
        reason = f"{found.reason}; but the statement does not speak of the brand on the label"
        return replace(
            found, verdict=Verdict.NOT_ASSESSED, reason=reason, settles=SUPPLIER, missing="relabelled"
        )
    if scoped or weak == "maker":
        name = "brand" if scoped else "maker"
        return replace(found, verdict=Verdict.NOT_ASSESSED, settles=READ[name], missing=name)
    if weak:
        return replace(found, verdict=Verdict.POSSIBLY_AFFECTED, settles=_confirm(weak), missing=weak)
    return found


def _uses(name: str, found: Judgement) -> bool:
    """Tell whether a verdict rests on that claim: build dates do not matter to rows without dates."""
    return not (name in {"firmware", "build_date"} and found.row is not None and found.row.every)


def _confirm(name: str) -> str:
    return f"{READ.get(name, name).split(':')[0]}, which only one weak answer shows: a second answer that confirms it"


def _lowered(
    record: Advisory, subject: Subject, found: Judgement, weak: str | None, *, scoped: bool
) -> Judgement:
    settles = ""
    if weak:
        settles = _confirm(weak)
    elif _is_relabelled(record, subject):
        settles = "whether the relabelled unit has the maker's fault: ask the supplier"
    elif scoped:
        settles = READ["brand"]
    elif record.condition:
        settles = record.condition
    elif found.row is not None and found.row.series:
        settles = "whether this model is among those of the series that are affected: ask the supplier"
    return replace(found, verdict=Verdict.POSSIBLY_AFFECTED, settles=settles) if settles else found

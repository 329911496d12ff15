"""Mask what changed: keys, addresses, sites, and the values of claims that name a device."""

from collections.abc import Iterator
from dataclasses import replace

from auditor.model.changes import Change, Changes, What
from auditor.model.place import site_and_place
from auditor.reporting import masks
from auditor.reporting.masking import Masking

_KEYS = frozenset({What.NEW, What.GONE, What.REPLACED})
"""Kinds whose `before` and `after` are keys of other devices."""
_CLAIMS = frozenset({What.CLAIM_CHANGED, What.CLAIM_REREAD, What.CLAIM_TOLD, What.CLAIM_UNTOLD})


def masked_changes(changes: Changes, redactor: Masking) -> Changes:
    """Return the changes as a redacted copy may show them; call it before anything else is masked."""
    rules = masks.mask_rules()
    for one in changes.entries:
        serials = (one.before, one.after) if rules.claims.get(one.about) == "serial" else ()
        redactor.learn(one.site, _addresses(one), serials)
    return replace(
        changes,
        entries=tuple(_masked(one, redactor, rules) for one in changes.entries),
        known=tuple((redactor.site(site), count, asked) for site, count, asked in changes.known),
        notes=tuple(map(redactor.text, changes.notes)),
    )


def _addresses(one: Change) -> Iterator[str]:
    yield one.address
    yield site_and_place(one.device)[1]
    if one.what is What.MOVED:
        yield from (site_and_place(place)[1] for place in (one.before, one.after))


def _masked(one: Change, redactor: Masking, rules: masks.MaskRules) -> Change:
    return replace(
        one,
        device=redactor.key(one.device),
        site=redactor.site(one.site),
        address=redactor.address(one.address),
        model=redactor.text(one.model),
        before=_value(one, one.before, redactor, rules),
        after=_value(one, one.after, redactor, rules),
        title=redactor.text(one.title),
        detail=redactor.text(one.detail),
    )


def _value(one: Change, value: str, redactor: Masking, rules: masks.MaskRules) -> str:
    if not value:
        return ""
    if one.what in _KEYS or (one.what is What.MOVED and site_and_place(value)[0]):
        return redactor.key(value)
    if one.what is What.MOVED:
        return redactor.address(value)
    how = rules.claims.get(one.about) if one.what in _CLAIMS else None
    return masks.mask_as(how, value) if how else redactor.text(value)

"""What a device would be asked with the owner's account: counted from the listed calls, before anything is sent."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from auditor.fingerprint import logins
from auditor.model import LoginForm, Method
from auditor.net import MAX_ROWS
from auditor.probes.login_snmp import AT_ONCE
from auditor.scope import Credentials, Entry

_MANAGEMENT = "snmp"
_BEFORE = 1
"""The first call is asked once without the account, so that the device says which login it wants; an SNMP agent of
version 3 is asked for its engine first."""


@dataclass(frozen=True, slots=True)
class Asking:
    """One form of login."""

    what: str
    """The probe."""
    requests: int
    """To one device, at most, at the one web port where the device takes the account."""
    makers: frozenset[str] = field(default_factory=frozenset)
    """Whose devices are asked so; empty: anybody's."""
    by_udp: bool = False


def foreseen_logins(methods: Iterable[Method], credentials: Credentials | None) -> tuple[Asking, ...]:
    """Return the forms that the scope's methods and the accounts allow; every form where no accounts are known yet."""
    granted = frozenset(methods)
    if Method.CREDENTIALS not in granted:
        return ()
    entries = None if credentials is None else credentials.entries
    return tuple(
        _asking(form)
        for form in logins()
        if (form.protocol != _MANAGEMENT or Method.SNMP in granted) and _is_served(form, entries)
    )


def login_requests(askings: Iterable[Asking]) -> int:
    """Return what one device is asked at most: by all forms of one maker, by those of anybody, and by SNMP."""
    told = tuple(askings)
    makers = {maker for one in told for maker in one.makers}
    for_anybody = sum(one.requests for one in told if not one.makers)
    own = (sum(one.requests for one in told if maker in one.makers) for maker in makers)
    return for_anybody + max(own, default=0)


def _asking(form: LoginForm) -> Asking:
    is_managed = form.protocol == _MANAGEMENT
    plain = [call for call in form.calls if not call.column]
    rows = MAX_ROWS if len(plain) < len(form.calls) else 0
    count = math.ceil(len(plain) / AT_ONCE) + rows if is_managed else len(form.calls)
    return Asking(f"login_{form.protocol}", count + _BEFORE, form.makers, is_managed)


def _is_served(form: LoginForm, entries: tuple[Entry, ...] | None) -> bool:
    """Tell whether an account is for this form."""
    return entries is None or any(_fits(form, entry) for entry in entries)


def _fits(form: LoginForm, entry: Entry) -> bool:
    if entry.snmp is not None or form.protocol == _MANAGEMENT:
        return entry.snmp is not None and form.protocol == _MANAGEMENT
    bound = entry.place.makers
    is_its_maker = not (bound and form.makers) or bool(bound & form.makers)
    return is_its_maker and (not entry.protocols or form.protocol in entry.protocols)

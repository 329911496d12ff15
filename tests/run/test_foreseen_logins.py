"""What a dry run says of logins, held to the listed calls."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from auditor.fingerprint import logins
from auditor.model import Method
from auditor.net import MAX_ROWS
from auditor.run import Audit, estimate
from auditor.scope import Credentials, Entry, Place, Scope, Secret, Snmp, loopback

NOW = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
CALLS = {form.protocol: len(form.calls) for form in logins()}
PLAIN_OBJECTS = sum(not call.column for form in logins() for call in form.calls if form.protocol == "snmp")
HALL = Place(sites=frozenset({"loopback"}))
ACCOUNT = Entry("hall", HALL, Secret("someone"), Secret("a-word"))
COMMUNITY = Entry("switches", HALL, snmp=Snmp(Secret("a-community")))


def scope(*methods: Method) -> Scope:
    granted = frozenset({Method.TCP_SWEEP, Method.HTTP, *methods})
    return replace(loopback().narrow(targets=("127.5.0.1",)), methods=granted)


def counts(allowed: Scope, *entries: Entry) -> dict[str, int]:
    given = Credentials(entries) if entries else None
    return {one.what: one.requests for one in estimate(allowed, Audit(), NOW, credentials=given).logins}


def test_without_the_scopes_word_no_login_is_foreseen() -> None:
    foreseen = estimate(scope(Method.SNMP), Audit(), NOW, credentials=Credentials((ACCOUNT,)))
    assert foreseen.logins == ()
    assert foreseen.requests_login == 0


def test_where_logins_are_allowed_every_form_is_counted_from_its_list() -> None:
    counted = counts(scope(Method.CREDENTIALS, Method.SNMP))
    assert set(counted) == {f"login_{name}" for name in CALLS}
    assert {name: counted[f"login_{name}"] for name in CALLS if name != "snmp"} == {
        name: count + 1 for name, count in CALLS.items() if name != "snmp"
    }
    assert counted["login_snmp"] == -(-PLAIN_OBJECTS // 10) + 1 + MAX_ROWS


def test_accounts_leave_only_the_forms_they_are_for() -> None:
    allowed = scope(Method.CREDENTIALS, Method.SNMP)
    assert set(counts(allowed, COMMUNITY)) == {"login_snmp"}
    assert "login_snmp" not in counts(allowed, ACCOUNT)
    assert set(counts(allowed, replace(ACCOUNT, protocols=frozenset({"cgi"})))) == {"login_cgi"}
    bound = replace(ACCOUNT, place=Place(makers=frozenset({"hikvision"})))
    assert set(counts(allowed, bound)) == {"login_isapi", "login_onvif"}
    assert counts(scope(Method.CREDENTIALS), COMMUNITY) == {}


def test_one_device_is_of_one_maker() -> None:
    foreseen = estimate(scope(Method.CREDENTIALS), Audit(), NOW, credentials=Credentials((ACCOUNT,)))
    own = max(CALLS["isapi"] + 1, CALLS["cgi"] + 1, CALLS["sdc"] + CALLS["session"] + 2)
    assert foreseen.requests_login == own + CALLS["onvif"] + 1


def test_only_accounts_given_lengthen_what_a_device_takes() -> None:
    allowed = scope(Method.CREDENTIALS)
    options = Audit(device_seconds=10_000.0)
    without = estimate(allowed, options, NOW)
    given = estimate(allowed, options, NOW, credentials=Credentials((ACCOUNT,)))
    more = given.requests_login / allowed.pace.requests_per_second_host
    assert given.seconds_each_device - without.seconds_each_device == pytest.approx(more)

"""How accounts fared, read from the logs of runs: of this version, of older ones, damaged, and of several runs."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from auditor.model import Device, Endpoint, Exchange, Identity, Outcome, Protocol, Reason, Run, Status
from auditor.run.accounts import accounts, with_accounts
from auditor.run.tries import EVENT, TRYING, Try, try_of
from auditor.store import Access, Presence, Store

AT = datetime(2026, 11, 1, tzinfo=UTC)
RUN = Run("r1", "0", "s", "d", AT, AT, complete=True, authorisation="a", issued_by="b", contact="c")
HERE = "hall/192.0.2.7"
SHOWN = Try(HERE, "cameras", TRYING, ("c42f90aabbcc",), "isapi", "192.0.2.7:80/tcp")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "a.sqlite", Access.CREATE) as made:
        for number, name in enumerate(("r1", "r2")):
            when = AT + timedelta(days=number)
            made.begin(replace(RUN, id=name, started=when))
            said = Exchange(
                HERE,
                "http_root",
                Protocol.HTTP,
                Endpoint("192.0.2.7", 80),
                b"GET",
                b"x",
                Status.ANSWERED,
                when,
            )
            made.add(name, [said])
            met = Presence("hall", "192.0.2.7", when, (("tcp", 80),), granted=True)
            made.save(name, met, Identity(HERE), ())
        yield made


def told(store: Store, *tries: Try, run: str = "r1") -> None:
    for one in tries:
        store.event(run, AT, EVENT, one.subject, one.text())


def everything(store: Store) -> tuple[str, ...]:
    return tuple(one.id for one in store.runs())


def device(store: Store, run: str | None = None) -> Device:
    (found,) = with_accounts(store, store.devices(run), (run,) if run else everything(store))
    return found


def test_what_an_older_version_wrote_is_read(store: Store) -> None:
    store.event("r1", AT, EVENT, HERE, '{"entry": "cameras", "outcome": "trying", "marks": []}')
    store.event("r1", AT, EVENT, HERE, '{"entry": "cameras", "outcome": "accepted", "marks": ["m"]}')
    (one,) = accounts(store, "r1")[HERE]
    assert (one.outcome, one.answered, one.kind) == (Outcome.ACCEPTED, None, "taken")
    assert "not written down" in one.words
    assert one.lacks


def test_a_damaged_line_is_passed_over(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    for text in ("", "{", "[]", '{"entry": 1}', '{"entry": "x", "outcome": "y", "answered": "many"}', "null"):
        assert try_of(HERE, text) is None
        store.event("r1", AT, EVENT, HERE, text)
    told(store, replace(SHOWN, outcome="refused"))
    assert [one.outcome for one in accounts(store, "r1")[HERE]] == [Outcome.REFUSED]
    assert HERE in caplog.text


def test_a_try_that_a_kill_cut_short_is_neither_accepted_nor_refused(store: Store) -> None:
    told(store, SHOWN)
    (one,) = accounts(store, "r1")[HERE]
    assert one.outcome is Outcome.UNCLEAR
    assert "counts as tried" in one.words


def test_a_word_of_a_newer_version_is_told_as_unclear(store: Store) -> None:
    told(store, replace(SHOWN, outcome="befriended"))
    assert accounts(store, "r1")[HERE][0].outcome is Outcome.UNCLEAR


def test_endpoints_that_were_not_the_right_one_are_left_out(store: Store) -> None:
    elsewhere = replace(SHOWN, endpoint="192.0.2.7:8080/tcp", is_shown=False)
    told(
        store,
        replace(elsewhere, outcome="withheld", reason=Reason.ENDPOINT.value),
        SHOWN,
        replace(SHOWN, outcome="accepted", answered=3, calls=3),
        replace(elsewhere, protocol="onvif", outcome="untried", reason=Reason.NO_INTERFACE.value),
    )
    (one,) = device(store).accounts
    assert one.is_whole
    assert one.endpoint == "192.0.2.7:80/tcp"


def test_another_form_that_was_refused_is_told_beside_the_one_that_was_taken(store: Store) -> None:
    told(
        store,
        replace(SHOWN, outcome="accepted", answered=3, calls=3),
        replace(SHOWN, protocol="onvif", outcome="refused"),
    )
    assert [one.outcome for one in device(store).accounts] == [Outcome.ACCEPTED, Outcome.REFUSED]


def test_a_newer_run_that_did_not_get_in_hides_neither_itself_nor_what_was_read_before(store: Store) -> None:
    told(store, replace(SHOWN, outcome="accepted", answered=3, calls=3))
    told(store, replace(SHOWN, outcome="refused"), run="r2")
    assert [(one.run, one.outcome) for one in device(store).accounts] == [
        ("r2", Outcome.REFUSED),
        ("r1", Outcome.ACCEPTED),
    ]
    assert [one.outcome for one in device(store, "r2").accounts] == [Outcome.REFUSED]


def test_of_several_devices_behind_one_address_each_has_the_accounts_of_its_own_port(store: Store) -> None:
    told(store, replace(SHOWN, outcome="accepted", answered=3, calls=3))
    at_80 = replace(next(store.devices()), behind="192.0.2.7")
    at_8080 = replace(at_80, ports=(("tcp", 8080),))
    first, second = with_accounts(store, (at_80, at_8080), everything(store))
    assert first.accounts
    assert not second.accounts


@pytest.mark.parametrize(
    ("one", "is_spent"),
    [
        (SHOWN, True),
        (replace(SHOWN, outcome="refused"), True),
        (replace(SHOWN, outcome="unclear"), True),
        (replace(SHOWN, outcome="accepted"), False),
        (replace(SHOWN, outcome="broken off", reason=Reason.SILENT.value), True),
        (replace(SHOWN, outcome="broken off", reason=Reason.STOPPED.value), False),
        (replace(SHOWN, outcome="withheld", is_shown=False), False),
        (replace(SHOWN, outcome="locked", is_shown=False), True),
        (replace(SHOWN, outcome="not offered", is_shown=False), False),
    ],
)
def test_only_what_was_shown_and_not_taken_spends_an_entry(one: Try, is_spent: bool) -> None:
    assert one.is_spent is is_spent
    assert try_of(one.subject, one.text()) == one


def test_every_way_an_account_can_fare_has_words_that_say_whether_settings_were_read(store: Store) -> None:
    for outcome in Outcome:
        for reason in ("", *Reason):
            told(store, replace(SHOWN, outcome=outcome.value, reason=str(reason), answered=2, calls=5))
            (one,) = accounts(store, "r1")[HERE]
            is_told = "settings not read" in one.words or "of 5 calls" in one.words
            assert is_told, one.words
            assert "cameras" in one.words

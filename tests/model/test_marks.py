"""When two sets of marks can be those of one device."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model import Marks

TEXT = st.sampled_from(
    ("", "hikvision", "DS-2CD2385G1-I", "471699220", "DS-X20140705CCWR471699220", "58a5dd2a970c")
)
TRAIT = st.sampled_from(("onvif.model=a", "onvif.model=b", "onvif.model=ab", "onvif.scope.hardware=a", "x=1"))
ANY = st.builds(
    Marks,
    mac=TEXT,
    serial=TEXT,
    endpoint=TEXT,
    maker=TEXT,
    model=TEXT,
    traits=st.frozensets(TRAIT, max_size=3),
)


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        (Marks(maker="hikvision"), Marks(maker="dahua"), "maker"),
        (Marks(maker="hikvision"), Marks(), None),
        (Marks(serial="471699220"), Marks(serial="471699221"), "serial"),
        (Marks(serial="DS-2DF7286-A20140705CCWR471699220B"), Marks(serial="471699220"), None),
        (Marks(serial="4A0132APAG00001"), Marks(serial="4a0132apag00001"), None),
        (Marks(serial="1699220"), Marks(serial="471699220"), "serial"),
        (Marks(model="TS-1600"), Marks(model="TS-1700"), "model"),
        (Marks(model="DS-2CD2385G1"), Marks(model="DS-2CD2385G1-I"), None),
        (Marks(model="IPC-HDW5231R-Z"), Marks(model="DH-IPC-HDW5231R-Z"), None),
        (Marks(mac="4419b6000001"), Marks(mac="4419b6000002"), "mac"),
        (Marks(serial="471699220", mac="4419b6000001"), Marks(serial="471699220", mac="4419b6000002"), "mac"),
        (
            Marks(serial="471699220", mac="4419b6000001", model="DS-2CD2385G1-I"),
            Marks(serial="471699220", mac="4419b6000001", model="HLK-4MP"),
            None,
        ),
        (Marks(endpoint="urn:uuid:1"), Marks(endpoint="urn:uuid:2"), None),
        (
            Marks(endpoint="urn:uuid:1", traits=frozenset({"onvif.scope.hardware=ts-1600"})),
            Marks(endpoint="urn:uuid:1", traits=frozenset({"onvif.scope.hardware=ts-1700"})),
            "model",
        ),
        (
            Marks(traits=frozenset({"onvif.scope.hardware=ts-1600", "onvif.scope.hardware=ipc"})),
            Marks(traits=frozenset({"onvif.scope.hardware=ipc", "onvif.model=other"})),
            None,
        ),
    ],
)
def test_what_contradicts_is_named_and_what_is_missing_contradicts_nothing(
    one: Marks, other: Marks, why: str | None
) -> None:
    assert one.contradicts(other) == why


@pytest.mark.parametrize(
    ("one", "other", "mark"),
    [
        (Marks(serial="471699220"), Marks(serial="DS-2DF7286-A20140705CCWR471699220B"), "serial"),
        (Marks(mac="4419b6000001", serial="471699220"), Marks(mac="4419b6000001"), "mac"),
        (Marks(endpoint="urn:uuid:1"), Marks(endpoint="urn:uuid:1"), "endpoint"),
        (Marks(traits=frozenset({"b=2", "a=1"})), Marks(traits=frozenset({"a=1", "b=2"})), "a=1"),
        (Marks(traits=frozenset({"a=1"})), Marks(traits=frozenset({"a=2"})), None),
        (Marks(), Marks(), None),
    ],
)
def test_the_strongest_mark_that_both_show_is_named(one: Marks, other: Marks, mark: str | None) -> None:
    assert one.shares(other) == mark


@given(ANY, ANY)
def test_neither_question_depends_on_who_is_asked(one: Marks, other: Marks) -> None:
    assert one.contradicts(other) == other.contradicts(one)
    assert one.shares(other) == other.shares(one)
    assert one.contradicts(one) is None

"""What must hold of the picture whatever was heard: over stored runs made of what real personas say.

AUDITOR_EXAMPLES says how many cases of each property are tried.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from auditor.fingerprint.marks import marks
from auditor.model import Exchange, Marks
from auditor.run.again import known_from
from tests.run.hearing import words
from tests.run.pictured import FIRST, NETWORK, SITE, Hearing, View, seen

pytestmark = pytest.mark.slow

SEVERAL = settings(max_examples=int(os.environ.get("AUDITOR_EXAMPLES", "25")))

CAMERA = "hikvision-hikvision-ds-2cd2385g1-i-v5.6.2"
OLD = "hikvision-hikvision-ds-2cd2132-i-v5.2.0"
RELABELLED = "hikvision-hilook-ipc-t250h-v5.5.83"
DAHUA = "dahua-dahua-ipc-hdw1025c-2.420.dahua-00.14.r"
SHY = "dahua-amcrest-nothing-web-only"
RECORDER = "dahua-dahua-dh-nvr4108hs-8p-4ks2-3.212.0000.1"
HUAWEI = "huawei-holosens-m2141-10-ei"
AXIS = "axis-axis-m3085-v"
PRINTER = "brother-nobrand-hl-l5100dn-printer"
MUTE = "unknown-nobrand-nothing-no-mark"
EVERYBODY = (CAMERA, OLD, RELABELLED, DAHUA, SHY, RECORDER, HUAWEI, AXIS, PRINTER, MUTE)
LIVES = {persona: f"{NETWORK}.{place}" for place, persona in enumerate(EVERYBODY, 11)}
MENDED = {
    CAMERA: ("V5.8.10", "2025-09-01"),
    RELABELLED: ("V5.8.10", "2025-09-01"),
    OLD: ("V5.8.10", "2025-09-01"),
}
"""Firmware of later months, as one that mends what is known."""


def says(
    persona: str, day: int, *, at: str = "", mended: bool = False, shift: int = 0, copy: int = 0
) -> tuple[Exchange, ...]:
    """Return what a persona says on a day at its address, or at another."""
    firmware, build = MENDED.get(persona, ("", "")) if mended else ("", "")
    spoken = words(persona, firmware=firmware, build_date=build, copy=copy)
    return spoken.at(at or LIVES[persona], FIRST + timedelta(days=day), site=SITE, shift=shift)


def everybody(day: int, *, mended: bool = False, but: Iterable[str] = ()) -> tuple[Exchange, ...]:
    return tuple(
        one for persona in EVERYBODY if persona not in set(but) for one in says(persona, day, mended=mended)
    )


BEFORE = Hearing("run-1", 0, everybody(0))
SAME = Hearing("run-2", 30, everybody(30))
BETTER = Hearing("run-2", 30, everybody(30, mended=True))
FEWER = Hearing("run-2", 30, everybody(30, but=(DAHUA, SHY)))


def assert_nothing_better(less: View, before: View, whole: View) -> None:
    """Less is known than in `whole` and no less than in `before`: nothing may look better than in both."""
    assert less.done <= whole.done, "taking an answer away made work done"
    for place, bad in before.verdicts.items():
        both = min(bad, whole.verdicts.get(place, 0))
        assert less.verdicts.get(place, 0) >= both, place
    still = before.open & whole.open
    assert still <= less.open | less.unheard, "work that both ask for is asked for no more"
    assert less.restricted + less.missing >= min(before.restricted, whole.restricted)


@SEVERAL
@given(newest=st.sampled_from([SAME, BETTER, FEWER]), data=st.data())
def test_taking_an_answer_away_moves_no_order_towards_done_and_no_verdict_towards_better(
    newest: Hearing, data: st.DataObject
) -> None:
    gone = data.draw(
        st.lists(st.sampled_from(newest.exchanges), min_size=1, max_size=3, unique_by=lambda one: one.id)
    )
    less = newest
    for one in gone:
        less = less.without(one)
    assert_nothing_better(seen([BEFORE, less]), seen([BEFORE]), seen([BEFORE, newest]))


@SEVERAL
@given(
    persona=st.sampled_from(EVERYBODY),
    probes=st.sets(st.sampled_from(sorted({one.probe for one in BETTER.exchanges})), min_size=1),
)
def test_a_device_that_answers_fewer_questions_has_no_more_done(persona: str, probes: set[str]) -> None:
    """As where its ports, methods or a filter kept some questions from being put."""
    less = replace(
        BETTER,
        exchanges=tuple(
            one
            for one in BETTER.exchanges
            if one.endpoint.address != LIVES[persona] or one.probe not in probes
        ),
    )
    assert_nothing_better(seen([BEFORE, less]), seen([BEFORE]), seen([BEFORE, BETTER]))


@SEVERAL
@given(
    host=st.sampled_from(EVERYBODY),
    guest=st.sampled_from(EVERYBODY),
    shift=st.sampled_from([1, 10_000, 20_000]),
    first=st.booleans(),
)
def test_whatever_else_answers_at_an_address_lowers_no_count_of_the_three_makers(
    host: str, guest: str, shift: int, first: bool
) -> None:
    """As behind a port forward: another device's answers at other ports of the same address."""
    others = says(guest, 0, at=LIVES[host], shift=shift, copy=1)
    joined = replace(BEFORE, exchanges=(*others, *BEFORE.exchanges)) if first else BEFORE.and_then(others)
    assert seen([joined]).restricted >= seen([BEFORE]).restricted


@SEVERAL
@given(host=st.sampled_from(EVERYBODY), guest=st.sampled_from(EVERYBODY))
def test_two_answers_to_one_question_in_one_run_lower_no_count_of_the_three_makers(
    host: str, guest: str
) -> None:
    """As where an address changed hands while the run was under way."""
    later = tuple(
        replace(one, at=(one.at or FIRST) + timedelta(minutes=5), id="")
        for one in says(guest, 0, at=LIVES[host], copy=1)
    )
    assert seen([BEFORE.and_then(later)]).restricted >= seen([BEFORE]).restricted


@SEVERAL
@given(
    one=st.sampled_from(EVERYBODY),
    mended=st.booleans(),
    share=st.floats(0, 1),
)
def test_a_check_of_one_device_leaves_the_picture_of_all_others_as_it_was(
    one: str, mended: bool, share: float
) -> None:
    said = says(one, 5, mended=mended)
    check = Hearing("check", 5, said[: max(1, round(share * len(said)))], whole=False)
    before, after = seen([BEFORE]), seen([BEFORE, check])
    key = f"{SITE}/{LIVES[one]}"
    assert others(after.devices, key) == others(before.devices, key)
    for was, now in ((before.open, after.open), (before.unheard, after.unheard), (before.done, after.done)):
        assert {pair for pair in now if not is_at(key, pair[1])} == {
            pair for pair in was if not is_at(key, pair[1])
        }
    assert all(is_at(key, name) for _, name in after.done)


@SEVERAL
@given(one=st.sampled_from(EVERYBODY), first=st.floats(0, 1), last=st.floats(0, 1))
def test_a_device_that_says_the_same_when_asked_less_is_still_that_device(
    one: str, first: float, last: float
) -> None:
    said = says(one, 5)
    start = min(int(min(first, last) * len(said)), len(said) - 1)
    part = said[start : max(start + 1, round(max(first, last) * len(said)))]
    # An error page that half of all devices show tells nobody apart from whoever may have come in its place.
    assume(marks_of(part).shares(marks_of(said)))
    after = seen([BEFORE, Hearing("check", 5, part, whole=False)])
    assert after.devices.keys() == seen([BEFORE]).devices.keys()
    assert not after.done


def marks_of(said: Iterable[Exchange]) -> Marks:
    known = known_from(SITE, said)
    return marks(known.identity, known.observations)


def is_at(key: str, name: str) -> bool:
    """Tell whether a device is at that address, first or later."""
    return name.partition("#")[0] == key


def others(devices: Mapping[str, str], key: str) -> dict[str, str]:
    return {name: text for name, text in devices.items() if not is_at(key, name)}


def undated(exchanges: Iterable[Exchange]) -> tuple[Exchange, ...]:
    """Return exchanges as of a file that does not say when."""
    return tuple(replace(one, at=None, id="") for one in exchanges)


ARRIVALS = (
    Hearing("r1", 0, everybody(0, but=(MUTE, SHY))),
    Hearing("r2", 10, says(CAMERA, 10, mended=True), whole=False),
    Hearing("r3", 20, everybody(20, but=(DAHUA,))),
    Hearing("r4", 30, says(DAHUA, 30, at=f"{NETWORK}.99"), whole=False),
    Hearing("r5", 15, (*says(MUTE, 12), *says(SHY, 12)), whole=False, source="capture school.pcap"),
    Hearing("r6", 25, undated(says(HUAWEI, 25)), whole=False, source="transcript hall.jsonl"),
)


@SEVERAL
@given(order=st.permutations(ARRIVALS))
def test_the_order_in_which_runs_and_imports_arrive_does_not_matter(order: list[Hearing]) -> None:
    assert seen(order).who == seen(ARRIVALS).who


@pytest.mark.parametrize("persona", sorted(MENDED))
def test_these_properties_are_of_runs_in_which_work_does_get_done(persona: str) -> None:
    """Were nothing ever done, the properties above would hold of anything."""
    done = {key for _, key in seen([BEFORE, BETTER]).done}
    assert f"{SITE}/{LIVES[persona]}" in done
    assert not seen([BEFORE, SAME]).done
    assert seen([BEFORE]).restricted == 7

"""Signs that others share, added to a device of another maker, neither take its maker away nor become firm."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import probes
from auditor.fingerprint import identify, rules
from auditor.fingerprint.identify import findings
from auditor.fingerprint.lint import heard_in
from auditor.fingerprint.rule import Example, Rule, covers
from auditor.model import Certainty, Claim, Observation
from tests.fingerprint.test_parts import PERSONAS, spoken


@dataclass(frozen=True, slots=True)
class Said:
    """What a device of a maker says, and how sure that alone makes its maker."""

    name: str
    maker: str
    certainty: Certainty
    observations: tuple[Observation, ...]


def told(name: str, observations: Iterable[Observation]) -> Said | None:
    seen = tuple(observations)
    held = identify("d", seen).claim("maker")
    return Said(name, held.value, held.certainty, seen) if held else None


@cache
def examples() -> tuple[Said, ...]:
    """Return the first example of every rule that claims a maker, each as a reply of its own."""
    found = []
    for rule in rules().rules:
        if rule.examples and any(name == "maker" for name, _ in rule.claims):
            heard = heard_in(rule, rule.examples[0])
            apart = replace(heard[0].exchange, reply=rule.id.encode(), id="")
            found.append(told(rule.id, (replace(one, exchange=apart) for one in heard)))
    return tuple(one for one in found if one)


@cache
def personas() -> tuple[Said, ...]:
    """Return everything that each emulated device says, and each of its replies that names its maker."""
    found = []
    for number, persona in enumerate(PERSONAS):
        replies = [tuple(probes.read(said)) for said in spoken(number)]
        said = [told(persona.id, (seen for reply in replies for seen in reply))]
        said += [told(f"{persona.id} {place}", reply) for place, reply in enumerate(replies)]
        found += [one for one in said if one and one.maker == persona.truth.maker]
    return tuple(found)


def is_weak(said: Said) -> bool:
    """Tell whether nothing in it speaks for a maker more than tentatively."""
    return all(
        one.match.certainty is Certainty.TENTATIVE
        for one in findings(list(said.observations), rules())
        if any(name == "maker" for name, _ in one.match.claims)
    )


@cache
def weak() -> tuple[Said, ...]:
    return tuple(one for one in examples() if is_weak(one))


def denied(said: Iterable[Said]) -> set[str]:
    seen = [one for by in said for one in by.observations]
    return {slug for one in findings(seen, rules()) for slug in one.rule.denies}


def makers(said: Iterable[Said]) -> dict[str, Claim]:
    """Return every maker claimed of one device that says all this, the one held first."""
    identity = identify("d", [seen for one in said for seen in one.observations])
    held = identity.claim("maker")
    told = [
        *((held,) if held else ()),
        *(one.against for one in identity.contradictions if one.name == "maker"),
    ]
    return {one.value: one for one in told}


def wrong(said: Said, signs: tuple[Said, ...]) -> str:
    """Say what signs of others change of a maker that must not change; empty when nothing does."""
    found = makers((said, *signs))
    held = next(iter(found), "")
    for sign in signs:
        if (
            sign.maker != said.maker
            and sign.maker in found
            and found[sign.maker].certainty is not Certainty.TENTATIVE
        ):
            return f"{sign.maker} is {found[sign.maker].certainty}"
    if said.certainty is not Certainty.TENTATIVE:
        if held != said.maker or found[held].certainty.rank < said.certainty.rank:
            return f"{said.maker} was {said.certainty}, and {held or 'nobody'} is {found[held].certainty if held else 'held'}"
    elif said.maker not in found and said.maker not in denied(signs):
        return f"{said.maker} is lost"
    return ""


def inside(said: Said, sign: Said) -> Said:
    """Put a sign into the reply of another, where conditions on other fields of one reply see both."""
    exchange = said.observations[0].exchange
    return replace(sign, observations=tuple(replace(one, exchange=exchange) for one in sign.observations))


def test_there_are_weak_signs_of_all_three_makers_and_sure_replies_of_many() -> None:
    assert {one.maker for one in weak()} >= {"hikvision", "dahua", "huawei"}
    assert len({one.maker for one in sure(examples())}) >= 3
    assert len({one.maker for one in sure(personas())}) >= 3


def sure(said: Iterable[Said]) -> list[Said]:
    return [one for one in said if one.certainty is not Certainty.TENTATIVE]


def test_a_weak_sign_beside_any_sure_example_of_another_maker_changes_nothing() -> None:
    wrongs = [
        (sign.name, said.name, what)
        for sign in weak()
        for said in sure(examples())
        if said.maker != sign.maker and (what := wrong(said, (sign,)))
    ]
    assert wrongs == []


@settings(max_examples=400, deadline=None)
@given(st.integers(min_value=0), st.integers(min_value=0))
def test_a_weak_sign_within_a_sure_reply_of_another_maker_changes_nothing_sure(one: int, other: int) -> None:
    everybody = sure((*examples(), *personas()))
    said, sign = everybody[one % len(everybody)], weak()[other % len(weak())]
    if said.maker != sign.maker:
        assert wrong(said, (inside(said, sign),)) == "", (said.name, sign.name)


@settings(max_examples=400, deadline=None)
@given(st.integers(min_value=0), st.integers(min_value=0))
def test_a_weak_sign_beside_any_reply_of_another_maker_loses_nothing(one: int, other: int) -> None:
    everybody = (*examples(), *personas())
    said, sign = everybody[one % len(everybody)], weak()[other % len(weak())]
    if said.maker != sign.maker:
        assert wrong(said, (sign,)) == "", (said.name, sign.name)


@cache
def several() -> tuple[tuple[Said, ...], ...]:
    """Return pairs and triples of weak signs of one maker, each of another origin."""
    origins = {rule.id: rule.witness for rule in rules().rules}
    by_maker: dict[str, dict[str, Said]] = {}
    for sign in weak():
        by_maker.setdefault(sign.maker, {}).setdefault(origins[sign.name], sign)
    return tuple(
        group
        for signs in by_maker.values()
        for count in (2, 3)
        for group in combinations(signs.values(), count)
    )


@settings(max_examples=400, deadline=None)
@given(st.integers(min_value=0), st.integers(min_value=0))
def test_weak_signs_of_different_origin_do_not_add_up_against_another_maker(one: int, other: int) -> None:
    everybody = (*examples(), *personas())
    said, signs = everybody[one % len(everybody)], several()[other % len(several())]
    if said.maker != signs[0].maker:
        assert wrong(said, signs) == "", (said.name, [sign.name for sign in signs])


@pytest.mark.parametrize("count", [2, 3])
def test_weak_signs_of_different_origin_alone_are_never_sure(count: int) -> None:
    groups = [signs for signs in several() if len(signs) == count]
    assert len(groups) >= 20
    for signs in groups:
        held = makers(signs)[signs[0].maker]
        assert held.certainty is Certainty.TENTATIVE, [sign.name for sign in signs]


def sure_rules() -> list[Rule]:
    return [
        rule
        for rule in rules().rules
        if any(name == "maker" for name, _ in rule.claims) and rule.certainty is not Certainty.TENTATIVE
    ]


def test_every_rule_that_names_a_maker_surely_has_two_sides() -> None:
    said = [rule for rule in sure_rules() if rule.condition.pattern != "^"]
    assert [rule.id for rule in said if not (rule.examples and (rule.nots or rule.without))] == []
    assert len(said) >= 50


def test_a_rule_whose_sign_is_the_field_itself_reads_no_field_of_a_nearby_name() -> None:
    by_field = [rule for rule in sure_rules() if rule.condition.pattern == "^" and not rule.beside]
    for rule in by_field:
        assert rule.examples, rule.id
        for name in rule.condition.fields:
            bare = name.removesuffix("*").removesuffix(".")
            assert bare.count(".") >= 1, f"{rule.id}: {name} is what many devices have"
            for near in (f"{bare}0.1", f"{bare[:-1]}.1", f"x{bare}.1"):
                assert not any(covers(field, near) for field in rule.condition.fields), (rule.id, near)


def test_every_rule_that_is_its_makers_own_reads_none_of_its_nots_as_its_maker() -> None:
    for rule in sure_rules():
        for text in rule.nots if rule.sole else ():
            seen = heard_in(rule, Example(text, beside=rule.examples[0].beside))
            assert rule.id not in {one.rule.id for one in findings(list(seen), rules())}, (rule.id, text)

"""Every target takes any bytes: arbitrary ones, what it is made for, and that damaged. `make fuzz` does the same for longer."""

import os
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz import exchanges
from tests.fuzz.damage import mutated
from tests.fuzz.seeds import seeds
from tests.fuzz.target import Target

EXAMPLES = int(os.environ.get("AUDITOR_FUZZ_EXAMPLES", "25"))
FEW = 2
"""Inputs of a target that takes milliseconds for each."""

unhurried = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


def test_a_reader_that_gives_anything_but_observations_is_caught() -> None:
    for wrong in (None, "text", ("http.server", "x")):
        with pytest.raises(TypeError, match="where an observation was due"):
            exchanges.check("reader", wrong)


@unhurried
@given(data=st.binary(max_size=4096))
def test_arbitrary_bytes_are_read_without_failing(target: Target, data: bytes) -> None:
    target.feed(data)


@unhurried
@given(place=st.integers(0, 2**16), number=st.integers(0, 2**32))
def test_damaged_input_is_read_without_failing(target: Target, place: int, number: int) -> None:
    known = target.own_seeds() or seeds()
    target.feed(mutated(known[place % len(known)], random.Random(number)))


def test_every_undamaged_input_is_read_without_failing(target: Target) -> None:
    for seed in target.own_seeds() or seeds():
        target.feed(seed)


def test_a_few_inputs_are_taken_by_what_takes_its_time(slow_target: Target) -> None:
    chance = random.Random(slow_target.name)
    for seed in chance.sample(slow_target.own_seeds(), FEW):
        slow_target.feed(mutated(seed, chance))

"""Every parser and every reader takes any bytes: arbitrary ones, and real replies that were damaged."""

import os
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("AUDITOR_FUZZ_EXAMPLES", "25"))
# An installed copy has no lab beside it; then one plain page has to do.
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<title>x</title>"

unhurried = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="session")
def seeds(harness: Any) -> tuple[bytes, ...]:
    found: tuple[bytes, ...] = harness.seeds()
    return found or (PAGE,)


def test_every_module_that_reads_is_among_the_targets(harness: Any) -> None:
    names = {target.name for target in harness.targets()}
    expected = "http html challenge xml soap rtsp ws_discovery onvif sadp dhip dahua_5050 json_pairs charset"
    assert {f"auditor.wire.{name}" for name in expected.split()} <= names
    assert any(name.startswith("auditor.probes.") for name in names)


def test_a_reader_that_gives_anything_but_observations_is_caught(harness: Any) -> None:
    for wrong in (None, "text", ("http.server", "x")):
        with pytest.raises(TypeError, match="where an observation was due"):
            harness._check("reader", wrong)


@unhurried
@given(data=st.binary(max_size=4096))
def test_arbitrary_bytes_are_read_without_failing(target: Any, data: bytes) -> None:
    target.feed(data)


@unhurried
@given(place=st.integers(0, 2**16), number=st.integers(0, 2**32))
def test_damaged_replies_are_read_without_failing(
    target: Any, harness: Any, seeds: tuple[bytes, ...], place: int, number: int
) -> None:
    target.feed(harness.mutated(seeds[place % len(seeds)], random.Random(number)))


def test_every_undamaged_reply_is_read_without_failing(target: Any, seeds: tuple[bytes, ...]) -> None:
    for seed in seeds:
        target.feed(seed)

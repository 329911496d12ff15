"""Every parser and every reader takes any bytes: arbitrary ones, and real replies that were damaged."""

import importlib.util
import os
import random
import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("AUDITOR_FUZZ_EXAMPLES", "25"))


def _harness() -> ModuleType:
    place = Path(__file__).with_name("fuzz_all.py")
    spec = importlib.util.spec_from_file_location("auditor_fuzz_all", place)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


fuzz_all = _harness()
TARGETS = fuzz_all.targets()
# The lab may not be beside an installed copy; then arbitrary bytes have to do.
SEEDS = fuzz_all.seeds() or (b"HTTP/1.1 200 OK\r\n\r\n<title>x</title>",)
by_name = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
unhurried = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


def test_every_wire_module_that_reads_is_among_the_targets() -> None:
    names = {target.name for target in TARGETS}
    expected = "http html challenge xml soap rtsp ws_discovery onvif sadp dhip dahua_5050 json_pairs charset"
    assert {f"auditor.wire.{name}" for name in expected.split()} <= names


@by_name
@unhurried
@given(data=st.binary(max_size=4096))
def test_arbitrary_bytes_are_read_without_failing(target: fuzz_all.Target, data: bytes) -> None:  # type: ignore[name-defined]
    target.feed(data)


@by_name
@unhurried
@given(place=st.integers(0, len(SEEDS) - 1), number=st.integers(0, 2**32))
def test_damaged_replies_are_read_without_failing(target: fuzz_all.Target, place: int, number: int) -> None:  # type: ignore[name-defined]
    target.feed(fuzz_all.mutated(SEEDS[place], random.Random(number)))


@by_name
def test_every_undamaged_reply_is_read_without_failing(target: fuzz_all.Target) -> None:  # type: ignore[name-defined]
    for seed in SEEDS:
        target.feed(seed)

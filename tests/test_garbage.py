"""Looking for garbage rarely, and as before afterwards."""

import gc

import pytest

from auditor.garbage import seldom_collected


def test_garbage_is_looked_for_rarely_within_and_as_before_afterwards_even_after_a_failure() -> None:
    before = gc.get_threshold()
    frozen = gc.get_freeze_count()
    with seldom_collected():
        assert gc.get_threshold()[0] > before[0]
        assert gc.get_freeze_count() > frozen
    with pytest.raises(ZeroDivisionError), seldom_collected():
        _ = 1 // 0
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0

"""Garbage is left alone while a command holds a whole run, and looked for again afterwards."""

import gc

import pytest

from auditor.cli._memory import held


def test_garbage_is_left_alone_only_meanwhile() -> None:
    with held():
        assert not gc.isenabled()
        with held():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_garbage_is_looked_for_again_after_a_failure() -> None:
    with pytest.raises(ValueError, match="x"), held():
        raise ValueError("x")
    assert gc.isenabled()

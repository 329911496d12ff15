"""A seat for each test."""

from pathlib import Path

import pytest

from tests.reliability.seat import Seat


@pytest.fixture
def seat(tmp_path: Path) -> Seat:
    return Seat(tmp_path)

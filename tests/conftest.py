"""What all tests share: how properties are judged, and which files run first."""

import pytest
from hypothesis import HealthCheck, settings

from tests.reliability.witness import Witness

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let those marked slow begin, so that none of them ends alone."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture
def reliability() -> Witness:
    """Give what compares an outcome with its row of docs/reliability.md; see tests/reliability/witness.py."""
    return Witness()

"""What all tests share: how properties are judged, and which files run first."""

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let those marked slow begin, so that none of them ends alone."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)

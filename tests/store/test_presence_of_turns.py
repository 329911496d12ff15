"""The site of a device that takes turns at one port with another, and of a camera behind it."""

from datetime import UTC, datetime

import pytest

from auditor.store.presence import presence


@pytest.mark.parametrize("place", ["192.0.2.9", "192.0.2.9:80/2", "192.0.2.9:80/2#3", "[2001:db8::9]:80/2#3"])
def test_a_meeting_read_back_has_the_site_it_was_at(place: str) -> None:
    met = presence(f"hall/{place}", datetime(2026, 3, 1, tzinfo=UTC))
    assert (met.site, met.address, met.subject) == ("hall", place, f"hall/{place}")

"""Keys of devices, taken apart."""

import pytest

from auditor.model.place import site_and_place


@pytest.mark.parametrize(
    ("key", "parts"),
    [
        ("hall/192.0.2.9", ("hall", "192.0.2.9")),
        ("hall/192.0.2.9:81#3", ("hall", "192.0.2.9:81#3")),
        ("hall/192.0.2.9:80/2", ("hall", "192.0.2.9:80/2")),
        ("hall/192.0.2.9:80/2#3", ("hall", "192.0.2.9:80/2#3")),
        ("hall/192.0.2.9#3/2", ("hall", "192.0.2.9#3/2")),
        ("hall/[2001:db8::9]:80/2", ("hall", "[2001:db8::9]:80/2")),
        ("north/hall/192.0.2.9:80/2", ("north/hall", "192.0.2.9:80/2")),
        ("192.0.2.9:80/2", ("", "192.0.2.9:80/2")),
        ("192.0.2.9", ("", "192.0.2.9")),
        ("/192.0.2.9", ("", "192.0.2.9")),
    ],
)  # fmt: skip
def test_a_place_with_a_slash_is_not_taken_for_a_site(key: str, parts: tuple[str, str]) -> None:
    assert site_and_place(key) == parts

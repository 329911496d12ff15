"""Addresses as people write them: what is taken of each spelling, and why nothing is taken of others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.intake.addresses import told


@pytest.mark.parametrize(
    ("cell", "addresses", "port"),
    [
        ("192.0.2.61/24", ["192.0.2.61"], 0),
        ("192.0.2.61/255.255.255.0", ["192.0.2.61"], 0),
        ("192.0.2.61/32", ["192.0.2.61"], 0),
        ("192.000.002.060", ["192.0.2.60"], 0),
        ("192.0.2.07", ["192.0.2.7"], 0),
        ("http://192.0.2.62/", ["192.0.2.62"], 0),
        ("rtsp://user:secret@192.0.2.62:554/ch1", ["192.0.2.62"], 554),
        ("192.0.2.63:8000", ["192.0.2.63"], 8000),
        ("\u00a0192.0.2.64\u200b ", ["192.0.2.64"], 0),
        ("192 . 0 . 2 . 64", ["192.0.2.64"], 0),
        ("'192.0.2.64", ["192.0.2.64"], 0),
        ("192.0.2.65, 198.51.100.65", ["192.0.2.65", "198.51.100.65"], 0),
        ("192.0.2.65/192.0.2.66", ["192.0.2.65", "192.0.2.66"], 0),
        ("192.0.2.65\n192.0.2.65", ["192.0.2.65"], 0),
        ("north (192.0.2.66)", ["192.0.2.66"], 0),
        ("2001:DB8:0:0::66", ["2001:db8::66"], 0),
        ("2001:db8::66/64", ["2001:db8::66"], 0),
        ("[2001:db8::66]:8443", ["2001:db8::66"], 8443),
        ("https://[2001:db8::66]:8443/x", ["2001:db8::66"], 8443),
        ("fe80::66%eth0", ["fe80::66"], 0),
        ("::ffff:192.0.2.66", ["192.0.2.66"], 0),
    ],
)
def test_every_usual_spelling_gives_its_address(cell: str, addresses: list[str], port: int) -> None:
    found = told(cell)
    assert (list(found.addresses), found.port, found.reason) == (addresses, port, "")


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("192.0.2.0/24", "is a network"),
        ("2001:db8::/64", "is a network"),
        ("192.0.2.255/24", "is the broadcast address"),
        ("192.0.2.10-20", "is a range"),
        ("192.0.2.10 – 192.0.2.20", "is a range"),
        ("192.0.2.x", "is a pattern"),
        ("192.0.2.[1-5]", "is a pattern"),
        ("192.0.2.010", "leading zeros"),
        ("0.0.0.0", "no address a device can have"),
        ("224.0.0.5", "no address a device can have"),
        ("cam-1.example.net", "is not an address"),
        ("192.0.2.300", "is not an address"),
        ("58:50:ed:00:00:01", "is not an address"),
        ("5.6.2", "is not an address"),
    ],
)
def test_what_is_no_address_of_one_device_gives_none_and_says_why(cell: str, reason: str) -> None:
    found = told(cell)
    assert found.addresses == ()
    assert reason in found.reason


def test_an_empty_cell_is_nothing_to_speak_of() -> None:
    assert told("  ").reason == ""


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    assert all(told(one).addresses == (one,) for one in told(text).addresses)

"""Text from devices is shown, never acted on."""

import os
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.reporting import one_line, spoken, visible

EXAMPLES = int(os.environ.get("AUDITOR_FUZZ_EXAMPLES", "200"))
ACTS = {"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[2J", "␛[2J"),
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("zero\u200bwidth", "zero⟨U+200B⟩width"),
        ("Türöffner 门口 ●", "Türöffner 门口 ●"),
        ("\x7f\x85", "␡⟨U+0085⟩"),
        ("a\u0300\u0301", "a⟨U+0300⟩⟨U+0301⟩"),
    ],
)
def test_what_would_act_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


@settings(max_examples=EXAMPLES)
@given(st.text())
def test_nothing_that_acts_is_left(text: str) -> None:
    assert {unicodedata.category(character) for character in one_line(text)}.isdisjoint(ACTS)


@settings(max_examples=EXAMPLES)
@given(st.binary(max_size=9000))
def test_any_bytes_can_be_shown(data: bytes) -> None:
    left = {unicodedata.category(character) for character in spoken(data) if character not in "\n\t"}
    assert left.isdisjoint(ACTS)


def test_binary_is_shown_as_a_dump_and_text_as_text() -> None:
    assert spoken(b"\x20\x00\x00\x00DHIP\x00\x00\x00\x00").startswith("0000  20 00 00 00 44 48 49 50")
    assert spoken(b"RTSP/1.0 200 OK\r\nServer: a\xff\r\n") == "RTSP/1.0 200 OK\nServer: a\\xff\n"

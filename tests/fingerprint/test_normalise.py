"""Values in their one form, whatever spelling a device used."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.fingerprint.normalise import normalised, same
from auditor.fingerprint.vocabulary import vocabulary


@pytest.mark.parametrize(
    ("claim", "text", "value"),
    [
        ("build_date", "190701", "2019-07-01"),
        ("build_date", "20250610", "2025-06-10"),
        ("build_date", "2023-12-20", "2023-12-20"),
        ("build_date", "2023-7-5", "2023-07-05"),
        ("build_date", "Feb 15 2019", "2019-02-15"),
        ("build_date", "000000", None),
        ("build_date", "191331", None),
        ("build_date", "soon", None),
        ("mac", "58-50-ED-00-00-01", "58:50:ed:00:00:01"),
        ("mac", "5850ed000001", "58:50:ed:00:00:01"),
        ("mac", "00:00:00:00:00:00", None),
        ("mac", "ff:ff:ff:ff:ff:ff", None),
        ("mac", "xx:xx:xx:xx:xx:xx", None),
        ("activated", "flase", "no"),
        ("activated", "true", "yes"),
        ("cloud_link", "1", "on"),
        ("model", "  NC-2\x00 ", "NC-2"),
        ("model", "N/A", None),
        ("firmware", "none", None),
        ("firmware", "V5.6.2", "V5.6.2"),
        ("firmware", "V5.7.3_220112", "V5.7.3"),
        ("firmware", "V1.0.3_1", "V1.0.3_1"),
        ("firmware", "V5.1.69_R0102", "V5.1.69_R0102"),
        ("firmware", "5.5.800_build210628", "5.5.800"),
        ("firmware", "V5.6.2 build 190701 3 2", "V5.6.2"),
        ("firmware", "V5.6.2build 190701", "V5.6.2"),
        ("firmware", "V5.8.10 Build 240717 Web:V5.1", "V5.8.10"),
        ("firmware", "build 170123(V1.2.3)", "V1.2.3"),
        ("firmware", "2.811.0000013.0.R, Build Date 2023-12-20", "2.811.0000013.0.R"),
        ("firmware", "V5.4.5_170124_build", "V5.4.5"),
        ("firmware", "V5.4.5(build 170124)", "V5.4.5"),
        ("firmware", "V5.4.5-build 170124", "V5.4.5"),
        ("firmware", "V5.4.5B170124", "V5.4.5"),
        ("firmware", "V5.4.5 2017-01-24", "V5.4.5"),
        ("firmware", "2.420.0000.0.R,Build 2016/06/18", "2.420.0000.0.R"),
        ("firmware", "Firmware Version V5.4.5 build 170124", "V5.4.5"),
        ("firmware", "9.80.1 B2", "9.80.1 B2"),
        ("firmware", "1.2.3 123456", "1.2.3 123456"),
        ("firmware", "build 170123", "build 170123"),
        ("firmware", "1.2 rebuild 3", "1.2 rebuild 3"),
    ],
)
def test_a_value_has_one_form(claim: str, text: str, value: str | None) -> None:
    assert normalised(claim, text) == value


def test_a_version_is_the_same_with_and_without_its_v() -> None:
    assert same("firmware", "V5.6.2", "5.6.2")
    assert not same("firmware", "V5.6.2", "V5.6.3")


@given(st.sampled_from([term.name for term in vocabulary().claims]), st.text(max_size=300))
def test_any_text_is_read_and_reading_twice_changes_nothing(claim: str, text: str) -> None:
    value = normalised(claim, text)
    if value is not None and claim not in {"activated", "oem", "cloud_link"}:
        assert normalised(claim, value) == value
        assert value.isprintable()

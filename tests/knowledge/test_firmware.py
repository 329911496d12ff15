"""Comparing firmware, by tables of strings as devices print them."""

from datetime import date

import pytest

from auditor.knowledge.firmware import (
    Firmware,
    Order,
    Point,
    Scheme,
    Span,
    compare,
    firmware,
    is_exactly,
    numbers,
    span,
)

DAY = date(2021, 6, 25)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("210625", Span(DAY, DAY)),
        ("20210625", Span(DAY, DAY)),
        ("2021-06-25", Span(DAY, DAY)),
        ("2021-06", Span(date(2021, 6, 1), date(2021, 6, 30))),
        ("2021-12", Span(date(2021, 12, 1), date(2021, 12, 31))),
        ("2021-02-30", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_build_dates_are_read_in_every_spelling(text: str | None, expected: Span | None) -> None:
    assert span(text) == expected


@pytest.mark.parametrize(
    ("version", "build", "expected"),
    [
        ("V5.4.0 build 160530", None, ("V5.4.0", "2016-05-30")),
        ("5.4.0", "2016-05-30", ("5.4.0", "2016-05-30")),
        ("2.800.0000000.6.R.200314", None, ("2.800.0000000.6.R", "2020-03-14")),
        ("2.420.AC00.18.R, build 2017-06-29", None, ("2.420.AC00.18.R", "2017-06-29")),
        ("3.0.3_20201113_RELEASE(HIK)", None, ("3.0.3", "2020-11-13")),
        ("2.800.0000000.6.R", None, ("2.800.0000000.6.R", None)),
        ("V100R002C00SPC200", None, ("V100R002C00SPC200", None)),
        (None, "210625", (None, "2021-06-25")),
        ("", None, (None, None)),
    ],
)
def test_version_and_build_are_told_apart(
    version: str | None, build: str | None, expected: tuple[str | None, str | None]
) -> None:
    held = firmware(version, build)
    assert (held.version, str(held.build) if held.build else None) == expected


@pytest.mark.parametrize(
    ("scheme", "device", "bound", "expected"),
    [
        # numbers between dots as integers: recorders write leading zeros
        (Scheme.TRIPLE, ("4.30.096", None), ("4.30.96", None), Order.EQUAL),
        (Scheme.TRIPLE, ("V4.9.100", None), ("4.30.096", None), Order.BEFORE),
        (Scheme.TRIPLE, ("5.4.0", "160401"), ("5.4.0", "160530"), Order.BEFORE),
        (Scheme.TRIPLE, ("5.4.1", "150101"), ("5.4.0", "160530"), Order.AFTER),
        (Scheme.TRIPLE, ("5.4.0", None), ("5.4.0", "160530"), Order.UNCLEAR),
        (Scheme.TRIPLE, ("5.7.23_SP1", None), ("5.7.23_SP2", None), Order.BEFORE),
        (Scheme.TRIPLE, ("2.3.8-6", None), ("2.3.8-8", None), Order.BEFORE),
        (Scheme.TRIPLE, ("2.420.AC00.18.R", None), ("2.421", None), Order.FOREIGN),
        # the same leading branch only, then the build date
        (Scheme.BRANCH, ("2.820.0000000.48.R", "220613"), ("2.820.0000000.48.R", "220614"), Order.BEFORE),
        (Scheme.BRANCH, ("2.820.0000000.5.R", "220614"), ("2.820.0000000.48.R", "220614"), Order.EQUAL),
        (Scheme.BRANCH, ("2.622.0000000.48.R", "220613"), ("2.820.0000000.48.R", "220614"), Order.FOREIGN),
        (Scheme.BRANCH, (None, "220613"), ("2.820.0000000.48.R", "220614"), Order.UNCLEAR),
        (Scheme.WHOLE, ("2.420.AC00.18.R", "200216"), ("2.420.AC00.18.R", "200217"), Order.BEFORE),
        (Scheme.WHOLE, ("2.420.AC00.17.R", "200216"), ("2.420.AC00.18.R", "200217"), Order.FOREIGN),
        # V/R/C/SPC from left to right; without SPC it is not precise enough
        (Scheme.VRC, ("V100R002C00SPC199", None), ("V100R002C00SPC200", None), Order.BEFORE),
        (Scheme.VRC, ("V100R002C00SPC200", None), ("V100R002C00SPC200", None), Order.EQUAL),
        (Scheme.VRC, ("V200R001C00", None), ("V100R002C00SPC200", None), Order.AFTER),
        (Scheme.VRC, ("V100R002C00", None), ("V100R002C00SPC200", None), Order.UNCLEAR),
        (Scheme.VRC, ("SDC 8.1.1", None), ("V100R002C00SPC200", None), Order.FOREIGN),
        # only the build date
        (Scheme.BUILD, ("9.9.9", "210624"), (None, "210625"), Order.BEFORE),
        (Scheme.BUILD, ("1.0.0", "210625"), (None, "210625"), Order.EQUAL),
        (Scheme.BUILD, ("1.0.0", "2021-06"), (None, "210625"), Order.UNCLEAR),
        (Scheme.BUILD, ("1.0.0", "2021-05"), (None, "210625"), Order.BEFORE),
        (Scheme.BUILD, ("1.0.0", None), (None, "210625"), Order.UNCLEAR),
    ],
)
def test_firmware_is_ordered_by_its_makers_scheme(
    scheme: Scheme,
    device: tuple[str | None, str | None],
    bound: tuple[str | None, str | None],
    expected: Order,
) -> None:
    built = span(bound[1])
    assert compare(scheme, firmware(*device), Point(bound[0], built.first if built else None)) is expected


def test_an_exact_build_needs_version_and_date() -> None:
    point = Point("2.2.10", date(2013, 10, 9))
    assert is_exactly(Scheme.TRIPLE, firmware("V2.2.10", "131009"), point)
    assert not is_exactly(Scheme.TRIPLE, firmware("V2.2.10", None), point)
    assert not is_exactly(Scheme.TRIPLE, Firmware(None, span("131009")), point)


def test_text_that_is_no_version_has_no_numbers() -> None:
    assert numbers("11.17.38-33_1D97A") is None
    assert numbers("unknown") is None
    assert numbers("V5.7.23_SP2") == (5, 7, 23, 2)


@pytest.mark.parametrize("scheme", list(Scheme))
@pytest.mark.parametrize(
    "form", ["V5.{}", "{}.4", "5.4.{}", "V200R{}C00", "V200R001C{}SPC100", "V200R001C00SPC{}"]
)
def test_a_number_of_thousands_of_digits_is_no_version_and_no_fault(scheme: Scheme, form: str) -> None:
    held = firmware(form.format("9" * 5000), "2017-01-23")
    for bound in (Point("V5.4.5", None), Point("V200R001C00SPC200", None)):
        assert compare(scheme, held, bound) in {Order.FOREIGN, Order.UNCLEAR}
    assert numbers(form.format("9" * 5000)) is None

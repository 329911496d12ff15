"""The promise that a missing input never reads as safe: every record, every removal, many firmwares."""

import itertools
import os
from dataclasses import replace
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.knowledge import knowledge_book
from auditor.knowledge.advisory import Advisory
from auditor.knowledge.firmware import Firmware, Span
from auditor.knowledge.judge import _rows, concerns, judge
from auditor.knowledge.lint import example_subject
from auditor.knowledge.subject import Subject
from auditor.model import Verdict

RECORDS = knowledge_book().advisories
MODELS = sorted({example.model for record in RECORDS for example in record.examples if example.model})
VERSIONS = sorted({example.firmware for record in RECORDS for example in record.examples if example.firmware})
MANY = int(os.environ.get("AUDITOR_FUZZ_EXAMPLES", "300"))


def _asked(record: Advisory, subject: Subject) -> tuple[str, ...]:
    """Everything the rows that speak of this device ask for, by the name of the input."""
    asked = {"maker"}
    for row in _rows(record, subject) or record.rows:
        asked |= row.needs(record.scheme)
        if row.patterns:
            asked.add("model")
    return tuple(sorted(asked))


def _without(subject: Subject, gone: tuple[str, ...]) -> Subject:
    held = subject.firmware
    return replace(
        subject,
        maker=None if "maker" in gone else subject.maker,
        model=None if "model" in gone else subject.model,
        platform=None if "model" in gone else subject.platform,
        firmware=Firmware(
            None if "version" in gone else held.version, None if "build_date" in gone else held.build
        ),
    )


def _safe_without(record: Advisory, subject: Subject) -> list[tuple[str, ...]]:
    asked = _asked(record, subject)
    removals = (gone for n in range(1, len(asked) + 1) for gone in itertools.combinations(asked, n))
    found = ((gone, judge(record, _without(subject, gone))) for gone in removals)
    return [
        gone for gone, verdict in found if verdict is not None and verdict.verdict is Verdict.NOT_AFFECTED
    ]


def test_no_removal_from_any_example_of_any_record_gives_not_affected() -> None:
    tried = 0
    for record in RECORDS:
        for example in record.examples:
            subject = example_subject(record, example)
            assert _safe_without(record, subject) == [], (record.id, example.why)
            tried += 2 ** len(_asked(record, subject)) - 1
    assert tried > 10_000


@settings(max_examples=MANY, deadline=None)
@given(
    record=st.sampled_from(RECORDS),
    model=st.sampled_from(MODELS),
    version=st.sampled_from(VERSIONS) | st.from_regex(r"V?[0-9]{1,2}(\.[0-9]{1,4}){1,3}", fullmatch=True),
    day=st.dates(date(2010, 1, 1), date(2030, 1, 1)),
    brand=st.sampled_from([None, "hikvision", "dahua", "acme", "amcrest", "honeywell"]),
    kind=st.sampled_from([None, "camera", "nvr", "dvr", "platform"]),
)
def test_no_removal_from_any_device_gives_not_affected(
    record: Advisory, model: str, version: str, day: date, brand: str | None, kind: str | None
) -> None:
    maker = min(record.makers)
    subject = Subject(
        maker,
        brand,
        kind,
        model.upper(),
        None,
        model,
        Firmware(version, Span(day, day)),
        relabelled=brand != maker,
    )
    assert _safe_without(record, subject) == []


@settings(max_examples=MANY, deadline=None)
@given(
    record=st.sampled_from(RECORDS),
    number=st.integers(0, 200),
    weak=st.sets(st.sampled_from(["maker", "model", "firmware", "build_date"]), min_size=1),
)
def test_tentative_inputs_give_neither_affected_nor_not_affected(
    record: Advisory, number: int, weak: set[str]
) -> None:
    example = record.examples[number % len(record.examples)]
    subject = replace(example_subject(record, example), weak=frozenset(weak))
    found = judge(record, subject)
    if found is None or (found.row is not None and found.row.every and not weak & {"maker", "model"}):
        return
    assert found.verdict in {Verdict.POSSIBLY_AFFECTED, Verdict.NOT_ASSESSED}


def test_a_relabelled_device_is_never_more_than_possibly_affected_nor_cleared() -> None:
    for record in RECORDS:
        for example in record.examples:
            subject = replace(example_subject(record, example), brand="acme", relabelled=True)
            found = judge(record, subject)
            if found is not None and not record.is_software:
                assert found.verdict in {Verdict.POSSIBLY_AFFECTED, Verdict.NOT_ASSESSED}, (
                    record.id,
                    example.why,
                )


def test_whatever_is_not_certain_says_what_would_settle_it() -> None:
    for record in RECORDS:
        for example in record.examples:
            found = judge(record, example_subject(record, example))
            if found and found.verdict in {Verdict.POSSIBLY_AFFECTED, Verdict.NOT_ASSESSED}:
                assert found.settles, (record.id, example.why)


def test_leaving_records_out_by_model_leaves_out_none_that_would_speak() -> None:
    for record in RECORDS:
        for example in record.examples:
            subject = example_subject(record, example)
            assert concerns(record, subject) or judge(record, subject) is None, (record.id, example.why)
            for other in RECORDS[::7]:
                assert concerns(other, subject) or judge(other, subject) is None, (other.id, example.why)

"""Every record carries devices it must hit and devices it must not; each is held against the record here."""

import pytest

from auditor.knowledge import knowledge_book, lint
from auditor.knowledge.advisory import Advisory
from auditor.knowledge.judge import judge
from auditor.knowledge.lint import example_subject, outcome

BOOK = knowledge_book()
RECORDS = BOOK.advisories


def test_all_records_of_the_collection_are_there() -> None:
    assert len(RECORDS) == 141
    assert len({record.id for record in RECORDS}) == 141
    exploited = {record.id for record in RECORDS if record.known_exploited}
    assert exploited == {
        "CVE-2017-7921",
        "CVE-2021-36260",
        "CVE-2020-5735",
        "CVE-2021-33044",
        "CVE-2021-33045",
    }


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_a_record_says_of_its_examples_what_they_expect(record: Advisory) -> None:
    wrong = {}
    for example in record.examples:
        got = outcome(judge(record, example_subject(record, example)))
        if got != example.expect:
            wrong[example.why] = (example.expect, got)
    assert wrong == {}


def _kinds_of_example(record: Advisory) -> set[str]:
    return {example.why.partition(",")[0] for example in record.examples}


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_a_record_shows_the_cases_its_ranges_call_for(record: Advisory) -> None:
    whys, ranged = _kinds_of_example(record), [row for row in record.rows if row.upper is not None]
    assert "another maker" in whys
    for row in ranged:
        needs = row.needs(record.scheme)
        assert ("missing version" in whys) or "version" not in needs
        assert ("missing build date" in whys) or "build_date" not in needs
        if row.closed:
            assert "at the last affected" in whys
        else:
            assert whys & {"just below the first fixed", "inside"}
            assert whys & {"at the first fixed", "at the first fixed build"}
    if any(row.patterns for row in record.rows):
        assert "a model the statement does not name" in whys or any(not row.patterns for row in record.rows)


def test_the_shipped_knowledge_has_no_faults() -> None:
    assert lint() == ()


def test_every_example_count_is_what_the_documentation_says() -> None:
    assert sum(len(record.examples) for record in RECORDS) > 1800

"""The table of docs/reliability.md holds what tests saw, each row once, and nothing besides."""

from pathlib import Path

import pytest

from tests.reliability.witness import HERE, OUTCOMES, SITUATIONS, Outcome, Witness, names, read, same, table

TESTS = HERE.parent
PAGE = TESTS.parent / "docs" / "reliability.md"


def test_every_situation_has_one_row_that_a_test_still_looks_at() -> None:
    assert len(set(names())) == len(names())
    assert tuple(read(OUTCOMES)) == names(), "an outcome for each situation, in its order, and none besides"
    looking = [path for path in TESTS.rglob("test_*.py") if "reliability.saw(" in path.read_text()]
    text = "\n".join(path.read_text(encoding="utf-8") for path in looking if path != Path(__file__))
    assert [name for name in names() if f'"{name}"' not in text] == []


def test_no_outcome_is_our_fault_and_none_is_a_traceback() -> None:
    text = OUTCOMES.read_text(encoding="utf-8")
    assert not any(bad in text for bad in ("exit 70", "our fault", "Traceback", "exit 1;", "signal 6"))


def test_the_page_is_what_the_tests_wrote() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert "\n".join(table()).strip() in page
    assert len([line for line in page.splitlines() if line.startswith("| ")]) == len(names()) + len(
        read(SITUATIONS)
    )


def test_what_a_test_sees_otherwise_fails_and_is_not_written() -> None:
    before = OUTCOMES.read_bytes()
    witness = Witness(writes=False)
    seen = Outcome(**witness.known["kill -9"])
    witness.saw("kill -9", seen)
    with pytest.raises(AssertionError, match="not what docs"):
        witness.saw("kill -9", Outcome(seen.ended, seen.said, seen.left, "all is well"))
    with pytest.raises(AssertionError, match="in no group"):
        witness.saw("a thing nobody named", seen)
    assert OUTCOMES.read_bytes() == before


def test_what_differs_each_time_is_left_out(tmp_path: Path) -> None:
    line = f"{tmp_path}/a.sqlite: run 20261128T215133Z-999638 is under way in process 77 on host.example, since 2026-11-28 21:51:33 UTC"
    assert same(line, tmp_path) == "a.sqlite: run RUN is under way in process N on HOST, since TIME"

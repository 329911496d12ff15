"""A piece of fuzzing: bounded, repeatable, different from any other, and added to what was done before."""

import itertools
import json
from pathlib import Path

import pytest

from tests.fuzz import counter, piece
from tests.fuzz.exploring import Explorer
from tests.fuzz.target import Target

SEEDS = (b"GET / HTTP/1.1", b"<a>b</a>", bytes(range(64)))


def target(fails: bool = False) -> Target:
    def feed(data: bytes) -> None:
        if fails and b"<" in data:
            raise ValueError("a tag")

    return Target("tests.made", feed, lambda: SEEDS)


def inputs(number: int) -> list[bytes]:
    return list(itertools.islice(Explorer(target(), number).inputs(), 200))


def test_the_same_number_gives_the_same_inputs_and_another_others() -> None:
    assert inputs(1) == inputs(1)
    assert len(set(inputs(1)) & set(inputs(2))) < 50


def test_what_fails_is_kept_with_the_command_that_repeats_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    had = piece.run(target(fails=True), 1, piece.Bounds(2000, 20), tmp_path)
    assert had.failures == 5
    kept = sorted(tmp_path.iterdir())
    assert all(b"<" in one.read_bytes() for one in kept)
    said = capsys.readouterr().err
    assert "FAILED tests.made: ValueError: a tag" in said
    assert all(f"python -m tests.fuzz --target tests.made --repeat {one}" in said for one in kept)


def test_an_input_that_takes_too_long_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(piece, "HANG", 0.05)

    def feed(_data: bytes) -> None:
        for _ in itertools.count():
            pass

    had = piece.run(Target("tests.hang", feed, lambda: SEEDS), 1, piece.Bounds(1, 20), tmp_path)
    assert (had.inputs, had.failures) == (1, 1)


def test_pieces_add_up(tmp_path: Path) -> None:
    path = tmp_path / "counter.json"
    assert [counter.next_piece(path), counter.next_piece(path)] == [1, 2]
    assert counter.add({"a": counter.Had(10, 1, 0.5)}, "2026-11-28", path) == 10
    assert counter.add({"a": counter.Had(5, 0, 0.5), "b": counter.Had(7, 0, 1.0)}, "2026-11-29", path) == 22
    told = json.loads(path.read_text())
    assert told["targets"]["a"] == {"inputs": 15, "failures": 1, "seconds": 1.0}
    assert (told["inputs"], told["failures"], told["first"], told["last"]) == (
        22,
        1,
        "2026-11-28",
        "2026-11-29",
    )


def test_the_committed_counter_is_the_sum_of_its_targets() -> None:
    told = json.loads(counter.COUNTER.read_text())
    assert told["inputs"] == sum(one["inputs"] for one in told["targets"].values())

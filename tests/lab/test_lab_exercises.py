"""Exercises: the solution is worth everything, nothing is worth nothing, and neighbours cannot copy."""

import csv
import importlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from auditor.knowledge import assess, knowledge_book, policy
from auditor.model import Certainty, Claim, Endpoint, Exchange, Identity, Match, Observation, Protocol, Status
from auditor.model import Device as Found
from lab.cli import main
from lab.emulator import wall_clock
from lab.exercise import (
    Answer,
    Exercise,
    ExerciseError,
    Kind,
    Variant,
    all_exercises,
    challenges,
    exercise,
    hand_out,
    key,
    read_answers,
    score,
    variant,
)
from lab.exercise.read import read_exercise

EXERCISES = all_exercises()
SEEDS = range(1, 26)
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
each = pytest.mark.parametrize("one", EXERCISES, ids=lambda one: one.id)


def made(one: Exercise, seed: int = 7) -> Variant:
    return variant(one, seed, clock=wall_clock)


def test_there_are_the_exercises_a_course_needs() -> None:
    assert {one.id for one in EXERCISES} >= {
        "take-stock",
        "relabelled",
        "what-first",
        "without-a-packet",
        "replacement",
    }
    for one in EXERCISES:
        assert sum(question.points for question in one.questions) == 100, one.id
        assert all(question.hint for question in one.questions), one.id
        assert len(one.trainer) > 200
        assert 15 <= one.minutes <= 120


@each
def test_every_variant_can_be_answered_and_the_solution_scores_full_marks(one: Exercise) -> None:
    for seed in SEEDS:
        result = score(made(one, seed), key(made(one, seed)))
        assert (result.points, result.of) == (100, 100), seed
        assert not any(mark.reasons for mark in result.marks)


@each
def test_an_empty_answer_scores_nothing_and_says_so(one: Exercise) -> None:
    result = score(made(one), {})
    assert result.points == 0
    assert all(mark.reasons == ("no answer",) for mark in result.marks)


def _half(answer: Answer) -> Answer:
    """What a trainee gives who found every second thing."""
    if answer.addresses:
        return replace(answer, addresses=frozenset(sorted(answer.addresses)[::2]))
    if answer.cells:
        return replace(answer, cells=answer.cells[::2])
    return Answer(text="1")


@each
def test_a_plausible_wrong_answer_scores_in_between_with_reasons(one: Exercise) -> None:
    chosen = made(one)
    result = score(chosen, {name: _half(answer) for name, answer in key(chosen).items()})
    assert 10 < result.points < 90
    lost = [mark for mark in result.marks if mark.points < mark.of]
    assert lost
    assert all(mark.reasons for mark in lost)


@each
def test_another_seed_has_other_answers_and_the_same_seed_the_same(one: Exercise) -> None:
    assert key(made(one, 7)) == key(made(one, 7))
    keys = [key(made(one, seed)) for seed in SEEDS]
    assert len({str(found) for found in keys}) == len(keys)
    copied = score(made(one, 8), key(made(one, 7)))
    assert copied.points < 60, "the neighbour's answers are not worth a pass"


def test_wrong_addresses_cost_what_right_ones_earn() -> None:
    chosen = made(exercise("relabelled"))
    right = key(chosen)
    everything = frozenset(home.device.address for home in chosen.homes)
    guessed = score(chosen, {**right, "relabelled": Answer(addresses=everything)})
    mark = next(mark for mark in guessed.marks if mark.question == "relabelled")
    assert mark.points == 10, "eight right, six wrong, of eight"
    assert "not one of them" in mark.reasons[0]


def test_a_count_that_is_nearly_right_earns_half() -> None:
    chosen = made(exercise("take-stock"))
    off = score(chosen, {"how-many": Answer(text=str(int(key(chosen)["how-many"].text) + 1))})
    assert off.marks[0].points == 5
    assert off.marks[0].reasons == ("1 too many: half the points",)
    nonsense = score(chosen, {"how-many": Answer(text="many")})
    assert nonsense.marks[0].points == 0


@each
def test_hand_outs_tell_the_task_and_not_the_answers(one: Exercise, tmp_path: Path) -> None:
    chosen = made(one)
    files = {path.name: path.read_bytes() for path in hand_out(chosen, tmp_path)}
    assert set(files) >= {"brief.md", "answers.yaml"}
    assert ("scope.toml" in files) == one.serves
    brief = files["brief.md"].decode()
    assert all(question.ask in brief for question in one.questions)
    assert "${" not in brief
    for answer in key(chosen).values():
        assert not any(address in brief for address in answer.addresses)
    blank = read_answers(tmp_path / "answers.yaml", chosen)
    assert score(chosen, blank).points == 0


@each
def test_the_printed_solution_is_an_answer_file_worth_everything(one: Exercise, tmp_path: Path) -> None:
    printed = CliRunner().invoke(main, ["exercise", "solution", one.id, "--seed", "3", "--notes"])
    assert printed.exit_code == 0
    path = tmp_path / "answers.yaml"
    path.write_text(printed.stdout, encoding="utf-8")
    marked = CliRunner().invoke(main, ["exercise", "score", one.id, str(path), "--seed", "3", "--json"])
    assert json.loads(marked.stdout)["points"] == 100
    stranger = CliRunner().invoke(main, ["exercise", "score", one.id, str(path), "--seed", "4"])
    assert stranger.exit_code == 2
    assert "seed 3, not 4" in stranger.output


def _export(chosen: Variant) -> str:
    """What a perfect audit exports, in the auditor's JSON Lines."""
    lines = [json.dumps({"schema_version": 1, "record": "run"})]
    for row in chosen.rows:
        claims: dict[str, Any] = {
            name: {"value": row.field(name)} if row.field(name) else None
            for name in ("maker", "brand", "kind", "model", "firmware", "build_date", "serial", "mac")
        }
        findings = [{"id": one, "verdict": "affected"} for one in sorted(row.affected)]
        lines.append(
            json.dumps({"device": row.address, "address": row.address, "findings": findings, **claims})
        )
    return "\n".join(lines) + "\n"


@each
def test_the_auditors_own_export_is_an_answer(one: Exercise, tmp_path: Path) -> None:
    chosen = made(one)
    path = tmp_path / "audit.jsonl"
    path.write_text(_export(chosen), encoding="utf-8")
    assert score(chosen, read_answers(path, chosen)).points == 100


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("answers: {nonsense: 3}\n", "there is no question nonsense"),
        ("exercise: relabelled\nanswers: {}\n", "these are answers to relabelled"),
        ("- 3\n", "it is no mapping"),
        ("answers: {inventory: 3}\n", "cannot be read as answers"),
    ],
)
def test_an_answer_file_that_is_none_is_told_why(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "answers.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ExerciseError, match=said):
        read_answers(path, made(exercise("take-stock")))


def _import_as_ctfd(text: str) -> list[Mapping[str, Any]]:
    """Take the CSV apart as CTFd's load_challenges_csv does: lists are split at every comma."""
    read: list[Mapping[str, Any]] = []
    for line in csv.DictReader(io.StringIO(text)):
        lists = {
            name: [one.strip() for one in line.pop(name).split(",")] for name in ("flags", "tags", "hints")
        }
        json.loads(line.pop("type_data", "{}"))
        assert set(line) <= {"name", "description", "category", "value", "type", "state", "max_attempts"}
        read.append({**line, **lists})
    return read


@each
def test_the_export_for_ctfd_is_imported_with_one_flag_and_one_hint_a_question(one: Exercise) -> None:
    chosen = made(one)
    imported = _import_as_ctfd(challenges(chosen))
    assert len(imported) == len(one.questions)
    for challenge, question in zip(imported, one.questions, strict=True):
        right = key(chosen)[question.id]
        assert int(challenge["value"]) == question.points
        assert len(challenge["flags"]) == len(challenge["hints"]) == 1
        if question.kind is Kind.ADDRESSES:
            assert set(challenge["flags"][0].split()) == right.addresses
        if question.kind in {Kind.VALUE, Kind.COUNT}:
            assert challenge["flags"][0] == right.text
        assert question.ask in challenge["description"]


def test_the_capture_shows_what_the_answers_need_and_has_true_checksums(tmp_path: Path) -> None:
    chosen = made(exercise("without-a-packet"))
    hand_out(chosen, tmp_path)
    said = (tmp_path / "capture.pcap").read_bytes()
    for row in chosen.rows:
        if row.field("maker") in {"hikvision", "dahua"}:
            assert row.field("serial").encode() in said
            assert row.field("model").encode() in said
    scapy = importlib.import_module("scapy.utils")
    layers = importlib.import_module("scapy.layers.inet")
    frames = scapy.rdpcap(str(tmp_path / "capture.pcap"))
    assert len(frames) > 50
    for frame in frames:
        layer = layers.TCP if layers.TCP in frame else layers.UDP
        stated = (frame[layers.IP].chksum, frame[layer].chksum)
        del frame[layers.IP].chksum, frame[layer].chksum
        counted = frame.__class__(bytes(frame))
        assert (counted[layers.IP].chksum, counted[layer].chksum) == stated


def test_conditions_on_advisories_agree_with_the_knowledge_of_the_auditor() -> None:
    one = exercise("what-first")
    book, judged = knowledge_book(), {advisory.id for advisory in one.advisories}
    compared = 0
    for seed in SEEDS:
        for row in made(one, seed).rows:
            findings = assess(_found(row.fields), book=book, policy=policy("none"), today=date(2026, 11, 22))
            affected = {finding.id for finding in findings if finding.verdict == "affected"} & judged
            assert affected == row.affected, (seed, row)
            compared += len(affected)
    assert compared > 50


def _found(fields: tuple[tuple[str, str], ...]) -> Found:
    exchange = Exchange(
        device="x",
        probe="sadp",
        protocol=Protocol.HTTP,
        endpoint=Endpoint("127.0.0.9", 80),
        request=b"",
        reply=b"x",
        status=Status.ANSWERED,
    )
    witness = Observation("http.status", "200", exchange)
    claims = tuple(
        Claim(
            name, value, Certainty.CERTAIN, (Match("test.rule", witness, ((name, value),), Certainty.FIRM),)
        )
        for name, value in fields
    )
    return Found(
        key="x",
        site="",
        address="127.0.0.9",
        identity=Identity("x", claims),
        addresses=("127.0.0.9",),
        ports=(("tcp", 80),),
        observations=(witness,),
        exchanges=(exchange,),
    )


def test_the_lists_of_the_replacement_say_what_paper_says() -> None:
    chosen = made(exercise("replacement"))
    untouched = [home for home in chosen.homes if home.before is home.device]
    assert len(untouched) == 1
    cheated = {home.supplier for home in chosen.homes if home.device.truth.maker in {"hikvision", "dahua"}}
    honest = {home.supplier for home in chosen.homes if home.device.truth.maker not in {"hikvision", "dahua"}}
    assert key(chosen)["cheat"].text in cheated - honest


def test_the_files_of_the_replacement_hold_the_inventory_and_the_invoices(tmp_path: Path) -> None:
    chosen = made(exercise("replacement"))
    hand_out(chosen, tmp_path)
    before = list(csv.DictReader((tmp_path / "before.csv").open(encoding="utf-8")))
    assert {line["maker"] for line in before} <= {"hikvision", "dahua"}
    assert all(line["serial"] for line in before)
    delivery = list(csv.DictReader((tmp_path / "delivery.csv").open(encoding="utf-8")))
    assert {line["address"] for line in delivery} == {home.device.address for home in chosen.homes}
    names = {line["brand on the invoice"] for line in delivery}
    assert not names & {"hikvision", "dahua"}, "the paper does not give the answer away"


def test_hints_and_lists_are_printed() -> None:
    listed = CliRunner().invoke(main, ["exercise", "list", "--json"])
    assert {one["id"] for one in json.loads(listed.stdout)["exercises"]} == {one.id for one in EXERCISES}
    hint = CliRunner().invoke(main, ["exercise", "hint", "take-stock", "doors"])
    assert hint.stdout.strip() == next(
        question.hint for question in exercise("take-stock").questions if question.id == "doors"
    )
    wrong = CliRunner().invoke(main, ["exercise", "hint", "take-stock", "windows"])
    assert wrong.exit_code == 2
    assert "it has how-many, recorders" in wrong.output


def test_an_exercise_that_cannot_be_made_says_which_condition_nobody_meets(tmp_path: Path) -> None:
    stated = yaml.safe_load(exercise("relabelled").path.read_text(encoding="utf-8"))
    stated["town"] = [{"take": 3, "where": {"maker": "nobody"}}]
    path = tmp_path / "odd.yaml"
    path.write_text(yaml.safe_dump(stated), encoding="utf-8")
    with pytest.raises(ExerciseError, match="3 personas are wanted and 0 fit"):
        made(read_exercise(path))
    stated["town"] = [{"take": 3, "where": {"colour": "red"}}]
    path.write_text(yaml.safe_dump(stated), encoding="utf-8")
    with pytest.raises(ExerciseError, match="unknown condition colour"):
        read_exercise(path)


def test_a_captured_device_is_read_by_the_auditor(tmp_path: Path) -> None:
    chosen = made(exercise("without-a-packet"))
    hand_out(chosen, tmp_path)
    run = [sys.executable, "-m", "auditor.cli"]
    for words in (
        ("import", "pcap", "--no-scope", "--db", "c.sqlite", "capture.pcap"),
        ("export", "csv", "--db", "c.sqlite", "-o", "c.csv"),
    ):
        ended = subprocess.run(
            [*run, *words], cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stderr
    assert score(chosen, read_answers(tmp_path / "c.csv", chosen)).points == 100

"""`auditor-lab exercise`: hand out an exercise, give hints, score answers."""

import asyncio
import json
import sys
from pathlib import Path
from typing import TextIO

import click

from lab.cli.up import serve_devices
from lab.emulator import wall_clock
from lab.exercise import (
    Answer,
    ExerciseError,
    Kind,
    Question,
    Result,
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
from lab.exercise.variant import elsewhere
from lab.persona import PersonaError

SEED = click.option(
    "--seed", type=int, default=1, show_default=True, help="Which variant; another has other answers."
)


@click.group("exercise")
def command() -> None:
    """Exercises for a class: a brief, a town, questions and a score.

    Example: auditor-lab exercise start take-stock --seed 7
    """


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def list_command(as_json: bool) -> None:
    """Show the exercises: title, level, minutes, points."""
    try:
        found = all_exercises()
    except ExerciseError as error:
        raise click.ClickException(str(error)) from error
    rows = [
        {
            "id": one.id,
            "title": one.title,
            "level": one.level,
            "minutes": one.minutes,
            "points": sum(question.points for question in one.questions),
            "questions": len(one.questions),
        }
        for one in found
    ]
    if as_json:
        click.echo(json.dumps({"schema_version": 1, "exercises": rows}, indent=1))
        return
    for row in rows:
        click.echo(f"{row['id']:<17} {row['minutes']:>3} min  {row['level']:<13} {row['title']}")


@command.command("start")
@click.argument("name")
@SEED
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Folder; default: exercise-NAME-SEED."
)
@click.option("--files-only", is_flag=True, help="Hand out the files and serve nothing.")
@click.option("--port-shift", type=click.IntRange(0, 27_000), help="As for `auditor-lab up`.")
@click.option("--namespace", is_flag=True, help="As for `auditor-lab up`.")
@click.option("--seconds", type=float, help="Stop after this time; default: on Ctrl-C.")
def start_command(
    name: str,
    seed: int,
    out: Path | None,
    files_only: bool,
    port_shift: int | None,
    namespace: bool,
    seconds: float | None,
) -> None:
    """Hand out brief, form and files, and serve the town until Ctrl-C.

    Example: auditor-lab exercise start take-stock --seed 7
    """
    chosen = _variant(name, seed)
    folder = out or Path(f"exercise-{name}-{seed}")
    for path in hand_out(chosen, folder):
        click.echo(str(path))
    if files_only or not chosen.exercise.serves:
        return
    asyncio.run(
        serve_devices(
            tuple(home.device for home in chosen.homes),
            network=chosen.exercise.network,
            port_shift=port_shift,
            namespace=namespace,
            ready_file=None,
            journal=folder / "sensor.jsonl",
            seconds=seconds,
            elsewhere=elsewhere(chosen.exercise.network),
        )
    )


@command.command("hint")
@click.argument("name")
@click.argument("question")
def hint_command(name: str, question: str) -> None:
    """Give the hint to one question.

    Example: auditor-lab exercise hint take-stock recorders
    """
    found = {one.id: one for one in _variant(name, 1).exercise.questions}
    if question not in found:
        raise click.UsageError(f"{name} has no question {question}; it has {', '.join(found)}")
    click.echo(found[question].hint or "There is no hint to this question.")


@command.command("score")
@click.argument("name")
@click.argument("answers", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@SEED
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def score_command(name: str, answers: Path, seed: int, as_json: bool) -> None:
    """Score answers: the form filled in by hand, or the auditor's export (.csv, .jsonl).

    Example: auditor-lab exercise score take-stock answers.yaml --seed 7
    """
    chosen = _variant(name, seed)
    try:
        result = score(chosen, read_answers(answers, chosen))
    except ExerciseError as error:
        raise click.UsageError(str(error)) from error
    if as_json:
        json.dump(_record(chosen, result), sys.stdout, indent=1)
        click.echo()
        return
    for mark in result.marks:
        click.echo(f"{mark.question:<16} {mark.points:g} of {mark.of}")
        for reason in mark.reasons:
            click.echo(f"                 {reason}")
    click.echo(f"{'together':<16} {result.points:g} of {result.of}")


@command.command("solution")
@click.argument("name")
@SEED
@click.option("--notes", is_flag=True, help="The trainer's notes, too.")
def solution_command(name: str, seed: int, notes: bool) -> None:
    """Print the right answers of a variant, in the form trainees fill in: for trainers.

    Example: auditor-lab exercise solution take-stock --seed 7 --notes
    """
    chosen = _variant(name, seed)
    right = key(chosen)
    if notes:
        click.echo("\n".join(f"# {line}".rstrip() for line in chosen.exercise.trainer.strip().splitlines()))
    click.echo(f"exercise: {name}\nseed: {seed}\nanswers:")
    for question in chosen.exercise.questions:
        click.echo(f"  {question.id}: {json.dumps(_plain(question, right[question.id]), ensure_ascii=False)}")


@command.command("ctfd")
@click.argument("name")
@SEED
@click.option(
    "-o",
    "--output",
    type=click.File("w", encoding="utf-8"),
    default="-",
    help="File; default: standard output.",
)
def ctfd_command(name: str, seed: int, output: TextIO) -> None:
    """Write a variant as challenges for CTFd's CSV import (Admin, Config, Backup, Import CSV, type challenges).

    Example: auditor-lab exercise ctfd relabelled --seed 7 -o challenges.csv
    """
    output.write(challenges(_variant(name, seed)))


def _variant(name: str, seed: int) -> Variant:
    try:
        return variant(exercise(name), seed, clock=wall_clock)
    except (ExerciseError, PersonaError) as error:
        raise click.UsageError(str(error)) from error


def _plain(question: Question, right: Answer) -> object:
    if question.kind is Kind.ADDRESSES:
        return sorted(right.addresses)
    if question.kind is Kind.TABLE:
        table: dict[str, dict[str, str]] = {}
        for address, name, value in right.cells:
            table.setdefault(address, {})[name] = value
        return table
    return right.text


def _record(chosen: Variant, result: Result) -> dict[str, object]:
    return {
        "schema_version": 1,
        "exercise": chosen.exercise.id,
        "seed": chosen.seed,
        "points": result.points,
        "of": result.of,
        "questions": [
            {"question": one.question, "points": one.points, "of": one.of, "reasons": list(one.reasons)}
            for one in result.marks
        ],
    }

"""What a trainee is given: brief, scope, the form for the answers, and the exercise's own files."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from lab.exercise.answers import form
from lab.exercise.capture import capture
from lab.exercise.model import Handout
from lab.exercise.variant import Home, Variant

_SCOPE = """\
# What this exercise allows.
schema_version = 1

[authorisation]
reference = "EXERCISE {id} {seed}"
issued_by = "the lab: emulated devices on this machine's loopback"
contact = "trainee@example.org"
valid_from = 2020-01-01T00:00:00Z
valid_until = 2100-01-01T00:00:00Z

[[site]]
name = "{id}"
owner = "the trainer"
networks = ["{network}"]
"""


def hand_out(variant: Variant, folder: Path) -> Sequence[Path]:
    """Write everything a trainee is given into a folder and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    exercise = variant.exercise
    files: dict[str, bytes] = {
        "brief.md": brief(variant).encode(),
        "answers.yaml": form(variant).encode(),
    }
    if exercise.serves:
        scope = _SCOPE.format(id=exercise.id, seed=variant.seed, network=exercise.network)
        files["scope.toml"] = scope.encode()
    if Handout.BEFORE in exercise.handouts:
        files["before.csv"] = _before(variant.homes)
    if Handout.DELIVERY in exercise.handouts:
        files["delivery.csv"] = _delivery(variant.homes)
    if Handout.CAPTURE in exercise.handouts:
        files["capture.pcap"] = capture([home.device for home in variant.homes], exercise.network)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in files]


def brief(variant: Variant) -> str:
    """Return the brief with the questions, as Markdown."""
    exercise = variant.exercise
    lines = [
        f"# {exercise.title}",
        "",
        f"Variant {variant.seed}, {exercise.level}, {exercise.minutes} minutes.",
        "",
        exercise.brief.replace("${network}", exercise.network).strip(),
        "",
        "## Questions",
        "",
        *(f"- **{one.id}** ({one.points} points): {one.ask}" for one in exercise.questions),
        "",
    ]
    return "\n".join(lines)


def _table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(heading)
    table.writerows(rows)
    return text.getvalue().encode()


def _before(homes: Sequence[Home]) -> bytes:
    """Say what stood at each address last year."""
    fields = ("maker", "model", "firmware", "serial", "mac")
    rows = [
        [home.device.address, *(dict(home.before.truth.pairs())[name] or "" for name in fields)]
        for home in homes
        if home.before is not None
    ]
    return _table(("address", *fields), rows)


def _delivery(homes: Sequence[Home]) -> bytes:
    """Say what the suppliers say: a device of some other name, delivered and paid."""
    rows = []
    for home in homes:
        truth = home.device.truth
        untouched = home.before is home.device
        name = "as ordered" if untouched else (truth.brand or truth.maker or "")
        rows.append([home.device.address, home.supplier, name, "delivered and paid"])
    return _table(("address", "supplier", "brand on the invoice", "state"), rows)

"""`auditor-lab record`: make personas of a recorded transcript."""

import json
import re
from pathlib import Path

import click
import yaml

from lab.persona import TRUTHS, Truth, slug
from lab.record import TranscriptError, read_transcript, record


@click.command("record")
@click.argument("transcript", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Folder; default: here.",
)
@click.option("--device", help="Only this device of the transcript; default: every one.")
@click.option(
    "--devices",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Who the devices are: the auditor's export as JSON Lines.",
)
def command(transcript: Path, out: Path, device: str | None, devices: Path | None) -> None:
    """Turn a transcript into one redacted persona for each device, which says what the device said.

    Digits of serial numbers and MACs, names, mail addresses and internal addresses are changed, everywhere in the
    same way. Read the result before you pass it on: what no rule knows (lab/record/redact.yaml) stays as it was.

    Example: auditor export transcript -o t.jsonl && auditor-lab record t.jsonl --out personas
    """
    try:
        heard = read_transcript(transcript)
        known = _known(devices) if devices else {}
    except (TranscriptError, ValueError, KeyError) as error:
        raise click.UsageError(str(error)) from error
    if device is not None and device not in heard:
        raise click.UsageError(f"--device {device}: the transcript has {', '.join(heard) or 'no device'}")
    out.mkdir(parents=True, exist_ok=True)
    for name, said in heard.items():
        if device is None or name == device:
            made = record(name, said, known.get(name, {}))
            path = _free(out, made.text, name)
            path.write_text(made.text, encoding="utf-8")
            click.echo(f"{path}  ({len(made.redaction.changes)} values changed)")


def _known(path: Path) -> dict[str, dict[str, str]]:
    """Read what the auditor claims of each device."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        stated = json.loads(line)
        if "device" not in stated:
            continue  # a heading
        claims = {name: stated.get(name) for name in TRUTHS}
        found[str(stated["device"])] = {
            name: str(claim["value"]) for name, claim in claims.items() if claim and claim.get("value")
        }
    return found


def _free(out: Path, text: str, device: str) -> Path:
    """Name the file after what the device is; a number tells apart those that are the same."""
    truth = Truth(**yaml.safe_load(text)["is"])
    stem = slug(truth) if truth.maker else "recorded-" + re.sub(r"[^a-z0-9]+", "-", device.lower()).strip("-")
    path, number = out / f"{stem}.yaml", 1
    while path.exists():
        number += 1
        path = out / f"{stem}-{number}.yaml"
    return path

"""`auditor fingerprints`: check, list and show the rules, and explain what they make of a text."""

from collections.abc import Iterable
from pathlib import Path

import click

from auditor import fingerprint
from auditor.cli._words import Failure, say_json, say_jsonl, shown, words
from auditor.fingerprint import Rule


@click.group(epilog="Example:  auditor fingerprints explain 'IP Camera(C1214)'")
def command() -> None:
    """Check, list and show the rules that name devices."""


@command.command(epilog="Example:  auditor fingerprints lint my-vendor.yaml")
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))
def lint(path: Path | None) -> int:
    """Check a vendor file, a folder with vendors/ and nursery/, or (without PATH) the shipped rules.

    Complaints go to stdout, one a line; the exit code is 1 when there are any.
    """
    complaints = fingerprint.lint(path)
    for complaint in complaints:
        click.echo(shown(complaint))
    words(f"{len(complaints)} complaints")
    return 1 if complaints else 0


@command.command(name="list", epilog="Example:  auditor fingerprints list --maker axis")
@click.option("--maker", help="Only rules about this maker.")
@click.option("--field", "field", help="Only rules that look at this field.")
@click.option("--jsonl", is_flag=True, help="One JSON object for each rule.")
def list_(maker: str | None, field: str | None, jsonl: bool) -> int:
    """List the rules: name, fields, claims, certainty."""
    rules = [
        rule
        for rule in fingerprint.rules().rules
        if (maker is None or rule.maker == maker) and (field is None or field in rule.condition.fields)
    ]
    if jsonl:
        say_jsonl(_told(rule) for rule in rules)
        return 0
    for rule in rules:
        marks = " nursery" if rule.nursery else ""
        fields = ", ".join(rule.condition.fields)
        click.echo(f"{rule.id}  {fields}  {_pairs(rule.claims)}  {rule.certainty}{marks}")
    words(f"{len(rules)} rules, data {fingerprint.data_digest()[:12]}")
    return 0


@command.command(epilog="Example:  auditor fingerprints show standards.mac")
@click.argument("name", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def show(name: str, as_json: bool) -> int:
    """Show one rule in full: pattern, claims, source, examples."""
    rule = fingerprint.rules().by_id.get(name)
    if rule is None:
        vendor = name.partition(".")[0]
        near = [known for known in fingerprint.rules().by_id if known.startswith(vendor)][:5]
        raise Failure(f"no rule {name!r}; near it are: {', '.join(near) or 'none'}")
    if as_json:
        say_json(_told(rule))
        return 0
    for key, value in _told(rule).items():
        if value not in ("", [], {}, False):
            click.echo(f"{key + ':':14}{shown(_written(value))}")
    return 0


@command.command(epilog="Example:  auditor fingerprints explain --field rtsp.realm 'IP Camera(C1214)'")
@click.argument("text")
@click.option("--field", "field", default="", help="Only as the value of this field; default: every field.")
@click.option("--jsonl", is_flag=True, help="One JSON object for each rule that reads the text.")
def explain(text: str, field: str, jsonl: bool) -> int:
    """Say which rules read TEXT, in which field, and what they conclude; exit code 1 when none does."""
    found = list(fingerprint.explain(fingerprint.rules(), text, field))
    if jsonl:
        say_jsonl(
            {
                "schema_version": 1,
                "rule": one.rule.id,
                "field": one.match.observation.field,
                "claims": dict(one.match.claims),
                "certainty": str(one.match.certainty),
                "source": one.rule.source,
            }
            for one in found
        )
    else:
        for one in found:
            field_name = one.match.observation.field
            click.echo(
                shown(f"{field_name}  {one.rule.id}  {_pairs(one.match.claims)}  {one.match.certainty}")
            )
            click.echo(shown(f"    source: {one.rule.source}"))
    words(f"{len(found)} rules read it")
    return 0 if found else 1


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{name}={value}" for name, value in pairs) or "-"


def _written(value: object) -> str:
    if isinstance(value, dict):
        return _pairs(value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _told(rule: Rule) -> dict[str, object]:
    """Return a rule as plain values for people and machines."""
    return {
        "schema_version": 1,
        "id": rule.id,
        "vendor": rule.vendor,
        "fields": list(rule.condition.fields),
        "pattern": rule.condition.pattern,
        "with": [f"{', '.join(one.fields)} ~ {one.pattern}" for one in rule.beside],
        "without": [f"{', '.join(one.fields)} ~ {one.pattern}" for one in rule.without],
        "claims": dict(rule.claims),
        "certainty": str(rule.certainty),
        "sole": rule.sole,
        "searched": f"{rule.searched.on}: {rule.searched.found}" if rule.searched else "",
        "origin": rule.origin,
        "group": rule.witness,
        "denies": list(rule.denies),
        "nursery": rule.nursery,
        "source": rule.source,
        "examples": [example.text for example in rule.examples],
        "not": list(rule.nots),
    }

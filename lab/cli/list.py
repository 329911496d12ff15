"""`auditor-lab list`: show the personas."""

import json

import click

from lab.persona import Persona, PersonaError, all_personas


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object with every persona.")
@click.option("--tag", help="Only personas with this tag, such as decoy, relabelled or hostile.")
def command(as_json: bool, tag: str | None) -> None:
    """Show the personas: what each one is, where it listens, how it misbehaves.

    Example: auditor-lab list --tag relabelled
    """
    try:
        personas = [one for one in all_personas() if tag is None or tag in one.tags]
    except PersonaError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(
            json.dumps({"schema_version": 1, "personas": [_record(one) for one in personas]}, indent=1)
        )
        return
    width = max((len(one.id) for one in personas), default=0)
    for one in personas:
        ports = " ".join(f"{entry.port}/{entry.transport}" for entry in one.listens)
        click.echo(f"{one.id:<{width}}  {one.truth.kind or '-':<14}  {ports}")
    click.echo(f"{len(personas)} personas", err=True)


def _record(one: Persona) -> dict[str, object]:
    return {
        "id": one.id,
        "is": dict(one.truth.pairs()),
        "origin": one.origin,
        "tags": sorted(one.tags),
        "listens": [
            {"transport": str(entry.transport), "port": entry.port, "protocol": entry.protocol}
            for entry in one.listens
        ],
    }

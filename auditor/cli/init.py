"""`auditor init`: write a commented scope.toml to start from."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from auditor.cli._filled_in import template
from auditor.cli._words import words
from auditor.scope import ScopeError, interval, read_text


@click.command(
    "init",
    short_help="Write a commented scope.toml to start from.",
    epilog="Example:  auditor init --network 192.0.2.0/24 --days 30",
)
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path), default=Path("scope.toml"))
@click.option(
    "--network",
    "networks",
    multiple=True,
    metavar="CIDR",
    help="A network to put in; may be given several times.",
)
@click.option(
    "--days",
    type=click.IntRange(1, 366),
    default=30,
    show_default=True,
    help="How long the authorisation is valid.",
)
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
def command(path: Path, networks: tuple[str, ...], days: int, force: bool) -> None:
    """Write a commented scope file that says what an audit may do.

    Nothing is granted until networks and the authorisation are filled in; `auditor scope check` says what is.
    """
    if path.exists() and not force:
        raise click.UsageError(f"{path} exists already; give another name, or --force to overwrite it")
    for network in networks:
        try:
            interval(network)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--network") from error
    today = datetime.now(tz=UTC).replace(hour=0, minute=0, second=0, microsecond=0)  # noqa: TID251  the command is where the clock is read
    text = template(
        valid_from=f"{today:%Y-%m-%dT%H:%M:%SZ}",
        valid_until=f"{today + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}",
        networks=", ".join(f'"{network}"' for network in networks),
    )
    try:
        read_text(text, str(path))
    except ScopeError as error:
        raise click.ClickException(f"the template is broken: {error}") from error
    path.write_text(text + "\n", encoding="utf-8")
    words(f"{path} written. Fill in the authorisation, then run: auditor scope check {path}")

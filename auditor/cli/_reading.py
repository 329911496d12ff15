"""Options that commands share which read a database: which one, and as known when."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from auditor.cli._moment import moment

_Command = TypeVar("_Command", bound=Callable[..., Any])


def database(what: str = "The audit's database.") -> Callable[[_Command], _Command]:
    """Give a command `--db`; `what` is its help."""
    return click.option(
        "--db",
        type=click.Path(dir_okay=False, path_type=Path),
        default=Path("audit.sqlite"),
        show_default=True,
        help=what,
    )


def moment_asked(
    what: str = "As known at the end of this day, or at this moment (UTC).",
) -> Callable[[_Command], _Command]:
    """Give a command `--as-of`; `what` is its help."""
    return click.option("--as-of", type=moment, metavar="DAY|TIME", help=what)

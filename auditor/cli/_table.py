"""Tables for terminals: every cell is text from devices, so it is escaped and never read as markup."""

import shutil
import sys
from collections.abc import Sequence

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from auditor.cli._words import shown, with_color

_WIDE = 200
"""Columns assumed where stdout is no terminal, so that nothing is folded in a pipe."""


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under heads; on a terminal folded to its width, elsewhere aligned without frames."""
    if sys.stdout is None or not sys.stdout.isatty():
        _print_plain(heads, rows)
        return
    width = shutil.get_terminal_size((_WIDE, 24)).columns
    console = Console(width=width, no_color=not with_color(), highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*(Text(shown(cell)) for cell in row))
    console.print(table)


def _print_plain(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    cells = [[shown(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    for row in cells:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())

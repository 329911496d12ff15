"""The `auditor` program: every file beside this one that has a `command` is a command, loaded when it is used."""

import importlib
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

import auditor
from auditor.cli._descriptors import require_descriptors
from auditor.cli._words import Aside, Exit, Judge, flush, heedless_of_characters, let_go

_ONLY_OURS = 0o077
"""The mask of files that are written: they hold where which weak device is."""
_ASIDE = Aside()
_FOLDER = Path(__file__).resolve().parent


def _files() -> dict[str, Path]:
    return {
        path.stem.rstrip("_").replace("_", "-"): path
        for path in sorted(_FOLDER.glob("*.py"))
        if not path.stem.startswith("_")
    }


def _summary(path: Path) -> str:
    """Return what the first line of a command's file says after the colon, without importing the file."""
    with path.open(encoding="utf-8") as lines:
        first = lines.readline()
    text = first.strip().strip('"').partition(": ")[2].strip()
    return text[:1].upper() + text[1:]


def _verbose(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        context.find_root().meta["auditor.verbose"] = True
        logging.getLogger().setLevel(logging.INFO)
        _ASIDE.be_verbose()


def _colorless(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        context.find_root().color = False
        os.environ["NO_COLOR"] = "1"


def _shared(_context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        try:
            mask = int(value, 8)
        except ValueError:
            mask = -1
        if not 0 <= mask <= _ONLY_OURS or mask & 0o700:
            raise click.BadParameter(
                f"{value!r} is no mask such as 027 (the group may read) or 022 (everybody may)",
                param_hint="--umask",
            )
        os.umask(mask)


def _everywhere() -> Iterator[click.Option]:
    """Yield the options that every command takes."""
    yield click.Option(
        ["-v", "--verbose"],
        is_flag=True,
        expose_value=False,
        callback=_verbose,
        is_eager=True,
        help="Say more; show our own errors in full.",
    )
    yield click.Option(
        ["--no-color"],
        is_flag=True,
        expose_value=False,
        callback=_colorless,
        is_eager=True,
        help="No colour, as NO_COLOR=1.",
    )
    yield click.Option(
        ["--umask"],
        metavar="MASK",
        expose_value=False,
        callback=_shared,
        is_eager=True,
        help="What others may not do with files that are written: 027 lets the group read; default 077, only you.",
    )


def _equip(command: click.Command) -> click.Command:
    """Give a command, and what is under it, the options every command takes."""
    if isinstance(command, click.Group) and not isinstance(command, Commands):
        find = command.get_command

        def equipped(ctx: click.Context, cmd_name: str) -> click.Command | None:
            found = find(ctx, cmd_name)
            return None if found is None else _equip(found)

        # A group may make its commands only when asked for them.
        command.get_command = equipped  # type: ignore[method-assign]
    taken = {text for one in command.params for text in (*one.opts, *one.secondary_opts)}
    command.params.extend(one for one in _everywhere() if not taken.intersection(one.opts))
    return command


class Commands(click.Group):
    """A group that walks its folder for names and imports a command's file only when it is called."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,  # noqa: ANN401  as click has it
    ) -> click.Context:
        """Read the command line; that nobody reads the help on to its end is no failure, and not click's to name one."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except BrokenPipeError:
            raise click.exceptions.Exit(Exit.DONE) from None

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  as click has it
        """Do what is asked; that nobody reads on what is printed, as after `| head -1`, is no failure either."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            return Exit.DONE

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, sorted."""
        del ctx
        return sorted(_files())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the file of that command and return it."""
        del ctx
        path = _files().get(cmd_name)
        if path is None:
            return None
        found = importlib.import_module(f"auditor.cli.{path.stem}").command
        if not isinstance(found, click.Command):
            raise TypeError(f"auditor/cli/{path.name}: `command` is not a click command")
        return found if cmd_name in self.commands else self._keep(cmd_name, found)

    def _keep(self, name: str, found: click.Command) -> click.Command:
        found.name = name
        self.commands[name] = _equip(found)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write names with summaries without importing anything, so that `--help` is instant."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, _summary(path)) for name, path in _files().items()])


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example:  auditor scan --scope scope.toml --db audit.sqlite",
)
@click.version_option(auditor.__version__, prog_name="auditor")
def program() -> None:
    """Find, identify and report surveillance devices on networks you are authorised to audit.

    You need written permission; a scope file holds it. Start with: auditor init
    """


_equip(program)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    verbose = any(one in {"-v", "--verbose"} for one in given)
    before = os.umask(_ONLY_OURS)
    try:
        with Judge(verbose=verbose) as judge:
            require_descriptors()
            ended = program.main(given, prog_name="auditor", standalone_mode=False)
            judge.code = int(ended) if isinstance(ended, int) else Exit.DONE
            with suppress(BrokenPipeError):  # the work is done, whoever has read enough of it
                flush()
    finally:
        os.umask(before)
    return int(judge.code)


def main() -> None:
    """Start the program from the command line. What a library warns of is a developer's news: shown with -v only."""
    logging.captureWarnings(capture=True)
    logging.getLogger().addHandler(_ASIDE)
    heedless_of_characters()
    code = run()
    let_go()
    sys.exit(code)

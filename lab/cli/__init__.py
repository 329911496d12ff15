"""The lab's command line: every file here with a `command` is one, found by walking the folder."""

import importlib
import pkgutil

import click

import lab.cli


class _Folder(click.Group):
    """A group whose commands are the modules of this folder."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Name the commands."""
        names = (module.name for module in pkgutil.iter_modules(lab.cli.__path__))
        return sorted(name for name in names if not name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command."""
        if cmd_name not in self.list_commands(ctx):
            return None
        found: click.Command = importlib.import_module(f"lab.cli.{cmd_name}").command
        return found


@click.group(cls=_Folder, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="auditor", prog_name="auditor-lab")
def main() -> None:
    """Serve emulated surveillance devices, and judge how an audit treats them.

    Example: auditor-lab up --network 127.77.0.0/24
    """

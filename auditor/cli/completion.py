"""`auditor completion`: print the script that completes commands and options in a shell."""

import click
from click.shell_completion import get_completion_class

from auditor.cli._words import words

_PLACES = {
    "bash": "auditor completion bash > ~/.local/share/bash-completion/completions/auditor",
    "zsh": "auditor completion zsh > ~/.zfunc/_auditor   (with `fpath+=~/.zfunc` before compinit in ~/.zshrc)",
    "fish": "auditor completion fish > ~/.config/fish/completions/auditor.fish",
}


@click.command(epilog='Example:  eval "$(auditor completion bash)"')
@click.argument("shell", type=click.Choice(sorted(_PLACES)))
@click.pass_context
def command(context: click.Context, shell: str) -> int:
    """Print the completion script for SHELL; where to put it is said on stderr."""
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"this click has no completion for {shell}")
    program = context.find_root().command
    click.echo(found(program, {}, "auditor", "_AUDITOR_COMPLETE").source())
    words(f"to keep it: {_PLACES[shell]}")
    return 0

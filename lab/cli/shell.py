"""`auditor-lab shell`: run a command where the lab has the real ports."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

from lab.emulator.namespace import NamespaceRefusedError, enter

START = 30.0
"""Seconds the devices may take to start."""


@click.command("shell", context_settings={"ignore_unknown_options": True})
@click.option("--network", default="127.77.0.0/24", show_default=True, help="Addresses for the devices.")
@click.option("--count", type=click.IntRange(1), help="How many devices; default: one of each persona.")
@click.option(
    "--journal",
    type=click.Path(path_type=Path),
    default="sensor.jsonl",
    show_default=True,
    help="The sensor's file.",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(network: str, count: int | None, journal: Path, arguments: tuple[str, ...]) -> None:
    """Serve the devices on their real ports in a network namespace, and run a command (or a shell) in it.

    Nothing in the namespace has a way out. Exits as the command does.

    Example: auditor-lab shell -- auditor scan 127.77.0.0/24
    """
    try:
        enter()
    except NamespaceRefusedError as error:
        raise click.ClickException(str(error)) from error
    with tempfile.TemporaryDirectory(prefix="lab-shell-") as folder:
        ready = Path(folder) / "ready.json"
        options = ["--count", str(count)] if count else []
        lab = subprocess.Popen(  # noqa: S603 - this very program, with the options above
            [
                *(sys.executable, "-m", "lab", "up", "--port-shift", "0", "--interface", "127.0.0.1"),
                *("--network", network, "--journal", str(journal), "--ready-file", str(ready), *options),
            ]
        )
        try:
            _await(ready, lab)
            os.environ["AUDITOR_LAB_READY"] = str(ready)
            wanted = list(arguments) or [shutil.which(os.environ.get("SHELL", "sh")) or "/bin/sh"]
            code = subprocess.run(wanted, check=False).returncode  # noqa: S603 - the command the user typed
            raise SystemExit(code)
        finally:
            lab.terminate()
            lab.wait(timeout=10)


def _await(ready: Path, lab: "subprocess.Popen[bytes]") -> None:
    for _ in range(int(START * 20)):
        if ready.exists():
            return
        if lab.poll() is not None:
            raise click.ClickException("the devices could not be started; the lines above say why")
        time.sleep(0.05)
    raise click.ClickException(f"the devices did not start within {START:.0f} s; take fewer with --count")

"""The base image the lab's image is built from: pulled, or made with debootstrap where pulling is impossible."""
# ruff: noqa: S603, S607 - fixed commands with words of our own, found where the system has them

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from lab.selftest.engine import Engine, NoEngineError

PULLED = "python:3.11-slim-bookworm"
MADE = "auditor-lab-base:bookworm"
MIRROR = "http://deb.debian.org/debian"
PULL = 60
DEBOOTSTRAP = 420
"""Seconds these may take."""
KEPT = Path("out") / "lab-base.tar"
"""Where a made base is kept for the next time (ignored by git)."""


@contextlib.contextmanager
def base(engine: Engine) -> Iterator[str]:
    """Give the name of a base image, taken away again if the engine did not have it; NoEngineError without one."""
    for name in (MADE, PULLED):
        if engine.docker("images", "--quiet", name).strip():
            yield name
            return
    name = PULLED
    if KEPT.exists() or engine.own or not _pulled(engine):  # an engine of our own has no way to any registry
        if not KEPT.exists():
            _make()
        name = MADE
        engine.docker("import", str(KEPT.resolve()), MADE)
    try:
        yield name
    finally:
        engine.docker("rmi", name, check=False)


def _pulled(engine: Engine) -> bool:
    try:
        subprocess.run(
            ["docker", "pull", "--quiet", PULLED],
            env={**os.environ, **engine.environment},
            capture_output=True,
            timeout=PULL,
            check=True,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return False
    return True


def _make() -> None:
    """Make a minimal Debian with Python as a tar file."""
    if shutil.which("debootstrap") is None:
        raise NoEngineError("a base image cannot be pulled, and there is no debootstrap to make a base with")
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="lab-base-") as folder:
        root = Path(folder) / "root"
        command = [
            "debootstrap",
            "--variant=minbase",
            "--include=python3-venv",
            "bookworm",
            str(root),
            MIRROR,
        ]
        try:
            subprocess.run(command, capture_output=True, timeout=DEBOOTSTRAP, check=True)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            raise NoEngineError(
                f"a base image cannot be pulled, and debootstrap did not make a base either: {error}"
            ) from error
        for path in ("var/cache/apt/archives", "var/lib/apt/lists", "usr/share/doc", "usr/share/locale"):
            shutil.rmtree(root / path, ignore_errors=True)
        unfinished = KEPT.with_suffix(".new")
        subprocess.run(["tar", "-C", str(root), "-cf", str(unfinished), "."], check=True)
        unfinished.replace(KEPT)

"""A Docker engine to use: one that runs already, or one started for this test and stopped after it.

An engine of our own lives in a network and mount namespace of its own: its bridges, rules and mounts end with it.
"""
# ruff: noqa: S603, S607 - fixed commands with words of our own, found where the system has them

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

START = 40.0
"""Seconds an engine may take to start."""


class NoEngineError(Exception):
    """No Docker engine can be used here; the message says why."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A running engine and the words that talk to it."""

    environment: Mapping[str, str]
    compose: tuple[str, ...]
    own: bool
    """Started for this test."""

    def docker(self, *words: str, check: bool = True) -> str:
        """Run one docker command and return what it printed; CalledProcessError when it failed."""
        return self._run("docker", *words, check=check)

    def compose_run(self, *words: str, check: bool = True) -> str:
        """Run one compose command and return what it printed."""
        return self._run(*self.compose, *words, check=check)

    def last_words(self, container: str) -> str:
        """Return the last lines a container printed, on either stream."""
        said = subprocess.run(
            ["docker", "logs", "--tail", "4", container],
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return said.stdout[-600:]

    def _run(self, *command: str, check: bool) -> str:
        ended = subprocess.run(
            command,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        if check and ended.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} ended with {ended.returncode}: {ended.stderr[-2000:]}")
        return ended.stdout


@contextlib.contextmanager
def engine() -> Iterator[Engine]:
    """Give an engine; NoEngineError where none runs and none can be started."""
    if shutil.which("docker") is None:
        raise NoEngineError("there is no docker command (Debian: apt-get install docker.io docker-compose)")
    compose = _compose()
    if _answers({}):
        yield Engine({}, compose, own=False)
        return
    if os.geteuid() != 0:
        raise NoEngineError("no engine answers, and starting one needs root")
    if shutil.which("dockerd") is None:
        raise NoEngineError("no engine answers, and there is no dockerd to start (Debian: docker.io)")
    with (
        tempfile.TemporaryDirectory(prefix="lab-engine-", ignore_cleanup_errors=True) as folder,
        _started(Path(folder)) as environment,
    ):
        yield Engine(environment, compose, own=True)


def _compose() -> tuple[str, ...]:
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    if plugin.returncode == 0:
        return ("docker", "compose")
    if shutil.which("docker-compose"):
        return ("docker-compose",)
    raise NoEngineError("there is neither `docker compose` nor docker-compose (Debian: docker-compose)")


def _answers(environment: Mapping[str, str]) -> bool:
    try:
        return (
            subprocess.run(
                ["docker", "info"],
                env={**os.environ, **environment},
                capture_output=True,
                timeout=10,
                check=False,
            ).returncode
            == 0
        )
    except subprocess.TimeoutExpired:
        return False


@contextlib.contextmanager
def _started(folder: Path) -> Iterator[Mapping[str, str]]:
    """Start an engine with all its files in a folder of its own; stop it at the end."""
    log, address = folder / "log", f"unix://{folder}/sock"
    with log.open("wb") as stream:
        server = subprocess.Popen(
            [
                *("unshare", "--net", "--mount", "sh", "-c", 'ip link set lo up; exec dockerd "$@"', "sh"),
                *("--data-root", str(folder / "data"), "--exec-root", str(folder / "exec")),
                *("--pidfile", str(folder / "pid"), "--host", address),
            ],
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
    try:
        environment = {"DOCKER_HOST": address}
        deadline = time.monotonic() + START
        while not _answers(environment):
            if server.poll() is not None or time.monotonic() > deadline:
                raise NoEngineError(f"an engine was started but does not answer: {_last_words(log)}")
            time.sleep(0.5)
        yield environment
    finally:
        server.terminate()
        try:
            server.wait(timeout=30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(timeout=10)


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return lines[-1][-300:] if lines else "it said nothing"

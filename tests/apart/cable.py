"""Two network namespaces joined by one cable and to nothing else."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest


def run(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=60).stdout


@dataclass(frozen=True)
class Cable:
    here: str
    there: str

    def up(self, name: str, *addresses: str, mac: str = "") -> None:
        link = "veth-here" if name == self.here else "veth-there"
        if mac:
            run("ip", "-n", name, "link", "set", link, "address", mac)
        for address in addresses:
            run(
                "ip", "-n", name, "addr", "add", address, "dev", link, *(("nodad",) if ":" in address else ())
            )
        for one in ("lo", link):
            run("ip", "-n", name, "link", "set", one, "up")


@contextmanager
def cable() -> Iterator[Cable]:
    made = Cable(f"apart-here-{os.getpid()}", f"apart-there-{os.getpid()}")
    try:
        for name in (made.here, made.there):
            run("ip", "netns", "add", name)
        run("ip", "-n", made.here, "link", "add", "veth-here", "type", "veth", "peer", "name", "veth-there")
        run("ip", "-n", made.here, "link", "set", "veth-there", "netns", made.there)
        yield made
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no network namespaces here: {error}")
    finally:
        for name in (made.here, made.there):
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)

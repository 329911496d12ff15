"""nmap's command line: targets, ports and rates from the scope and the audit, arguments and scripts from the allow-list.

The list is fingerprints/imports/nmap.yaml; nothing else reaches nmap's command line.
"""

import re
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from auditor.resources import fingerprints
from auditor.run.nmap_found import CannotTellError, version
from auditor.run.nmap_probes import reduced, service_probes
from auditor.run.plan import Audit
from auditor.scope import Scope

_SCRIPT = re.compile(r"[a-z0-9-]+")


class NmapError(RuntimeError):
    """nmap cannot do what is asked of it; the message says what to install or change."""

    exit_code = 5


@dataclass(frozen=True, slots=True)
class Rules:
    """What nmap is let do."""

    oldest: tuple[int, int]
    install: str
    arguments: tuple[str, ...]
    scripts: tuple[str, ...]
    """Those that may be run on every port that is asked."""
    narrow: Mapping[str, frozenset[int]]
    """By name of a script that has a round of its own, the only ports it may be run on."""
    probes: Mapping[str, Mapping[str, str]]
    """By name of the version probe, the ports it may be sent to."""


@cache
def rules() -> Rules:
    """Return the reviewed allow-list."""
    path = fingerprints() / "imports" / "nmap.yaml"
    given = yaml.safe_load(path.read_text(encoding="utf-8"))
    major, _, minor = str(given["oldest"]).partition(".")
    scripts = tuple(one["name"] for one in given["scripts"] if "ports" not in one)
    narrow = {
        one["name"]: frozenset(int(port) for port in str(one["ports"]).split(","))
        for one in given["scripts"]
        if "ports" in one
    }
    if not all(_SCRIPT.fullmatch(name) for name in (*scripts, *narrow)):
        raise ValueError(f"{path}: scripts must be single names, not patterns or categories")
    return Rules(
        (int(major), int(minor)),
        given["install"],
        tuple(word for one in given["arguments"] for word in shlex.split(one["text"])),
        scripts,
        narrow,
        {
            one["name"]: {key: one[key] for key in ("ports", "sslports") if key in one}
            for one in given["probes"]
        },
    )


def program() -> str:
    """Return the path of an nmap that is new enough; NmapError says what to install otherwise."""
    allowed = rules()
    oldest = ".".join(str(part) for part in allowed.oldest)
    path = shutil.which("nmap") or "nmap"
    try:
        found = version(path)
    except CannotTellError as error:
        raise NmapError(
            f"--engine nmap needs nmap {oldest} or newer; which one is here is not known: {error}"
        ) from error
    if found is None:
        raise NmapError(
            f"--engine nmap needs nmap {oldest} or newer, and there is none here. {allowed.install}"
        )
    if found < allowed.oldest:
        shown = ".".join(str(part) for part in found)
        raise NmapError(f"nmap {shown} is too old; {oldest} or newer is needed. {allowed.install}")
    return path


def arguments(scope: Scope, audit: Audit, scripts: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return nmap's arguments for this scope and audit: how, how fast, which scripts. Never targets or ports.

    Without `scripts` they are those that may be run on every port.
    """
    allowed, pace = rules(), scope.pace
    rate = min(pace.packets_per_second, pace.packets_per_second_subnet)
    delay = round(1000 / pace.packets_per_second_host)
    at_once = max(1, min(pace.concurrent_devices, 64))
    # With a delay nmap sends to a host one packet at a time anyway, and ignores the other limit.
    spread = ("--scan-delay", f"{delay}ms") if delay else ("--max-parallelism", f"{at_once}")
    return (
        *allowed.arguments,
        *("--max-rate", f"{max(rate, 1):.0f}"),
        *spread,
        *("--max-hostgroup", "64"),
        # nmap counts the time a host waits for others of its group, and tells nothing of a host that took longer.
        *("--host-timeout", f"{4 * audit.device_seconds:.0f}s"),
        *("--script", ",".join(scripts or allowed.scripts)),
        *("--script-timeout", "30s"),
    )


def version_probes(folder: Path) -> tuple[str, ...]:
    """Return the words that make nmap ask for versions with the reviewed probes; none where its own are not found."""
    source = service_probes()
    if source is None:
        return ()
    own = folder / "probes"
    with source.open(encoding="latin-1") as lines, own.open("w", encoding="latin-1") as copy:
        copy.writelines(reduced(lines, rules().probes))
    return ("-sV", "--version-intensity", "0", "--versiondb", str(own))

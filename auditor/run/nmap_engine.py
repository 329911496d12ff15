"""nmap as the engine of a run: it connects and asks, within the scope, and its results are read as imports are.

Targets, ports and rates come from the scope and the audit; arguments and scripts from the allow-list in
fingerprints/imports/nmap.yaml, and nothing else reaches nmap's command line.
"""

import logging
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from pathlib import Path

import nmap
import yaml

from auditor.intake import Problem, nmap_xml
from auditor.model import Exchange, Grant, Method, Protocol
from auditor.net import Stop
from auditor.probes import sdk
from auditor.resources import fingerprints
from auditor.run.imports import Importer
from auditor.run.nmap_probes import reduced, service_probes
from auditor.run.plan import Audit
from auditor.scope import OutsideScopeError, Scope

logger = logging.getLogger(__name__)

SOURCE = "nmap"
TOGETHER = 256
"""Addresses handed to one nmap; the stop is heard between two of them and by the one at work."""

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
    path = shutil.which("nmap")
    try:
        found = nmap.PortScanner(nmap_search_path=(path or "nmap",))
    except nmap.PortScannerError as error:
        raise NmapError(
            f"--engine nmap needs nmap {oldest} or newer, and there is none here. {allowed.install}"
        ) from error
    version = tuple(int(part) for part in found.nmap_version())
    if version < allowed.oldest:
        shown = ".".join(str(part) for part in version)
        raise NmapError(f"nmap {shown} is too old; {oldest} or newer is needed. {allowed.install}")
    return path or "nmap"


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


def _version_probes(folder: Path) -> tuple[str, ...]:
    """Return the words that make nmap ask for versions with the reviewed probes; none where its own are not found."""
    source = service_probes()
    if source is None:
        return ()
    own = folder / "probes"
    with source.open(encoding="latin-1") as lines, own.open("w", encoding="latin-1") as copy:
        copy.writelines(reduced(lines, rules().probes))
    return ("-sV", "--version-intensity", "0", "--versiondb", str(own))


@dataclass(slots=True)
class NmapEngine:
    """One run made by nmap: it sends, we read. Refused before anything is sent when scope or nmap do not suffice."""

    scope: Scope
    audit: Audit
    stop: Stop
    clock: Callable[[], datetime]
    swept: int = 0
    ended: str = ""
    """Why it ended early; empty when it did not."""
    _program: str = field(default_factory=program)

    def __post_init__(self) -> None:
        if Method.NMAP not in self.scope.methods:
            raise OutsideScopeError(
                "the scope does not allow nmap; add it under [methods] if your authorisation covers it"
            )

    def run(self, importer: Importer) -> None:
        """Ask nmap about everything the scope grants, a piece at a time, and fill the importer."""
        for grants in self._pieces():
            if self.stop.is_set():
                self.ended = self.stop.reason
                return
            importer.take_all(self._ask(grants, importer))
            if not self.ended:
                self.swept += len(grants)

    def _pieces(self) -> Iterator[tuple[Grant, ...]]:
        waiting: list[Grant] = []
        for grant in self.scope.grants(at=self.clock()):
            if waiting and (
                len(waiting) == TOGETHER or (":" in grant.address) != (":" in waiting[0].address)
            ):
                yield tuple(waiting)
                waiting = []
            waiting.append(grant)
        if waiting:
            yield tuple(waiting)

    def _ask(self, grants: tuple[Grant, ...], importer: Importer) -> Iterator[Exchange]:
        """Ask granted addresses, exactly those; then run the scripts kept to some ports where these were found open."""
        found: dict[int, set[str]] = {}
        for one in self._once(grants, importer, self._ports()):
            if any(name == "nmap.port" for name, _ in one.observed):
                found.setdefault(one.endpoint.port, set()).add(one.device)
            yield one
        for script, allowed in rules().narrow.items():
            ports = tuple(sorted(allowed & found.keys()))
            holders = set().union(*(found[port] for port in ports))
            again = tuple(one for one in grants if one.address in holders)
            if again and not self.ended:
                second = self._once(again, importer, ports, script)
                yield from (one for one in second if one.protocol is not Protocol.OBSERVED)

    def _ports(self) -> tuple[int, ...]:
        """Return what the first round asks; private ports only where they were asked for by number."""
        private = () if self.audit.ports else sdk.PORTS
        return tuple(port for port in self.audit.swept_ports if port not in private)

    def _once(
        self, grants: tuple[Grant, ...], importer: Importer, ports: tuple[int, ...], *scripts: str
    ) -> Iterator[Exchange]:
        """Run nmap once and read its XML like anybody's."""
        with tempfile.TemporaryDirectory(prefix="auditor-nmap-") as folder:
            path = Path(folder) / "nmap.xml"
            versions = () if scripts else _version_probes(Path(folder))
            words = (*self._words(grants, path, ports, scripts), *versions)
            logger.info("%s", shlex.join(words))
            said = self._run(words)
            if self.ended and not path.exists():
                return
            if not path.exists() or not path.stat().st_size:
                raise NmapError(f"nmap ended without a result: {said.strip()[:500] or 'it said nothing'}")

            def tell(problem: Problem) -> None:
                if not self.ended:  # an nmap we ended leaves an unfinished file
                    importer.note(f"nmap: {problem.what}")

            for exchange in nmap_xml.read(path, tell, self.clock()):
                yield replace(exchange, source=SOURCE, id="")

    def _words(
        self, grants: tuple[Grant, ...], path: Path, ports: tuple[int, ...], scripts: tuple[str, ...]
    ) -> tuple[str, ...]:
        """Return nmap's whole command line; addresses come from grants alone, so none can be an option."""
        family = ("-6",) if ":" in grants[0].address else ()
        listed = ",".join(str(port) for port in ports)
        own = (*arguments(self.scope, self.audit, scripts), *family, "-p", listed, "-oX", str(path))
        return (self._program, *own, *(grant.address for grant in grants))

    def _run(self, words: tuple[str, ...]) -> str:
        """Run nmap to its end, or end it within a second of being told to; return what it complained of."""
        with tempfile.TemporaryFile() as complaints:
            with subprocess.Popen(  # noqa: S603  the words are ours and the addresses granted
                words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=complaints
            ) as process:
                while process.poll() is None:
                    if self.stop.is_set():
                        process.kill()
                        self.ended = self.stop.reason
                    try:
                        process.wait(0.2)
                    except subprocess.TimeoutExpired:
                        continue
            complaints.seek(0)
            return complaints.read(4096).decode("utf-8", "replace")

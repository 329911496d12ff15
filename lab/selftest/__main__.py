"""Build the image, put the town up, audit it from the station, judge the audit, take everything down.

Exit code 0 when all is as it must be, and where there is no engine to try it with (which is said); else 1.
"""
# ruff: noqa: S603 - a script of our own

import json
import subprocess
import sys
import time
from collections.abc import Callable

from lab.demo import differences
from lab.emulator import wall_clock
from lab.selftest.base import base
from lab.selftest.engine import Engine, NoEngineError, engine
from lab.town import read_town
from lab.town.compose import FILE
from lab.town.house import ready

TOWN = "municipality"
PROJECT = "auditor-lab-test"
UP = 60.0
"""Seconds the town may take from `up` until every device listens."""
MEMORY = 1 << 30
"""Bytes all containers may take together."""


def main() -> int:
    """Run the test once."""
    try:
        with engine() as found:
            _say("an engine was started for this test" if found.own else "the engine that runs here is used")
            with base(found) as image:
                return _with(found, image)
    except NoEngineError as error:
        _say(f"NOT TESTED: the compose lab needs a Docker engine, and {error}")
        return 0


def _say(text: str) -> None:
    sys.stderr.write(f"test-lab: {text}\n")
    sys.stderr.flush()


def _with(found: Engine, image: str) -> int:
    trial = Engine({**found.environment, "AUDITOR_LAB_BASE": image}, found.compose, own=found.own)
    _say(f"base image {image}")
    subprocess.run(
        [str(FILE.parent / "image" / "wheels.sh"), sys.executable], check=True, capture_output=True
    )

    def compose(*words: str) -> str:
        return trial.compose_run("-p", PROJECT, "-f", str(FILE), *words)

    try:
        began = time.monotonic()
        compose("build")
        _say(f"built in {time.monotonic() - began:.0f} s")
        problems = _try(trial, compose)
    except RuntimeError as error:
        problems = [str(error)]
    finally:
        compose("down", "--volumes", "--remove-orphans")
        trial.docker("rmi", "auditor-lab:local", check=False)
    problems += _left(trial)
    for one in problems:
        _say(f"WRONG: {one}")
    _say("all is as it must be; nothing is left behind" if not problems else f"{len(problems)} problems")
    return 1 if problems else 0


def _try(trial: Engine, compose: Callable[..., str]) -> list[str]:
    problems = []
    began = time.monotonic()
    compose("up", "--detach")
    residents = len(read_town(TOWN).residents)
    while not _all_listen(compose, residents + 1):
        if time.monotonic() - began > UP * 2:
            raise RuntimeError(f"not every container listens after {UP * 2:.0f} s: {_silent(trial, compose)}")
        time.sleep(0.5)
    seconds = time.monotonic() - began
    _say(f"{residents} devices, router and station up in {seconds:.0f} s")
    if seconds > UP:
        problems.append(f"up took {seconds:.0f} s, more than {UP:.0f}")
    taken, containers = _memory(trial)
    _say(f"{containers} containers take {taken >> 20} MiB")
    if taken > MEMORY:
        problems.append(f"{taken >> 20} MiB are taken, more than {MEMORY >> 20}")
    problems += _published(trial) + _privileged(trial)
    compose("exec", "-T", "station", "auditor", "scan", "--scope", "scope.toml", "--db", "audit.sqlite")
    problems += _unheard_by_arp(compose)
    problems += _compare(compose)
    verdict = json.loads(_conduct(compose))
    problems += [f"conduct: {one['why']} ({one['device']})" for one in verdict["alarms"]]
    _say(f"{verdict['requests']} requests to {verdict['devices']} devices, {len(verdict['alarms'])} alarms")
    return problems


def _all_listen(compose: Callable[..., str], wanted: int) -> bool:
    """Tell whether every device has opened its file of the sensor, which it does when its ports are open."""
    listed = compose(
        "exec", "-T", "station", "sh", "-c", "ls /sensor/*.ready 2>/dev/null | wc -l; ls scope.toml || true"
    )
    count, _, scope = listed.strip().partition("\n")
    return int(count or 0) >= wanted and bool(scope)


def _silent(trial: Engine, compose: Callable[..., str]) -> str:
    """Say what the containers that do not listen said last, the first few of them."""
    try:
        ready = compose("exec", "-T", "station", "ls", "/sensor").split()
    except RuntimeError:  # the station itself is gone
        ready = []
    listed = trial.docker(
        *("ps", "--all", "--filter", f"label=com.docker.compose.project={PROJECT}"),
        *("--format", "{{.Names}} {{.State}}"),
    )
    told = []
    for name, state in (line.split() for line in listed.splitlines()):
        service = name.removeprefix(PROJECT)[1:-2]
        if f"{service}.ready" not in ready:
            told.append(f"{service} ({state}) {trial.last_words(name)!r}")
    return "; ".join(told[:5])


def _memory(trial: Engine) -> tuple[int, int]:
    """Add up what the engine says each container of the town takes."""
    listed = trial.docker("ps", "--quiet", "--filter", f"label=com.docker.compose.project={PROJECT}").split()
    said = trial.docker("stats", "--no-stream", "--format", "{{.MemUsage}}", *listed)
    units = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
    taken = 0
    for line in said.splitlines():
        amount = line.split("/")[0].strip()
        taken += int(float(amount[:-3]) * units[amount[-3:]]) if amount[-3:] in units else 0
    return taken, len(listed)


def _published(trial: Engine) -> list[str]:
    """Say which containers open a port on the host; none may."""
    listed = trial.docker(
        *("ps", "--filter", f"label=com.docker.compose.project={PROJECT}"),
        *("--format", "{{.Names}} {{.Ports}}"),
    )
    return [f"published on the host: {line}" for line in listed.splitlines() if "->" in line]


def _privileged(trial: Engine) -> list[str]:
    """Say in which containers something runs as root, or with a capability; nothing may."""
    listed = trial.docker(
        *("ps", "--filter", f"label=com.docker.compose.project={PROJECT}", "--format", "{{.Names}}")
    )
    wrong = []
    for name in listed.split():
        status = trial.docker("exec", name, "cat", "/proc/1/status")
        told = {key: value.split() for key, _, value in (line.partition(":") for line in status.splitlines())}
        if "0" in told["Uid"] or int(told["CapEff"][0], 16) or int(told["CapPrm"][0], 16):
            wrong.append(
                f"runs with privileges: {name} (Uid {told['Uid']}, CapEff {told['CapEff']}, CapPrm {told['CapPrm']})"
            )
    _say(
        f"{len(listed.split()) - len(wrong)} of {len(listed.split())} containers run without root and capabilities"
    )
    return wrong


def _compare(compose: Callable[..., str]) -> list[str]:
    listed = compose("exec", "-T", "station", "auditor", "devices", "--db", "audit.sqlite", "--jsonl")
    found = [json.loads(line) for line in listed.splitlines() if line.strip()]
    truth = ready(read_town(TOWN), clock=wall_clock)
    stages_own = {one.gateway for one in read_town(TOWN).networks}
    wrong = [
        one for one in differences(truth, found) if not (one.name == "mac" and one.address in stages_own)
    ]
    right = len({str(one["address"]) for one in truth} - {one.address for one in wrong})
    _say(f"{right} of {len(truth)} addresses are found and are what the lab says they are")
    return [f"{one.address} {one.persona}: {one.name} is {one.truth!r}, found {one.found!r}" for one in wrong]


def _unheard_by_arp(compose: Callable[..., str]) -> list[str]:
    """Say so where the station, which is an ordinary user, could not ask its segments by ARP."""
    listed = compose("exec", "-T", "station", "auditor", "export", "transcript", "--db", "audit.sqlite")
    return (
        [] if '"protocol": "arp"' in listed or '"protocol":"arp"' in listed else ["nobody was asked by ARP"]
    )


def _conduct(compose: Callable[..., str]) -> str:
    granted = [word for one in read_town(TOWN).networks for word in ("--granted", one.cidr)]
    return compose(
        *("exec", "-T", "station", "sh", "-c"),
        f"auditor-lab conduct /sensor --json {' '.join(granted)} || test $? -eq 1",
    )


def _left(trial: Engine) -> list[str]:
    """Say what of the project is still there after `down`."""
    left = []
    for kind in (("ps", "--all"), ("network", "ls"), ("volume", "ls")):
        listed = trial.docker(*kind, "--quiet", "--filter", f"label=com.docker.compose.project={PROJECT}")
        left += [f"left behind ({kind[0]}): {one}" for one in listed.split()]
    return left


if __name__ == "__main__":
    raise SystemExit(main())

"""`make demo`: the town on loopback, the whole job against it, a report, and a comparison with what is true.

The auditor is used as its users use it, by its commands; nothing of it is imported here.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.emulator.namespace import NamespaceRefusedError, enter

NETWORK = "127.77.0.0/24"
SHIFT = 20_000
COMPARED = ("maker", "brand", "kind", "model", "firmware", "build_date", "serial", "mac")

SCOPE = """\
schema_version = 1

[authorisation]
reference = "DEMO"
issued_by = "make demo: emulated devices on this machine's loopback"
contact = "nobody@example.org"
valid_from = 2020-01-01T00:00:00Z
valid_until = 2100-01-01T00:00:00Z

[[site]]
name = "town-hall"
owner = "IT office"
networks = ["127.77.0.1-127.77.0.63"]

[[site]]
name = "school"
owner = "School administration"
networks = ["127.77.0.64-127.77.0.254"]
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field in which what was found is not what is true."""

    address: str
    persona: str
    name: str
    truth: str | None
    found: str | None


def differences(
    truth: Sequence[Mapping[str, object]], found: Sequence[Mapping[str, object]]
) -> Iterator[Difference]:
    """Compare the lab's own word on each device with the audit's, field by field, unknown with null."""
    by_address = {str(one["address"]): one for one in found}
    for device in truth:
        address, stated = str(device["address"]), device["is"]
        assert isinstance(stated, dict)
        seen = by_address.get(address, {})
        for name in COMPARED:
            claim = seen.get(name)
            value = claim.get("value") if isinstance(claim, dict) else None
            true = stated.get(name)
            if (true or None) != (value or None):
                yield Difference(address, str(device["persona"]), name, true, value)


def main() -> int:
    """Run the demo; exit code 0 when every device was found and is what it is."""
    arguments = _arguments()
    out: Path = arguments.out
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    shift = _place()
    (out / "scope.toml").write_text(SCOPE, encoding="utf-8")
    began = time.monotonic()
    lab = _start_lab(out, shift)
    try:
        town = _await(out / "ready.json", lab)
        _say(
            f"{len(town)} emulated devices on {NETWORK}"
            + (f", every port shifted by {shift}" if shift else "")
        )
        codes = [_auditor(out, *words) for words in _steps(shift)]
    finally:
        lab.terminate()
        lab.wait(timeout=20)
    if any(code not in {0, 1} for code in codes):
        _say("a step failed; its words stand above")
        return 1
    return _judge(out, town, time.monotonic() - began)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out/demo"))
    return parser.parse_args()


def _say(text: str) -> None:
    sys.stderr.write(f"demo: {text}\n")
    sys.stderr.flush()


def _place() -> int:
    """Move into a namespace with real ports where the kernel allows it; return the port shift needed otherwise."""
    try:
        enter()
    except NamespaceRefusedError as error:
        _say(str(error))
        return SHIFT
    return 0


def _start_lab(out: Path, shift: int) -> "subprocess.Popen[bytes]":
    interface = () if shift else ("--interface", "127.0.0.1")
    return subprocess.Popen(  # noqa: S603  our own program with our own words
        [
            *(
                sys.executable,
                "-m",
                "lab.cli",
                "up",
                "--network",
                NETWORK,
                "--port-shift",
                str(shift),
                *interface,
            ),
            *("--journal", str(out / "sensor.jsonl"), "--ready-file", str(out / "ready.json")),
        ],
        stderr=(out / "lab.log").open("wb"),
    )


def _await(ready: Path, lab: "subprocess.Popen[bytes]") -> list[dict[str, object]]:
    for _ in range(1200):
        if ready.exists():
            devices = json.loads(ready.read_text(encoding="utf-8"))["devices"]
            assert isinstance(devices, list)
            return devices
        if lab.poll() is not None:
            break
        time.sleep(0.05)
    raise SystemExit(f"demo: the emulated devices did not start; see {ready.parent / 'lab.log'}")


def _steps(shift: int) -> Iterator[tuple[str, ...]]:
    shifted = ("--port-shift", str(shift)) if shift else ()
    yield ("scope", "check", "scope.toml")
    yield ("scan", "--scope", "scope.toml", "--db", "audit.sqlite", *shifted)
    yield ("assess", "--db", "audit.sqlite")
    yield ("report", "--db", "audit.sqlite", "--format", "html,csv,jsonl", "-o", "report")


def _auditor(out: Path, *words: str) -> int:
    _say("auditor " + " ".join(words))
    log = (out / f"{words[0]}.txt").open("wb")
    command = [sys.executable, "-m", "auditor.cli", *words]
    ended = subprocess.run(command, cwd=out, stdout=log, check=False)  # noqa: S603  our own program
    return ended.returncode


def _judge(out: Path, town: Sequence[Mapping[str, object]], seconds: float) -> int:
    listed = subprocess.run(
        [sys.executable, "-m", "auditor.cli", "devices", "--db", "audit.sqlite", "--jsonl"],
        cwd=out,
        stdout=subprocess.PIPE,
        check=True,
    )
    found = [json.loads(line) for line in listed.stdout.splitlines() if line.strip()]
    wrong = list(differences(town, found))
    for one in wrong:
        _say(f"{one.address} {one.persona}: {one.name} is {one.truth!r}, found {one.found!r}")
    conduct = subprocess.run(  # noqa: S603  our own program with our own words
        [sys.executable, "-m", "lab.cli", "conduct", "sensor.jsonl", "--granted", NETWORK],
        cwd=out,
        check=False,
    ).returncode
    right = len({str(one["address"]) for one in town} - {one.address for one in wrong})
    _say(f"{right} of {len(town)} devices are found and are what the lab says they are; {seconds:.0f} s")
    _say(f"the report: {out / 'report.html'}")
    return 1 if wrong or conduct else 0


if __name__ == "__main__":
    raise SystemExit(main())

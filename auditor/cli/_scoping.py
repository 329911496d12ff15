"""From the options scanner users know to a scope that can only be narrower, and the options of a run."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from auditor import saved_text
from auditor.cli._words import Exit, Failure
from auditor.model import Method, Pace
from auditor.scope import Scope, interval, loopback, read

_SECONDS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for, before the scope has its say."""

    targets: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    site: str | None = None
    max_rate: float | None = None
    max_rate_per_host: float | None = None


def scope_for(path: Path | None, wanted: Wanted) -> Scope:
    """Return the scope of the file narrowed to what is wanted; without a file, loopback alone is granted."""
    if path is None and not wanted.targets:
        raise click.UsageError(
            "give --scope scope.toml (`auditor init` writes one); without a scope only loopback targets such as "
            "127.0.0.1 may be named"
        )
    for text in (*wanted.targets, *wanted.exclude):
        try:
            interval(text)
        except ValueError as error:
            raise click.UsageError(f"{error}; host names are not looked up, write addresses") from error
    scope = loopback() if path is None else read(path)
    return scope.narrow(
        targets=wanted.targets,
        exclude=wanted.exclude,
        methods=_methods(wanted.methods),
        pace=_pace(scope.pace, wanted),
        site=wanted.site,
    )


def _methods(names: Sequence[str]) -> frozenset[Method] | None:
    if not names:
        return None
    try:
        return frozenset(Method(name.strip()) for one in names for name in one.split(",") if name.strip())
    except ValueError as error:
        raise click.UsageError(f"--methods: {error}; known are {', '.join(Method)}") from error


def _pace(pace: Pace, wanted: Wanted) -> Pace | None:
    if wanted.max_rate is None and wanted.max_rate_per_host is None:
        return None
    total = wanted.max_rate or pace.packets_per_second
    host = wanted.max_rate_per_host or pace.packets_per_second_host
    return Pace(
        packets_per_second=total,
        packets_per_second_subnet=min(total, pace.packets_per_second_subnet),
        packets_per_second_host=host,
        requests_per_second_host=min(host, pace.requests_per_second_host),
        concurrent_devices=pace.concurrent_devices,
    )


def listed(path: Path) -> tuple[str, ...]:
    """Read targets from a file: separated by blanks or line breaks, `#` begins a comment."""
    try:
        text = saved_text.read(path)
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{path}: cannot be read: {error}", Exit.USAGE) from error
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        for word in line.partition("#")[0].replace(",", " ").split():
            try:
                interval(word)
            except ValueError as error:
                raise Failure(f"{path}:{number}: {error}; correct or remove it") from error
            found.append(word)
    return tuple(found)


def ports(text: str | None) -> tuple[int, ...]:
    """Read `80,554,8000-8010` as ports, in that order; None or empty means the default list."""
    found: list[int] = []
    for part in (text or "").replace(" ", "").split(","):
        if not part:
            continue
        match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", part)
        first = int(match[1]) if match else 0
        last = int(match[2] or match[1]) if match else 0
        if not 1 <= first <= last <= 65_535:
            raise click.BadParameter(
                f"{part!r} is not a port from 1 to 65535 nor a range of them; write 80,554,8000-8010",
                param_hint="-p",
            )
        found += range(first, last + 1)
    return tuple(dict.fromkeys(found))


def seconds(text: str | None) -> float | None:
    """Read `90`, `90s`, `15m`, `2h` or `500ms` as seconds."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h|)", text.strip())
    if not match or float(match[1]) == 0:
        raise click.BadParameter(f"{text!r} is not a time such as 90s, 15m or 2h")
    return float(match[1]) * _SECONDS[match[2]]

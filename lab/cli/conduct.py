"""`auditor-lab conduct`: the sensor's verdict on an audit."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from lab.sensor import Caps, Verdict, judge, read_journal


@click.command("conduct")
@click.argument("journals", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="The verdict as one JSON object.")
@click.option(
    "--max-rate", type=float, default=Caps().packets, show_default=True, help="Contacts a second in all."
)
@click.option(
    "--max-rate-host",
    type=float,
    default=Caps().packets_host,
    show_default=True,
    help="Contacts a second to one device.",
)
@click.option(
    "--max-requests-host",
    type=float,
    default=Caps().requests_host,
    show_default=True,
    help="HTTP, ONVIF and RTSP requests a second to one device.",
)
@click.option(
    "--account", "accounts", multiple=True, help="Device key an account was handed out for, or * for all."
)
@click.option("--granted", multiple=True, metavar="CIDR", help="Networks that may be touched; default: any.")
@click.option("--excluded", multiple=True, metavar="CIDR", help="Networks that may not be touched.")
def command(
    journals: tuple[Path, ...],
    as_json: bool,
    max_rate: float,
    max_rate_host: float,
    max_requests_host: float,
    accounts: tuple[str, ...],
    granted: tuple[str, ...],
    excluded: tuple[str, ...],
) -> None:
    """Judge what the sensor recorded: forbidden requests, rates, addresses.

    JOURNALS are the sensor's files, or folders of them, judged as one.

    Exits with 1 when a rule was broken, 2 when the file cannot be read.

    Example: auditor-lab conduct sensor.jsonl --granted 127.77.0.0/24
    """
    try:
        verdict = judge(
            (event for path in _files(journals) for event in read_journal(path)),
            caps=Caps(max_rate, max_rate_host, max_requests_host),
            accounts=accounts,
            granted=granted,
            excluded=excluded,
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if as_json:
        click.echo(json.dumps({"schema_version": 1, "clean": verdict.clean, **asdict(verdict)}, indent=1))
    else:
        _say(verdict)
    raise SystemExit(0 if verdict.clean else 1)


def _files(journals: tuple[Path, ...]) -> Iterator[Path]:
    for path in journals:
        if path.is_dir():
            yield from sorted(path.glob("*.jsonl"))
        else:
            yield path


def _say(verdict: Verdict) -> None:
    rates = verdict.rates
    click.echo(
        f"{verdict.requests} requests to {verdict.devices} devices in {verdict.seconds:.1f} s "
        f"({', '.join(f'{name} {count}' for name, count in verdict.by_protocol) or 'none'})"
    )
    click.echo(
        f"most in one second: {rates.contacts} contacts in all, {rates.contacts_host} to one device, "
        f"{rates.requests_host} requests to one device{f' ({rates.busiest})' if rates.busiest else ''}"
    )
    for rule, count in Counter(alarm.rule for alarm in verdict.alarms).most_common():
        click.echo(f"BROKEN {rule}: {count} times")
    for alarm in verdict.alarms[:20]:
        asked = alarm.request.split("\r\n", 1)[0][:100]
        click.echo(f"  {alarm.device} {alarm.protocol}/{alarm.port}: {alarm.why}: {asked!r}")
    click.echo("conduct: clean" if verdict.clean else f"conduct: {len(verdict.alarms)} alarms")

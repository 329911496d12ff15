"""`auditor show`: why we say what we say of a device, down to the bytes it sent."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path

import click

from auditor.cli import _forms
from auditor.cli._findings import acceptance_words
from auditor.cli._moment import until
from auditor.cli._reading import database, moment_asked
from auditor.cli._words import Failure, say_json, shown, shown_bytes
from auditor.fingerprint import Vocabulary, vocabulary
from auditor.model import Claim, Device, Exchange, Match, State
from auditor.store import Access, Store

_QUOTED = 160
_LINES = 24
"""Lines of bytes shown of each exchange, unless --all."""


@click.command(epilog="Example:  auditor show 192.0.2.17 --db audit.sqlite")
@click.argument("device")
@database("The database of a scan.")
@click.option("--run", "name", metavar="RUN", help="As this run alone heard it.")
@moment_asked()
@click.option(
    "--all", "everything", is_flag=True, help="Show every exchange, whole, not only those a claim rests on."
)
@click.option("--json", "as_json", is_flag=True, help="Everything as one JSON object, bytes in base64.")  # fmt: skip
def command(
    device: str, db: Path, name: str | None, as_of: datetime | None, everything: bool, as_json: bool
) -> int:
    """Show what is held of DEVICE and why: claims, rules, observations, and the bytes behind them.

    DEVICE is a key (site/address), an address now or before, a MAC address or a serial number. For an address, who is
    there now comes first, then who was there before.
    """
    from auditor.run.picture import picture  # noqa: PLC0415 - takes time that --help need not

    with Store.open(db, Access.READ) as store:
        numbers = store.named(device)
        known = picture(store, run=name, as_of=until(store, as_of), with_bytes=True, numbers=numbers)
        found = sorted(known.devices, key=lambda one: (one.address != device, not one.is_present, one.key))
        if not found:
            raise Failure(f"{db}: no device {device!r}; `auditor devices --db {db}` lists them")
        if as_json:
            listed = [_forms.device_in_full(one) for one in found]
            say_json(listed[0] if len(listed) == 1 else {"schema_version": 1, "devices": listed})
            return 0
        for one in found:
            if len(found) > 1 and one is not found[0]:
                click.echo("")
            history, sites = store.addresses(one.key), store.sites(one.key)
            for line in _lines(one, vocabulary(), history, sites, everything=everything):
                click.echo(line)
    return 0


_History = tuple[tuple[str, datetime | None, datetime | None], ...]


def _lines(
    one: Device, terms: Vocabulary, history: _History, sites: _History, *, everything: bool
) -> Iterator[str]:
    yield f"{shown(one.key)}{_key(one)}  at {shown(one.address)}, site {shown(one.site)}"
    if not one.granted:
        yield "  answered from outside the scope; it was not contacted"
    for site, first, last in sites if len(sites) > 1 else ():
        yield f"  heard at site {shown(site)} {_span(first, last)}"
    for address, first, last in history if len(history) > 1 else ():
        yield f"  address {shown(address)} {_span(first, last)}"
    ports = ", ".join(f"{port}/{transport}" for transport, port in one.ports)
    yield f"  answered on {ports or 'no port'}"
    yield f"  {_presence(one)}"
    if one.behind:
        yield f"  several devices share the address {shown(one.behind)}, as behind a port forward; this is one of them"
    if one.first_seen and one.last_seen:
        yield f"  seen first {one.first_seen:%Y-%m-%d %H:%M} UTC, last {one.last_seen:%Y-%m-%d %H:%M} UTC ({one.source})"
    for account in one.accounts:
        when = f", {account.at:%Y-%m-%d %H:%M} UTC" if account.at else ""
        yield f"  account: {shown(account.words)}{when}"
    yield ""
    if not one.identity.claims:
        yield "Nothing could be told from what it answered."
    for claim in one.identity.claims:
        yield from _claim(claim, terms)
    for contradiction in one.identity.contradictions:
        against = contradiction.against
        yield f"! {contradiction.name}: it also says {shown(against.value)} ({against.certainty}); not followed, since"
        yield from _matches(against.because)
    yield ""
    yield from _findings(one)
    yield from _exchanges(one, everything=everything)


def _span(first: datetime | None, last: datetime | None) -> str:
    """Say from when to when, as far as somebody wrote it down."""
    if last is None:
        return "at a time nobody wrote down"
    began = f"{first:%Y-%m-%d %H:%M}" if first else "a time nobody wrote down"
    return f"from {began} to {last:%Y-%m-%d %H:%M} UTC"


def _presence(one: Device) -> str:
    """Say whether the device is there, as far as anybody looked."""
    since = f" since {one.standing.since:%Y-%m-%d %H:%M} UTC" if one.standing.since else ""
    if one.retired is not None:
        word = f"retired on {one.retired.at:%Y-%m-%d} by {shown(one.retired.by)}: {shown(one.retired.reason)}"
        by = f"; {shown(one.retired.replaced_by)} came in its place" if one.retired.replaced_by else ""
        return f"{word}{by}{'' if one.is_retired else '; BUT IT WAS HEARD SINCE'}"
    match one.standing.state:
        case State.SILENT:
            return (
                f"silent{since}: where it answered before was asked again, and it did not answer; "
                "it may be off, moved or filtered"
            )
        case State.REPLACED:
            return (
                f"replaced{since}: what answers in its place shares nothing with it, so it counts as another device: "
                f"{shown(one.standing.by)}"
            )
        case State.NOT_ASKED:
            return (
                "not asked again where it answered before, or known from other evidence alone: "
                "it may or may not be there"
            )
    return "it answered when it was last asked"


def _key(one: Device) -> str:
    """Explain a key whose end is a number: the nth device known at that address."""
    found = re.search(r"#(\d+)$", one.key)
    is_place = one.address.endswith(found[0]) if found else True
    return "" if is_place or not found else f" (device number {found[1]} known at that address)"


def _claim(claim: Claim, terms: Vocabulary) -> Iterator[str]:
    display = {"maker": terms.maker, "brand": terms.brand}.get(claim.name, str)
    yield f"{claim.name}: {shown(display(claim.value))} ({claim.certainty}), because"
    yield from _matches(claim.because)


def _matches(matches: Sequence[Match]) -> Iterator[str]:
    """Yield reasons rule by rule: what each rests on, then where the rule comes from."""
    for rule, same in groupby(matches, key=lambda one: one.rule):
        grouped = list(same)
        for match in grouped:
            seen = match.observation
            where = (
                f"{shown(seen.exchange.probe)} on {seen.exchange.endpoint}, exchange {seen.exchange.id[:12]}"
            )
            yield f"    {seen.field} = {shown(seen.value, _QUOTED)}   ({where})"
        hearsay = ", hearsay" if grouped[0].nursery else ""
        yield f"      by rule {rule} ({grouped[0].certainty}{hearsay}; {shown(grouped[0].source)})"


def _findings(one: Device) -> Iterator[str]:
    for finding in one.findings:
        yield f"finding {shown(finding.id)}: {finding.verdict}, {finding.severity}, {finding.priority}: {shown(finding.reason)}"
        if words := acceptance_words(finding):
            yield f"    {words}"
    if one.findings:
        yield ""


def _exchanges(one: Device, *, everything: bool) -> Iterator[str]:
    told = {
        match.observation.exchange.id
        for claim in (*one.identity.claims, *(each.against for each in one.identity.contradictions))
        for match in claim.because
    }
    for exchange in one.exchanges:
        if everything or exchange.id in told:
            yield from _exchange(exchange, everything=everything)
    others = sum(exchange.id not in told for exchange in one.exchanges)
    if others and not everything:
        yield f"{others} more exchanges carry no claim; --all shows them"


def _exchange(exchange: Exchange, *, everything: bool) -> Iterator[str]:
    when = f"{exchange.at:%Y-%m-%d %H:%M:%S} UTC" if exchange.at else "at a time nobody wrote down"
    detail = f" ({shown(exchange.detail)})" if exchange.detail else ""
    yield f"exchange {exchange.id[:12]}: {shown(exchange.probe)} on {exchange.endpoint}, {when}: {exchange.status}{detail}"
    yield f"  reply {len(exchange.reply)} bytes, sha256 {exchange.sha256}"
    limit = 1 << 20 if everything else 4096
    for mark, data in ((">", exchange.request), ("<", exchange.reply)):
        lines = shown_bytes(data, limit) if data else ()
        kept = lines if everything else lines[:_LINES]
        yield from (f"  {mark} {line}" for line in kept)
        if len(kept) < len(lines):
            yield f"  {mark} … {len(lines) - len(kept)} more lines; --all shows them"
    yield ""

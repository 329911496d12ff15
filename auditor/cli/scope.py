"""`auditor scope`: say what a scope file grants, refuses and would send, sending nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from auditor.cli._estimate import lines, summary
from auditor.cli._filled_in import unfilled
from auditor.cli._words import Exit, number, say_json, shown, words
from auditor.model import Grant
from auditor.run import Audit, estimate
from auditor.scope import AddressSet, Interval, Refusal, Scope, address_text, read


@dataclass(frozen=True, slots=True)
class Answer:
    """What the scope says to one address now."""

    address: str
    admitted: Grant | Refusal

    @property
    def text(self) -> str:
        """The answer in one line."""
        if isinstance(self.admitted, Refusal):
            return f"{self.address}  refused: {self.admitted.reason}"
        return f"{self.address}  granted at site {self.admitted.site} until {_moment(self.admitted.until)}"


@click.group("scope", epilog="Example:  auditor scope check scope.toml")
def command() -> None:
    """Look at a scope file before anything is sent."""


@command.command(
    "check", epilog="Example:  auditor scope check scope.toml --address 192.0.2.7 --at 2026-12-24T20:00:00Z"
)
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path), default=Path("scope.toml"))
@click.option(
    "--address",
    "addresses",
    multiple=True,
    metavar="ADDR",
    help="Ask whether this address may be touched; may be given again.",
)
@click.option("--site", help="This site of the scope alone.")
@click.option(
    "--at", "at_text", metavar="TIME", help="As of this moment, as 2026-12-24T20:00:00Z; default: now."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def check(
    path: Path, addresses: tuple[str, ...], site: str | None, at_text: str | None, as_json: bool
) -> int:
    """Print what a scope grants and refuses, and what a scan under it would send. Nothing is sent.

    Exit code 3 when nothing is granted at that moment, or an address asked for is refused.
    """
    at = _at(at_text)
    scope = read(path)
    scope = scope.narrow(site=site) if site else scope
    answers = [Answer(shown(address), scope.admit(address, at=at, site=site)) for address in addresses]
    foreseen = estimate(scope, Audit(), at)
    if as_json:
        say_json({**_summary(scope, at, answers), "would_send": summary(foreseen)})
    else:
        for line in (
            *_described(scope, at),
            *(answer.text for answer in answers),
            *lines(foreseen, scope.pace),
        ):
            click.echo(line)
    for blank in unfilled(scope):
        words(f"still to be filled in, `auditor scan` refuses before: {blank}")
    if scope.count(at=at) == 0 and not scope.too_large(at=at):
        words(f"{path} grants no address: list networks under a [[site]]")
        return Exit.REFUSED
    if _closed(scope, at):
        words(f"nothing may be sent at {_moment(at)}: {_closed(scope, at)}")
        return Exit.REFUSED
    return Exit.REFUSED if any(isinstance(one.admitted, Refusal) for one in answers) else Exit.DONE


def _at(text: str | None) -> datetime:
    if text is None:
        return datetime.now(tz=UTC).replace(microsecond=0)  # noqa: TID251  commands are where the clock is read
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(
            f"{text!r} is not a moment such as 2026-12-24T20:00:00Z", param_hint="--at"
        ) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _closed(scope: Scope, at: datetime) -> str:
    """Say why nothing may be sent at that moment, or "" when it may."""
    opening = scope.opening(at)
    if opening is None:
        return f"the authorisation {scope.authorisation.reference} ended {_moment(scope.authorisation.valid_until)}, or no window opens before it does"
    return f"sending may begin {_moment(opening)}" if opening > at else ""


def _described(scope: Scope, at: datetime) -> Iterator[str]:
    paper = scope.authorisation
    yield f"authorisation {shown(paper.reference)}, issued by {shown(paper.issued_by)}, contact {shown(paper.contact)}"
    yield f"valid         {_moment(paper.valid_from)} to {_moment(paper.valid_until)}"
    for site in scope.sites:
        granted = scope.granted(site.name, at)
        owner = f", owner {shown(site.owner)}" if site.owner else ""
        yield f"site          {shown(site.name)}{owner}: {number(granted.count(), 'address')}"
        yield f"              {_networks(granted)}"
        if site.interfaces:
            yield f"              multicast, broadcast and ARP on {', '.join(map(shown, site.interfaces))}"
    for one in scope.exclusions:
        what = one.mac or _networks(one.addresses)
        until = f", until {one.until}" if one.until else ""
        state = "" if one.holds(at) else " (no longer in force)"
        yield f"excluded      {what}: {shown(one.reason)}{until}{state}"
    yield f"windows       {len(scope.windows) or 'none: sending is always allowed while the authorisation is valid'}"
    yield f"methods       {', '.join(sorted(scope.methods)) or 'none'}"
    yield f"digest        {scope.digest}"


def _networks(addresses: AddressSet) -> str:
    texts = [_span(one) for one in addresses.intervals[:8]]
    more = len(addresses.intervals) - len(texts)
    return (", ".join(texts) or "none") + (f" and {more} more ranges" if more else "")


def _span(one: Interval) -> str:
    first, last = address_text(one.version, one.first), address_text(one.version, one.last)
    return first if first == last else f"{first} - {last}"


def _summary(scope: Scope, at: datetime, answers: list[Answer]) -> dict[str, object]:
    paper = scope.authorisation
    return {
        "schema_version": 1,
        "at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "authorisation": {
            "reference": paper.reference,
            "issued_by": paper.issued_by,
            "contact": paper.contact,
        },
        "valid_from": f"{paper.valid_from:%Y-%m-%dT%H:%M:%SZ}",
        "valid_until": f"{paper.valid_until:%Y-%m-%dT%H:%M:%SZ}",
        "may_send": not _closed(scope, at),
        "sites": [
            {
                "name": site.name,
                "owner": site.owner,
                "addresses": scope.granted(site.name, at).count(),
                "networks": list(scope.granted(site.name, at).texts()),
                "interfaces": list(site.interfaces),
            }
            for site in scope.sites
        ],
        "exclusions": [
            {"what": one.mac or list(one.addresses.texts()), "reason": one.reason, "in_force": one.holds(at)}
            for one in scope.exclusions
        ],
        "methods": sorted(scope.methods),
        "digest": scope.digest,
        "answers": [
            {"address": one.address, "granted": isinstance(one.admitted, Grant), "says": one.text}
            for one in answers
        ],
    }

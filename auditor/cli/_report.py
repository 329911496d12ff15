"""What `report` and `export` share: options, and reading a run with everything a document needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from auditor.cli._moment import until
from auditor.cli._reading import database, moment_asked
from auditor.cli._words import words
from auditor.model import Device, Run, Severity
from auditor.reporting import (
    FULL_DEVICES,
    Behind,
    Chosen,
    Context,
    DataAge,
    Evidence,
    Options,
    Source,
    Tlp,
    Words,
)

if TYPE_CHECKING:
    from auditor.run.picture import Picture

_Command = TypeVar("_Command", bound=Callable[..., Any])

_EARLIER_LAWS = "To judge by the laws of an earlier day: auditor assess --dry-run --as-of"
_OPTIONS = (
    database(),
    click.option("--run", "run_id", metavar="ID", help="Only what this run alone heard."),
    click.option(
        "--redact", is_flag=True, help="Mask serials, MACs, device names and locations; withhold replies."
    ),
    click.option("--redact-addresses", is_flag=True, help="As --redact, and mask addresses and sites too."),
    click.option(
        "--tlp",
        type=click.Choice([one.value for one in Tlp]),
        default=Tlp.AMBER.value,
        show_default=True,
        help="How far the document may be passed on (Traffic Light Protocol).",
    ),
    click.option("--title", default="", help="The document's title."),
    click.option(
        "--policy",
        metavar="NAME|FILE",
        help="Judge anew, by this policy, instead of taking the stored findings.",
    ),
    moment_asked("What was known at the end of this day, or at this moment (UTC), judged anew as of then."),
)


def document_options(command: _Command) -> _Command:
    """Give a command the options every document has."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asked for."""

    db: Path
    run_id: str | None = None
    redact: bool = False
    redact_addresses: bool = False
    tlp: Tlp = Tlp.AMBER
    title: str = ""
    policy: str | None = None
    as_of: date | None = None
    until: datetime | None = None
    """What was known by then."""
    evidence: Evidence = Evidence.AUTO
    needs_bytes: bool = False

    @classmethod
    def of(cls, given: Mapping[str, Any], *, needs_bytes: bool) -> "Wish":
        """Take the options click collected."""
        as_of = given["as_of"].date() if given["as_of"] else None
        evidence = Evidence(given.get("evidence", Evidence.AUTO))
        taken = {name: given[name] for name in ("db", "run_id", "title", "policy")}
        hidden = bool(given["redact"] or given["redact_addresses"])
        return cls(
            **taken,
            redact=hidden,
            redact_addresses=bool(given["redact_addresses"]),
            tlp=Tlp(given["tlp"]),
            as_of=as_of,
            until=given["as_of"],
            evidence=evidence,
            needs_bytes=needs_bytes or evidence is Evidence.FULL,
        )


def gather(wish: Wish) -> tuple[Run, tuple[Device, ...], Context]:
    """Read the run and its devices, judge them where nobody has, and say what the document is to be like."""
    from auditor.knowledge import knowledge_book  # noqa: PLC0415 - takes time that --help need not
    from auditor.run.audits import as_of_run, history  # noqa: PLC0415 - as above
    from auditor.run.picture import picture  # noqa: PLC0415 - as above
    from auditor.run.work import work  # noqa: PLC0415 - as above
    from auditor.store import Access, Store  # noqa: PLC0415 - as above

    now = datetime.now(tz=UTC).replace(microsecond=0)  # noqa: TID251 - commands are where the clock is read
    today = (wish.as_of or now.date()) if wish.policy or wish.as_of else None
    with Store.open(wish.db, Access.READ) as store:
        few = wish.needs_bytes or store.count_devices() <= FULL_DEVICES
        as_of = until(store, wish.until, instead=_EARLIER_LAWS)
        known = picture(store, run=wish.run_id, as_of=as_of, with_bytes=few, policy=wish.policy, today=today)
        orders = work(store, known)
        retired = store.words()
        is_whole = not (known.restricted_to or today)
        whole = known if is_whole else as_of_run(store, known.run)
        changes, audits = history(store, whole, today=today or now.date(), policy=wish.policy)
    run, found, basis = _shown(known), known.devices, known.basis
    if wish.tlp in {Tlp.CLEAR, Tlp.GREEN} and not wish.redact:
        words(f"{wish.tlp.mark} says others may read this; serials and locations are in it. See --redact.")
    options = Options(
        now,
        wish.title,
        wish.tlp,
        basis.policy if basis else "",
        wish.redact,
        wish.redact_addresses,
        wish.evidence,
    )
    ages = tuple(
        DataAge(age.what.capitalize(), age.as_of, age.count, age.note) for age in knowledge_book().ages()
    )
    decided = (
        Chosen(basis.policy, basis.version, basis.title, basis.as_of, basis.instruments)
        if basis
        else Chosen()
    )
    behind = _behind(
        known,
        tuple(f"{word.at:%Y-%m-%d}: {word.key} {word.kind} by {word.by}: {word.reason}" for word in retired),
    )
    context = Context(orders, names(), ages, assessed=True, options=options, chosen=decided, behind=behind)
    return run, found, replace(context, changes=changes, audits=audits)


def _shown(known: "Picture") -> Run:
    """Return the run whose coverage a document shows: the last whole audit, with the owners that any run names."""
    owners = dict(pair for one in known.runs for pair in one.owners)
    sites = tuple(dict.fromkeys(site for one in known.runs for site in one.sites))
    return replace(known.main, owners=tuple(owners.items()), sites=sites)


def _behind(known: "Picture", said: tuple[str, ...]) -> Behind:
    """Say which runs are behind a document, and when each site was last audited whole."""
    return Behind(
        tuple(Source(one.id, one.started, one.state, _sort(one)) for one in known.runs),
        tuple(sorted(known.audited.items())),
        known.restricted_to,
        said,
    )


def _sort(run: Run) -> str:
    if run.whole is None:
        return "unknown"
    if run.whole and set(run.whole) >= set(run.sites):
        return "whole"
    return "part" if run.coverage and run.coverage.swept else "other"


def names() -> Words:
    """Return the display names of the vocabulary."""
    from auditor.fingerprint import vocabulary  # noqa: PLC0415 - as above

    known = vocabulary()
    return Words(
        makers={term.name: term.text for term in known.makers},
        brands={brand.slug: brand.name for brand in known.brands},
    )


def has_findings(found: tuple[Device, ...], at_least: str | None) -> bool:
    """Tell whether any finding that holds, or may hold, is as bad as that."""
    from auditor.knowledge import fails  # noqa: PLC0415 - as above

    everything = (finding for device in found for finding in device.findings)
    return at_least is not None and fails(everything, Severity(at_least))

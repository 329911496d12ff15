"""What `report` and `export` share: options, and reading a run with everything a document needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from auditor.cli._words import words
from auditor.model import Device, Run, Severity
from auditor.reporting import FULL_DEVICES, Chosen, Context, DataAge, Evidence, Options, Tlp, Words

_Command = TypeVar("_Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--db",
        type=click.Path(dir_okay=False, path_type=Path),
        default=Path("audit.sqlite"),
        show_default=True,
        help="The audit's database.",
    ),
    click.option("--run", "run_id", metavar="ID", help="Which run; the newest if not given."),
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
    click.option(
        "--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Judge anew, as of this day; today with --policy."
    ),
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
            evidence=evidence,
            needs_bytes=needs_bytes or evidence is Evidence.FULL,
        )


def gather(wish: Wish) -> tuple[Run, tuple[Device, ...], Context]:
    """Read the run and its devices, judge them where nobody has, and say what the document is to be like."""
    from auditor.knowledge import chosen_policy, knowledge_book  # noqa: PLC0415 - takes time that --help need not
    from auditor.run.accounts import with_accounts  # noqa: PLC0415 - as above
    from auditor.run.judge import basis_for, basis_of, judged  # noqa: PLC0415 - as above
    from auditor.run.work import work  # noqa: PLC0415 - as above
    from auditor.store import Access, Store  # noqa: PLC0415 - as above

    now = datetime.now(tz=UTC).replace(microsecond=0)  # noqa: TID251 - commands are where the clock is read
    today = wish.as_of or now.date()
    with Store.open(wish.db, Access.READ) as store:
        run = store.run(wish.run_id)
        found = tuple(store.devices(run.id, with_bytes=False))
        if wish.needs_bytes or len(found) <= FULL_DEVICES:
            found = tuple(store.devices(run.id))
        found = tuple(with_accounts(store, found, run.id))
        basis = basis_of(store, run.id)
        if wish.policy or wish.as_of or not (basis or any(device.findings for device in found)):
            chosen = chosen_policy(wish.policy or (basis.policy if basis else "none"))
            basis = basis_for(chosen, today)
            found = tuple(judged(found, chosen, today))
        orders = work(store, run, found, policy=basis.name if basis else "", today=today)
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
    return run, found, Context(orders, names(), ages, assessed=True, options=options, chosen=decided)


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

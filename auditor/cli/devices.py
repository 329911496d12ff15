"""`auditor devices`: list the devices a database holds."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import click

from auditor.cli import _forms
from auditor.cli._moment import until
from auditor.cli._presence import presence
from auditor.cli._reading import database, moment_asked
from auditor.cli._table import print_table
from auditor.cli._words import number, say_json, say_jsonl, words
from auditor.fingerprint import vocabulary
from auditor.model import Certainty, Device
from auditor.store import Access, Store

_MARKS = {"certain": "", "firm": "", "tentative": "?"}


@click.command(epilog="Example:  auditor devices --db audit.sqlite --kind camera --site town-hall")
@database("The database of a scan.")
@click.option("--run", "name", metavar="RUN", help="As this run alone heard them.")
@moment_asked()
@click.option("--all", "everything", is_flag=True, help="Also those that are silent, replaced or retired.")
@click.option("--maker", multiple=True, help="Of this maker alone; `none` for those not identified.")
@click.option("--kind", multiple=True, help="Of this kind alone.")
@click.option("--site", multiple=True, help="At this site alone.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object with all devices.")
@click.option("--jsonl", is_flag=True, help="One JSON object for each device.")  # fmt: skip
def command(
    db: Path,
    name: str | None,
    as_of: datetime | None,
    everything: bool,
    maker: tuple[str, ...],
    kind: tuple[str, ...],
    site: tuple[str, ...],
    as_json: bool,
    jsonl: bool,
) -> int:
    """List devices by site and address: who they are, as far as is known.

    Each is shown by its newest answers, whichever run or file they came from. A question mark follows what is only
    tentative; `auditor show DEVICE` says why. SEEN is when it last answered. What is gone, that is silent since it was
    asked, replaced by another device or retired, is listed with --all.
    """
    from auditor.run.picture import picture  # noqa: PLC0415 - takes time that --help need not

    with Store.open(db, Access.READ) as store:
        known = picture(store, run=name, as_of=until(store, as_of), findings=False)
        fitting = list(_chosen(iter(known.devices), maker=maker, kind=kind, site=site))
        chosen = [one for one in fitting if everything or one.is_present]
        if jsonl:
            say_jsonl(_forms.device(device) for device in chosen)
        elif as_json:
            listed = [_forms.device(device) for device in chosen]
            say_json({"schema_version": _forms.SCHEMA_VERSION, "devices": listed})
        else:
            _print(chosen)
            if len(fitting) > len(chosen):
                words(f"{len(fitting) - len(chosen)} more are gone: {_gone(fitting)}; --all lists them")
    return 0


def _gone(devices: list[Device]) -> str:
    counts = Counter(presence(one) for one in devices if not one.is_present)
    return ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))


def seen(device: Device) -> str:
    """Return the day a device last answered."""
    return f"{device.last_seen:%Y-%m-%d}" if device.last_seen else "not known"


def _chosen(
    devices: Iterator[Device], *, maker: tuple[str, ...], kind: tuple[str, ...], site: tuple[str, ...]
) -> Iterator[Device]:
    def fits(value: str | None, wanted: tuple[str, ...]) -> bool:
        return not wanted or (value or "none").lower() in {one.lower() for one in wanted}

    return (
        one
        for one in devices
        if fits(one.identity.value("maker"), maker)
        and fits(one.identity.value("kind"), kind)
        and fits(one.site, site)
    )


def _print(devices: list[Device]) -> None:
    terms = vocabulary()
    print_table(
        (
            "SITE",
            "ADDRESS",
            "SEEN",
            "STATE",
            "MAKER",
            "BRAND",
            "KIND",
            "MODEL",
            "FIRMWARE",
            "BUILD",
            "SERIAL",
            "MAC",
        ),
        [
            (
                one.site,
                one.address,
                seen(one),
                presence(one),
                _cell(one, "maker", terms.maker) if one.granted else "outside the scope, not contacted",
                _cell(one, "brand", terms.brand),
                _cell(one, "kind"),
                *(_cell(one, name) for name in ("model", "firmware", "build_date", "serial", "mac")),
            )
            for one in devices
        ],
    )
    told_apart = Counter(one.behind for one in devices if one.behind)
    shared = {address: count for address, count in told_apart.items() if count > 1}
    for address, count in sorted(shared.items()):
        words(f"{address}: several devices behind one address, {count} of them told apart by port")
    words(_counted(devices))


def _counted(devices: Sequence[Device]) -> str:
    """Say how many there are, and of how many the maker is known; a sign that others share makes it only supposed."""
    makers = [maker for one in devices if (maker := one.identity.claim("maker")) is not None]
    supposed = sum(maker.certainty is Certainty.TENTATIVE for maker in makers)
    known = f"{number(len(devices), 'device')}, {len(makers) - supposed} of them with a known maker"
    return known + (f", {supposed} with one only supposed (?)" if supposed else "")


def _cell(device: Device, name: str, display: Callable[[str], str] | None = None) -> str:
    claim = device.identity.claim(name)
    if claim is None:
        return ""
    text = display(claim.value) if display else claim.value
    return f"{text}{_MARKS[claim.certainty.value]}"

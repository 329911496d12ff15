"""`auditor devices`: list the devices a database holds."""

from collections.abc import Callable, Iterator
from pathlib import Path

import click

from auditor.cli import _forms
from auditor.cli._table import print_table
from auditor.cli._words import say_json, say_jsonl, words
from auditor.fingerprint import vocabulary
from auditor.model import Device
from auditor.run.accounts import with_accounts
from auditor.store import Access, Store

_MARKS = {"certain": "", "firm": "", "tentative": "?"}


@click.command(epilog="Example:  auditor devices --db audit.sqlite --kind camera --site town-hall")
@click.option(
    "--db",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("audit.sqlite"),
    show_default=True,
    help="The database of a scan.",
)
@click.option("--run", "name", metavar="RUN", help="As this run saw them; default: each as last seen.")
@click.option("--maker", multiple=True, help="Of this maker alone; `none` for those not identified.")
@click.option("--kind", multiple=True, help="Of this kind alone.")
@click.option("--site", multiple=True, help="At this site alone.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object with all devices.")
@click.option("--jsonl", is_flag=True, help="One JSON object for each device.")  # fmt: skip
def command(
    db: Path,
    name: str | None,
    maker: tuple[str, ...],
    kind: tuple[str, ...],
    site: tuple[str, ...],
    as_json: bool,
    jsonl: bool,
) -> int:
    """List devices by site and address: who they are, as far as is known.

    A question mark follows what is only tentative; `auditor show DEVICE` says why.
    """
    with Store.open(db, Access.READ) as store:
        run = store.run(name).id if name else None
        found = with_accounts(store, store.devices(run, with_bytes=False), run)
        chosen = _chosen(found, maker=maker, kind=kind, site=site)
        if jsonl:
            say_jsonl(_forms.device(device) for device in chosen)
        elif as_json:
            listed = [_forms.device(device) for device in chosen]
            say_json({"schema_version": _forms.SCHEMA_VERSION, "devices": listed})
        else:
            _print(list(chosen))
    return 0


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
        ("SITE", "ADDRESS", "MAKER", "BRAND", "KIND", "MODEL", "FIRMWARE", "BUILD", "SERIAL", "MAC"),
        [
            (
                one.site,
                one.address,
                _cell(one, "maker", terms.maker) if one.granted else "outside the scope, not contacted",
                _cell(one, "brand", terms.brand),
                _cell(one, "kind"),
                *(_cell(one, name) for name in ("model", "firmware", "build_date", "serial", "mac")),
            )
            for one in devices
        ],
    )
    known = sum(one.identity.claim("maker") is not None for one in devices)
    words(f"{len(devices)} devices, {known} of them with a known maker")


def _cell(device: Device, name: str, display: Callable[[str], str] | None = None) -> str:
    claim = device.identity.claim(name)
    if claim is None:
        return ""
    text = display(claim.value) if display else claim.value
    return f"{text}{_MARKS[claim.certainty.value]}"

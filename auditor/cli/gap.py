"""`auditor gap`: compare a register with what was found: on paper only, on the network only, told differently."""

from dataclasses import replace
from pathlib import Path

import click

from auditor.cli._evidence import Problems, unreadable
from auditor.cli._presence import presence
from auditor.cli._reading import database
from auditor.cli._table import print_table
from auditor.cli._words import say_json, shown, words
from auditor.intake.register_csv import Entry, entries, mapping
from auditor.model import Device
from auditor.run.gap import Gap, Pair, gap
from auditor.run.picture import picture
from auditor.store import Access, Store


@click.command(epilog="Example:  auditor gap register.csv --db audit.sqlite")
@click.argument("register", type=click.Path(dir_okay=False, path_type=Path), metavar="REGISTER")
@database("The database of a scan.")
@click.option("--run", "name", metavar="RUN", help="As this run alone heard them.")
@click.option("--site", multiple=True, help="Devices of this site alone.")
@click.option(
    "--map",
    "maps",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="Where a column has no usual heading: address, mac, serial, maker, model, firmware, name, location.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(
    register: Path, db: Path, name: str | None, site: tuple[str, ...], maps: tuple[str, ...], as_json: bool
) -> int:
    """Compare REGISTER (CSV or Excel) with the devices in the database.

    Entries are matched by serial number, else by MAC address, else by address. Devices seen outside the scope
    are not compared.
    """
    problems = Problems()
    try:
        listed = tuple(entries(register, problems.tell, mapping(maps)))
    except OSError as error:
        raise unreadable(register, error) from error
    for note in problems.notes():
        words(f"auditor: {note}")
    with Store.open(db, Access.READ) as store:
        known = picture(store, run=name, findings=False)
        found = [one for one in known.devices if one.granted and (not site or one.site in site)]
    compared = gap(listed, found)
    compared = replace(
        compared, only_on_network=tuple(one for one in compared.only_on_network if one.is_present)
    )
    gone = [pair for pair in compared.pairs if not pair.device.is_present]
    if as_json:
        say_json(_form(compared))
    else:
        _print(compared)
    words(
        f"auditor: {len(compared.pairs) - len(gone)} on paper and on the network, {len(compared.only_on_paper)} on "
        f"paper only, {len(compared.only_on_network)} on the network only, {len(gone)} on paper and gone from the network"
        + (f", {len(compared.listed_again)} on paper more than once" if compared.listed_again else "")
    )
    return 0


def _print(compared: Gap) -> None:
    rows = [("on paper only", one.place, one.address, _called(one), "") for one in compared.only_on_paper]
    rows += [("on the network only", "", one.key, _known(one), "") for one in compared.only_on_network]
    rows += [
        ("told differently", pair.entry.place, pair.device.key, _known(pair.device), _told(pair))
        for pair in compared.pairs
        if pair.differences and pair.device.is_present
    ]
    rows += [
        (
            "gone from the network",
            pair.entry.place,
            pair.device.key,
            _known(pair.device),
            presence(pair.device),
        )
        for pair in compared.pairs
        if not pair.device.is_present
    ]
    rows += [
        ("listed again", pair.entry.place, pair.device.key, _known(pair.device), _told(pair))
        for pair in compared.listed_again
    ]
    if rows:
        print_table(("WHERE", "REGISTER", "ADDRESS", "DEVICE", "DIFFERENCE"), rows)


def _called(entry: Entry) -> str:
    return " ".join(part for part in (entry.name, entry.maker, entry.model, entry.serial) if part)


def _known(device: Device) -> str:
    values = (device.identity.value(name) for name in ("maker", "model", "serial"))
    return " ".join(value for value in values if value) or "not identified"


def _told(pair: Pair) -> str:
    return "; ".join(
        f"{one.name}: {shown(one.on_paper)} on paper, {shown(one.found)} found" for one in pair.differences
    )


def _form(compared: Gap) -> dict[str, object]:
    return {
        "schema_version": 1,
        "only_on_paper": [_entry(one) for one in compared.only_on_paper],
        "only_on_network": [
            {"device": one.key, "maker": one.identity.value("maker"), "model": one.identity.value("model"),
             "serial": one.identity.value("serial"), "mac": one.identity.value("mac")}
            for one in compared.only_on_network
        ],
        "matched": [_paired(pair) for pair in compared.pairs],
        "listed_again": [_paired(pair) for pair in compared.listed_again],
    }  # fmt: skip


def _paired(pair: Pair) -> dict[str, object]:
    return {
        "register": _entry(pair.entry), "device": pair.device.key, "by": pair.by, "state": presence(pair.device),
        "differences": [
            {"field": one.name, "on_paper": one.on_paper, "found": one.found} for one in pair.differences
        ],
    }  # fmt: skip


def _entry(entry: Entry) -> dict[str, object]:
    return {
        "row": entry.row, **({"sheet": entry.sheet} if entry.sheet else {}), "address": entry.address, "mac": entry.mac, "serial": entry.serial, "maker": entry.maker,
        "model": entry.model, "firmware": entry.firmware, "name": entry.name, "location": entry.location, "addresses": list(entry.addresses),
    }  # fmt: skip

"""`auditor retire`: write down that a device was taken out of service, with who says so and why; or take that back."""

from datetime import UTC, datetime
from pathlib import Path

import click

from auditor.cli._reading import database
from auditor.cli._words import Exit, Failure, shown, words
from auditor.model import Device
from auditor.store import RETIRED, RETURNED, Access, Store, Word


@click.command(
    epilog="Example:  auditor retire school/192.0.2.17 --reason 'replaced, lot 3' --by 'J. Petrović'"
    " --replaced-by school/192.0.2.18",
)
@click.argument("device")
@database()
@click.option("--reason", required=True, help="Why: what was done with the device; it stands in the report.")
@click.option("--by", "name", required=True, help="Who says so; it stands in the report.")
@click.option("--replaced-by", "successor", metavar="DEVICE", help="The device that came in its place.")
@click.option("--undo", is_flag=True, help="Take the word back: the device is in use after all.")
def command(device: str, db: Path, reason: str, name: str, successor: str | None, undo: bool) -> int:
    """Write down that DEVICE was taken out of service for good: its work counts as done, on this person's word.

    DEVICE is a key (site/address), an address, a MAC address or a serial number. Nothing is deleted and nothing is sent:
    it is an entry with a date, and it can be undone with --undo. A device heard after it was retired is shown again.
    """
    from auditor.run.picture import picture  # noqa: PLC0415 - takes time that --help need not

    if not reason.strip() or not name.strip():
        raise Failure("--reason and --by: say who says so and why; both stand in the report")
    with Store.open(db, Access.WRITE) as store:
        one = _the(db, store, device, is_retired=undo)
        other = _the(db, store, successor, is_retired=None) if successor else None
        if other is not None and other.key == one.key:
            raise Failure(
                f"--replaced-by {successor}: is the same device; name the one that came in its place"
            )
        if other is not None and other.is_retired:
            raise Failure(f"--replaced-by {successor}: is retired itself; name the device that is in use now")
        if undo != one.is_retired:
            state = "is retired already" if one.is_retired else "is not retired"
            raise Failure(f"{shown(one.key)}: {state}; `auditor show {shown(one.key)}` says more")
        store.retire(
            Word(
                RETURNED if undo else RETIRED, datetime.now(tz=UTC), one.key, name.strip(), reason.strip(),  # noqa: TID251  the command is where the clock is read
                other.key if other else "",
            )
        )  # fmt: skip
        (after,) = (each for each in picture(store, findings=False).devices if each.key == one.key)
    done = "is in use after all" if undo else "is retired"
    words(f"auditor: {shown(one.key)} {done}, on the word of {shown(name)}: {shown(reason)}")
    if not undo and after.standing.state.value == "heard":
        words(
            "auditor: mind that it answered when it was last asked; should it answer again, it is shown again"
        )
    return Exit.DONE


def _the(db: Path, store: Store, name: str, *, is_retired: bool | None) -> Device:
    """Return the one device meant; of several at an address, the one the command can apply to."""
    from auditor.run.picture import picture  # noqa: PLC0415 - as above

    found = list(picture(store, numbers=store.named(name), findings=False).devices)
    exact = [one for one in found if one.key == name]
    fitting = exact or [one for one in found if is_retired is None or one.is_retired == is_retired]
    if len(fitting) == 1:
        return fitting[0]
    if len(found) == 1:
        return found[0]
    if not found:
        raise Failure(f"{db}: no device {name!r}; `auditor devices --all --db {db}` lists them")
    keys = ", ".join(shown(one.key) for one in fitting or found)
    raise Failure(f"{name}: may be {keys}; name one of these keys")

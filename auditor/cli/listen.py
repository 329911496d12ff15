"""`auditor listen`: identify devices from what they say unasked on a network segment, sending nothing."""

import signal
from pathlib import Path

import click

from auditor.cli._evidence import conclude, evidence_options, importer_for, now, scope_of
from auditor.cli._scoping import seconds
from auditor.cli._words import Exit, words
from auditor.net import Stop
from auditor.run import ending
from auditor.run.basis import chosen_basis
from auditor.run.listen import Listener, Listening
from auditor.store import Access, Store

_EVERY = 10
"""Seconds between two lines of progress."""


@click.command(epilog="Example:  sudo auditor listen eth0 --seconds 600 --scope scope.toml --db audit.sqlite")
@click.argument("interface")
@click.option(
    "--seconds", "length", metavar="TIME", help="How long, as 90s, 15m or 2h; default: until Ctrl-C."
)
@click.option(
    "--promiscuous",
    is_flag=True,
    help="Hear also what is not addressed to this machine, as on a mirror port.",
)
@click.option(
    "--stop-file", type=click.Path(path_type=Path), help="End when this file appears."
)  # fmt: skip
@evidence_options
def command(
    interface: str,
    length: str | None,
    promiscuous: bool,
    stop_file: Path | None,
    scope_file: Path | None,
    no_scope: bool,
    site: str | None,
    db: Path,
    policy: str | None,
    fail_on: str | None,
    as_json: bool,
) -> int:
    """Listen on INTERFACE and identify devices from what they say of their own accord or to others.

    Nothing is sent: no packet, no answer, no membership in a multicast group. Heard are ARP, DHCP, mDNS, SSDP,
    WS-Discovery, SADP, DHIP, SIP, and the heads of RTSP, HTTP and TLS conversations.
    Needs root, or CAP_NET_RAW for auditor-frames alone (docs/rights.md).
    """
    scope = scope_of(scope_file, site, no_scope=no_scope)
    limit, stop, chosen = seconds(length), Stop(stop_file), chosen_basis(policy, now().date())
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in ending()}
    try:
        with Store.open(db, Access.CREATE) as store:
            importer = importer_for(store, scope, site, chosen)
            listener = Listener(interface, importer, stop, now, _Telling().tell, promiscuous)
            listener.listen(limit)
            words(f"auditor: {interface}: {listener.frames} frames heard, none sent")
            code: int = conclude(store, importer, policy=policy, fail_on=fail_on, as_json=as_json)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return Exit(code)


class _Telling:
    """Says how listening goes, a line every few seconds."""

    def __init__(self) -> None:
        self._next = 0.0

    def tell(self, now_heard: Listening) -> None:
        """Say it if it is time."""
        if now_heard.seconds < self._next:
            return
        self._next = now_heard.seconds + _EVERY
        words(
            f"listening for {now_heard.seconds:.0f} s: {now_heard.frames} frames, {now_heard.addresses} addresses, "
            f"{now_heard.exchanges} exchanges"
        )

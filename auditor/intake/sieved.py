"""The one sieve behind every reader of others' evidence: no login that somebody recorded is passed on."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from auditor import probes
from auditor.intake.evidence import Kind, Refuse, Tell
from auditor.intake.secret_words import without_secrets
from auditor.model import Exchange, Protocol
from auditor.wire import http, logins, snmp
from auditor.wire.sieve import WITHHELD

_AS_THEY_ARE = frozenset(
    {Protocol.TLS, Protocol.SSH, Protocol.ARP, Protocol.DHCP, Protocol.MDNS, Protocol.SDK}
)
"""Protocols whose recorded bytes can hold no login: certificates, greetings, names."""
_PAGES = ("http.body", "page.", "http.script")
AFTER_LOGIN = "answered to somebody logged in: only what our readers show of it is kept"


def behind(kind: Kind) -> Kind:
    """Return a kind of file whose reader gives exchanges as they may be kept."""

    def read(path: Path, tell: Tell, at: datetime | None) -> Iterator[Exchange]:
        return (sifted(one) for one in kind.read(path, tell, at))

    together = kind.read_together
    if together is None:
        return replace(kind, read=read)

    def read_together(paths: Sequence[Path], tell: Tell, refuse: Refuse) -> Iterator[Exchange]:
        return (sifted(one) for one in together(paths, tell, refuse))

    return replace(kind, read=read, read_together=read_together)


def sifted(exchange: Exchange) -> Exchange:
    """Return an exchange as it may be kept; the same one where nothing had to be taken out."""
    if exchange.protocol is Protocol.OBSERVED:
        kept = replace(exchange, observed=_pairs(exchange), reply=_record(exchange.reply), id="")
    elif exchange.protocol is Protocol.SNMP:
        asked, told = (snmp.without_user(part) for part in (exchange.request, exchange.reply))
        kept = replace(exchange, request=asked, reply=told, id="")
    elif exchange.protocol in _AS_THEY_ARE:
        return exchange
    elif exchange.request and not exchange.is_after_login and logins.shows_login(exchange.request):
        return decoded(exchange)
    else:
        asked, told = (logins.without_login(part) for part in (exchange.request, exchange.reply))
        kept = replace(
            exchange, request=asked, reply=told if not _is_icon(exchange) else exchange.reply, id=""
        )
    return exchange if kept == exchange else kept


def decoded(exchange: Exchange) -> Exchange:
    """Return what our readers show in place of an answer that somebody logged in was given."""
    shown = ((one.field, one.value) for one in probes.read(exchange))
    pairs = tuple(pair for pair in shown if not pair[0].startswith(_PAGES))
    return replace(
        exchange, protocol=Protocol.OBSERVED, request=logins.plain_target(exchange.request), reply=b"", observed=pairs,
        id="", detail=AFTER_LOGIN,
    )  # fmt: skip


def _is_icon(exchange: Exchange) -> bool:
    return http.request_path(exchange.request).partition("?")[0].lower().endswith("favicon.ico")


def _pairs(exchange: Exchange) -> tuple[tuple[str, str], ...]:
    """Return the fields somebody decoded, without values that their own names or words say are secret."""
    return tuple((name, _value(name, value)) for name, value in exchange.observed)


def _value(name: str, value: str) -> str:
    return WITHHELD if value and logins.is_secret_name(name.rpartition(".")[2]) else without_secrets(value)


def _record(reply: bytes) -> bytes:
    """Return a source's own record without secrets: an object of names and values, or text."""
    text = reply.decode("utf-8", "replace")
    try:
        given = json.loads(text) if text.startswith("{") else None
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        clean = without_secrets(logins.in_head(text.encode()).decode())
        return reply if clean == text else clean.encode()
    kept = {name: _kept(name, value) for name, value in given.items()}
    return (
        reply if kept == given else json.dumps(kept, ensure_ascii=False).encode("utf-8", "backslashreplace")
    )


def _kept(name: str, value: object) -> object:
    """Return a value of a record; what is neither a text nor a list of them goes by its text."""
    if isinstance(value, list):
        return [_kept(name, one) for one in value]
    if isinstance(value, dict):
        return {key: _kept(str(key), one) for key, one in value.items()}
    if isinstance(value, str):
        return _value(name, value)
    text = json.dumps(value, ensure_ascii=False)
    clean = _value(name, text)
    return value if clean == text else clean

"""Read persona files and the shared parts they use."""

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from lab.persona.facts import fill
from lab.persona.model import (
    TRUTHS,
    Account,
    Answer,
    Certificate,
    Hears,
    Listener,
    Login,
    Newlines,
    Persona,
    PersonaError,
    Quirks,
    Reply,
    Transport,
    Truth,
)

FOLDER = Path(__file__).resolve().parent.parent / "personas"
PERSONA_KEYS = frozenset(
    {"is", "variant", "login", "origin", "mac", "facts", "uses", "listens", "quirks", "accounts", "tags"}
)
LISTENER_KEYS = frozenset(
    {
        "transport",
        "port",
        "protocol",
        "exchanges",
        "greets",
        "otherwise",
        "certificate",
        "keeps",
        "hears",
        "oids",
        "communities",
        "newlines",
        "same_as",
    }
)
EXCHANGE_KEYS = frozenset({"when", "reply", "replies", "login", "refusal"})
# Protocols whose messages have a head of CR LF lines, which a block of YAML cannot show.
_HEADED = frozenset({"http", "onvif", "rtsp", "ssdp", "sip"})
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def _document(path: Path) -> Mapping[str, Any]:
    try:
        with path.open("rb") as stream:
            document = yaml.load(stream, Loader=_Loader)  # noqa: S506 - a safe loader, in C where built
    except (OSError, yaml.YAMLError) as error:
        raise PersonaError(f"{path}: cannot be read: {error}") from error
    if not isinstance(document, dict):
        raise PersonaError(f"{path}: is not a mapping; see docs/lab.md")
    return document


def slug(truth: Truth, variant: str = "") -> str:
    """Name a persona by what it is: `<maker>-<brand>-<model>-<firmware>`, then the variant if there is one."""
    parts = (truth.maker or "unknown", truth.brand or "nobrand", truth.model or truth.kind or "nothing")
    name = "-".join((*parts, *filter(None, (truth.firmware, variant))))
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.")


def persona_files(folder: Path = FOLDER) -> tuple[Path, ...]:
    """List the persona files of a folder, parts left out, in alphabetical order."""
    return tuple(sorted(path for path in folder.glob("*.yaml") if not path.name.startswith("_")))


def all_personas(folder: Path = FOLDER) -> tuple[Persona, ...]:
    """Read every persona of a folder; PersonaError names the first file that is wrong."""
    return tuple(read(path) for path in persona_files(folder))


def read(path: Path) -> Persona:
    """Read one persona file with the parts it uses; PersonaError says what is wrong and where."""
    document = _document(path)
    _known(document, PERSONA_KEYS, str(path))
    parts = [_part(path, str(name)) for name in document.get("uses", ())]
    stated = document.get("is")
    if not isinstance(stated, dict):
        raise PersonaError(f"{path}: `is:` is missing; it says what a perfect audit would find")
    _known(stated, frozenset(TRUTHS), f"{path}: is")
    truth = Truth(**{name: _text_or_none(stated.get(name)) for name in TRUTHS})
    login = {str(key): str(value) for key, value in (document.get("login") or {}).items()}
    quirks = _quirks([*parts, document], str(path))
    tags = {str(tag) for source in [document, *parts] for tag in source.get("tags", ())}
    if "hostile" not in tags and not quirks.disturb:
        tags.add("polite")
    return Persona(
        id=path.stem,
        path=path,
        truth=truth,
        origin=str(document.get("origin", "")),
        listens=_listeners([document, *parts], _facts(document, parts), str(path)),
        quirks=quirks,
        facts=tuple(_facts(document, parts).items()),
        known_after_login=tuple(login.items()),
        accounts=tuple(
            Account(str(one["user"]), str(one["password"]))
            for source in [document, *parts]
            for one in source.get("accounts", ())
        ),
        tags=frozenset(tags),
    )


def _facts(document: Mapping[str, Any], parts: Iterable[Mapping[str, Any]]) -> dict[str, object]:
    """Merge facts: the persona's own win over those of its parts, earlier parts over later ones."""
    merged: dict[str, object] = {"variant": str(document.get("variant", ""))}
    for source in [*reversed(list(parts)), document]:
        merged.update(source.get("facts") or {})
    if "mac" in document:
        merged["mac"] = str(document["mac"])
    return merged


def _part(path: Path, name: str) -> Mapping[str, Any]:
    part = path.parent / "_parts" / f"{name}.yaml"
    if not part.exists():
        raise PersonaError(f"{path}: uses `{name}`, but {part} is not there")
    document = _document(part)
    _known(document, PERSONA_KEYS - {"is", "variant", "login", "mac", "uses"} | {"about"}, str(part))
    return document


def _listeners(
    sources: Iterable[Mapping[str, Any]], facts: Mapping[str, object], place: str
) -> tuple[Listener, ...]:
    """Read every listener; those of one transport and port are joined, the persona's own answers first."""
    joined: dict[tuple[str, int], dict[str, Any]] = {}
    for source in sources:
        for stated in source.get("listens", ()):
            _known(stated, LISTENER_KEYS, f"{place}: listens")
            ports = stated["port"] if isinstance(stated["port"], list) else [stated["port"]]
            for port in ports:
                key = (str(stated["transport"]), int(fill(str(port), _looker(facts), f"{place}: port")))
                known = joined.setdefault(key, {"exchanges": []})
                known["exchanges"] = [
                    *known["exchanges"],
                    *((one, stated) for one in stated.get("exchanges", ())),
                ]
                for name, value in stated.items():
                    if name not in {"exchanges", "port"}:
                        known.setdefault(name, value)
    for stated in joined.values():
        if "same_as" in stated:
            twin = joined.get(("tcp", int(fill(str(stated["same_as"]), _looker(facts), f"{place}: same_as"))))
            if twin is None:
                raise PersonaError(
                    f"{place}: same_as names TCP port {stated['same_as']}, which is not listened on"
                )
            stated["exchanges"] = [*stated["exchanges"], *twin["exchanges"]]
            for name in ("otherwise", "newlines"):
                if name in twin:
                    stated.setdefault(name, twin[name])
    return tuple(_listener(port, stated, place) for (_, port), stated in joined.items())


def _looker(facts: Mapping[str, object]) -> Callable[[str], str | None]:
    return lambda name: str(facts[name]) if name in facts else None


def _listener(port: int, stated: Mapping[str, Any], place: str) -> Listener:
    protocol = str(stated["protocol"])
    where = f"{place}: {stated['transport']} port {port}"
    certificate = stated.get("certificate")
    return Listener(
        transport=Transport(stated["transport"]),
        port=port,
        protocol=protocol,
        answers=tuple(_answer(one, source, where) for one, source in stated["exchanges"]),
        greets=_reply(stated["greets"], stated) if "greets" in stated else None,
        otherwise=_reply(stated["otherwise"], stated) if "otherwise" in stated else None,
        certificate=_certificate(certificate) if certificate else None,
        keeps=bool(stated.get("keeps", protocol in {"rtsp", "ftp", "telnet", "ssh", "sdk"})),
        hears=frozenset(Hears(name) for name in stated.get("hears", list(Hears))),
        oids=tuple((str(oid), str(value)) for oid, value in (stated.get("oids") or {}).items()),
        communities=tuple(str(name) for name in stated.get("communities", ())),
    )


def _answer(stated: Mapping[str, Any], listener: Mapping[str, Any], where: str) -> Answer:
    _known(stated, EXCHANGE_KEYS, where)
    try:
        when = re.compile(str(stated["when"]), re.DOTALL)
    except re.error as error:
        raise PersonaError(f"{where}: pattern {stated['when']!r} does not compile: {error}") from error
    said = stated["replies"] if "replies" in stated else [stated["reply"]]
    refusal = stated.get("refusal")
    return Answer(
        when=when,
        replies=tuple(_reply(one, listener) for one in said),
        login=Login(stated["login"]) if "login" in stated else None,
        refusal=None if refusal is None else _reply(refusal, listener),
    )


def _reply(stated: Any, listener: Mapping[str, Any]) -> Reply:  # noqa: ANN401 - straight from YAML
    default = "head" if listener["protocol"] in _HEADED else "as-written"
    newlines = Newlines(listener.get("newlines", default))
    if isinstance(stated, dict):
        if "base64" in stated:
            return Reply(raw=base64.b64decode(str(stated["base64"])))
        return Reply(raw=bytes.fromhex(re.sub(r"\s", "", str(stated["hex"]))))
    text = str(stated)
    if listener["protocol"] in _HEADED and newlines is not Newlines.AS_WRITTEN and "\n\n" not in text:
        text = text.rstrip("\n") + "\n\n"  # a head alone ends in an empty line too
    return Reply(text=text, newlines=newlines)


def _certificate(stated: Mapping[str, Any]) -> Certificate:
    return Certificate(
        subject=str(stated["subject"]),
        issuer=str(stated.get("issuer", "")),
        not_before=str(stated.get("not_before", "2015-01-01")),
        days=int(stated.get("days", 7300)),
        key=str(stated.get("key", "rsa-2048")),
        names=tuple(str(name) for name in stated.get("names", ())),
    )


def _quirks(sources: Iterable[Mapping[str, Any]], place: str) -> Quirks:
    merged: dict[str, Any] = {}
    for source in sources:
        merged.update(source.get("quirks") or {})
    _known(merged, frozenset(one.name for one in fields(Quirks)), f"{place}: quirks")
    return Quirks(**merged)


def _known(stated: Mapping[str, Any], names: frozenset[str], place: str) -> None:
    unknown = sorted(set(stated) - names)
    if unknown:
        raise PersonaError(f"{place}: unknown key {', '.join(unknown)}; known are {', '.join(sorted(names))}")


def _text_or_none(value: object) -> str | None:
    return None if value is None else str(value)

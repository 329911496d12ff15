"""Check personas: name follows from content, replies can be rendered, and every truth has evidence."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from lab.persona.facts import Facts, fill
from lab.persona.model import Listener, Persona, PersonaError, Reply, Transport
from lab.persona.read import FOLDER, persona_files, read, slug

KINDS = frozenset(
    {
        "camera",
        "nvr",
        "dvr",
        "encoder",
        "intercom",
        "access-control",
        "switch",
        "router",
        "platform",
        "other",
    }
)
SHOWN = ("model", "firmware", "build_date", "serial", "mac")
"""Truths that must be seen in what the device says before login."""
_RUNTIME = frozenset(
    {"length", "port", "cseq", "nonce", "date_http", "date_rtsp", "date_iso", "boot_time"}
) | {*("boot_epoch", "time_plain", "year", "month", "day", "hour", "minute", "second")}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a persona file, in words for the one who wrote it."""

    path: Path
    text: str

    def __str__(self) -> str:
        return f"{self.path.name}: {self.text}"


def check_all(folder: Path = FOLDER) -> tuple[Problem, ...]:
    """Check every persona of a folder and return what is wrong; empty means all are good."""
    problems: list[Problem] = []
    owners: dict[str, Path] = {}
    for path in persona_files(folder):
        try:
            persona = read(path)
        except PersonaError as error:
            problems.append(Problem(path, str(error).removeprefix(f"{path}: ")))
            continue
        except (KeyError, ValueError, TypeError) as error:
            problems.append(Problem(path, f"is not of the form docs/lab.md describes: {error!r}"))
            continue
        problems += (Problem(path, text) for text in check(persona))
        for value in filter(None, (persona.truth.mac, persona.truth.serial)):
            if value in owners:
                problems.append(Problem(path, f"{value} is also that of {owners[value].name}; change digits"))
            owners[value] = path
    return tuple(problems)


def check(persona: Persona) -> Iterator[str]:
    """Yield what is wrong with one persona."""
    variant = next((str(value) for name, value in persona.facts if name == "variant"), "")
    wanted = slug(persona.truth, variant)
    if persona.id != wanted:
        yield f"should be called {wanted}.yaml after what it is"
    if not persona.origin:
        yield "`origin:` is missing; say which capture it follows, or `composed`"
    if persona.truth.kind not in KINDS | {None}:
        yield f"kind {persona.truth.kind!r} is none of {', '.join(sorted(KINDS))}"
    for listener in persona.listens:
        if listener.transport is Transport.TLS and listener.certificate is None:
            yield f"TLS port {listener.port} has no `certificate:`"
        yield from _unanswerable(listener)
    try:
        said = "\n".join(spoken(persona))
    except PersonaError as error:
        yield str(error)
        return
    for name in SHOWN:
        value = getattr(persona.truth, name)
        if value is not None and not any(form in said for form in _forms(name, value)):
            yield f"`is: {name}` says {value!r}, but nothing it says before login shows that"


def _unanswerable(listener: Listener) -> Iterator[str]:
    if not listener.answers and not listener.oids and listener.greets is None and listener.otherwise is None:
        quiet = {"sdk", "tarpit", "mute"}
        if listener.protocol not in quiet:
            yield (
                f"{listener.protocol} port {listener.port} never says anything; "
                f"give it exchanges, or the protocol {' or '.join(sorted(quiet))}"
            )


def spoken(persona: Persona) -> Iterator[str]:
    """Render everything the persona says before login, with stand-ins for what only exists while it runs."""
    stated: dict[str, object] = dict(persona.facts)
    stated.update((name, value) for name, value in persona.truth.pairs() if value is not None)
    stated.update(persona.known_after_login)
    stated.update(address="127.77.0.1", elsewhere="127.99.0.1")
    facts = Facts(stated, "facts")
    for listener in persona.listens:
        place = f"{listener.protocol} on port {listener.port}"
        for reply, heard in _replies(listener):

            def look(name: str, heard: frozenset[str] = heard) -> str | None:
                if name in heard or name in _RUNTIME:
                    return "0"
                return facts.get(name)

            text = fill(reply.text, look, place)
            if _shown_before_login(listener, reply):
                yield text
        if listener.certificate is not None:
            yield fill(listener.certificate.subject + listener.certificate.issuer, _known(facts), place)
        for _, value in listener.oids:
            fill(value, _known(facts), place)


def _known(facts: Facts) -> Callable[[str], str | None]:
    return lambda name: "0" if name in _RUNTIME else facts.get(name)


def _replies(listener: Listener) -> Sequence[tuple[Reply, frozenset[str]]]:
    given = [(reply, frozenset[str]()) for reply in (listener.greets, listener.otherwise) if reply]
    for answer in listener.answers:
        groups = frozenset(answer.when.groupindex)
        given += [(reply, groups) for reply in answer.replies]
        if answer.refusal is not None:
            given.append((answer.refusal, groups))
    return given


def _shown_before_login(listener: Listener, reply: Reply) -> bool:
    return not any(answer.login and reply in answer.replies for answer in listener.answers)


def _forms(name: str, value: str) -> Iterator[str]:
    """Give the spellings in which devices show a value."""
    yield value
    if name == "build_date":
        day = date.fromisoformat(value)
        yield from (day.strftime(form) for form in ("%y%m%d", "%Y%m%d", "%b %d %Y"))
    elif name == "mac":
        plain = value.replace(":", "")
        yield from (
            plain,
            plain.upper(),
            value.upper(),
            value.replace(":", "-"),
            value.replace(":", "-").upper(),
        )
    elif name == "firmware":
        yield value.removeprefix("V")
        numbers = re.findall(r"\d+", value)
        yield "V" + "".join(number.zfill(2) for number in numbers)
    elif name == "model":
        yield value.replace("/", "%2F").replace(" ", "%20")

"""Every wire parser and every probe's reader, as targets for the fuzzer: replies of any bytes. Found by walking the rooms."""

import inspect
import pkgutil
from collections.abc import Callable, Iterator
from importlib import import_module
from types import ModuleType
from typing import cast

from auditor.model import Endpoint, Exchange, Observation, Protocol, Status, Transport
from tests.fuzz.seeds import requests
from tests.fuzz.target import Target

GROWTH = 8
"""Characters a reader may show for each byte of a reply, above a fixed allowance."""
ALLOWANCE = 4_194_304


def targets() -> Iterator[Target]:
    """Yield every wire module that parses, and every probe's reader once for every protocol it reads."""
    yield from _wire_targets()
    yield from _reader_targets()


def _modules(room: str) -> Iterator[ModuleType]:
    package = import_module(room)
    for found in sorted(pkgutil.iter_modules(package.__path__), key=lambda each: each.name):
        yield import_module(f"{room}.{found.name}")


def parsers(module: ModuleType) -> Iterator[tuple[Callable[[object], object], type]]:
    """Yield the public functions of a module that read one text or one run of bytes, with the type they read."""
    for name, function in inspect.getmembers(module, lambda each: inspect.isfunction(inspect.unwrap(each))):
        if name.startswith("_") or function.__module__ != module.__name__:
            continue
        parameters = inspect.signature(function, eval_str=True).parameters.values()
        required = [each for each in parameters if each.default is inspect.Parameter.empty]
        if len(required) == 1 and required[0].annotation in {bytes, str}:
            yield function, required[0].annotation


def _wire_targets() -> Iterator[Target]:
    for module in _modules("auditor.wire"):
        found = tuple(parsers(module))
        if found:
            yield Target(module.__name__, _calls(found))


def _calls(found: tuple[tuple[Callable[[object], object], type], ...]) -> Callable[[bytes], None]:
    def feed(data: bytes) -> None:
        for function, wanted in found:
            given: object = data if wanted is bytes else data.decode("utf-8", "replace")
            result = function(given)
            for reading in (result if isinstance(result, tuple) else (result,))[:8]:
                _ask(reading)

    return feed


def _ask(reading: object) -> None:
    """Call what a reading offers without arguments, such as the text of a response."""
    text = getattr(reading, "text", None)
    if callable(text):
        text()


def _reader_targets() -> Iterator[Target]:
    asked = requests()
    for module in _modules("auditor.probes"):
        for protocol in getattr(module, "PROTOCOLS", ()):
            yield Target(f"{module.__name__}:{protocol}", _reads(module, protocol, asked))


def _reads(module: ModuleType, protocol: object, asked: tuple[bytes, ...]) -> Callable[[bytes], None]:
    read = cast("Callable[[Exchange], Iterator[Observation]]", module.read)
    said = Protocol(str(protocol))
    transport = Transport.TLS if said is Protocol.TLS else Transport.TCP
    place = Endpoint("127.0.0.1", 80, transport)

    def feed(data: bytes) -> None:
        for request in {asked[len(data) % len(asked)], b""}:
            exchange = Exchange(
                "site/127.0.0.1", module.__name__, said, place, request, data, Status.ANSWERED
            )
            shown = 0
            for seen in read(exchange):
                check(module.__name__, seen)
                shown += len(seen.value)
            if shown > ALLOWANCE + GROWTH * len(data):
                raise MemoryError(f"{module.__name__} shows {shown} characters of {len(data)} bytes")

    return feed


def check(reader: str, seen: object) -> None:
    """Refuse anything that is not an observation with a name and a text."""
    if not isinstance(seen, Observation) or not seen.field or not isinstance(seen.value, str):
        raise TypeError(f"{reader} gave {seen!r} where an observation was due")

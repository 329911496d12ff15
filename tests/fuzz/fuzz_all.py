"""Feed every wire parser and every probe's reader with damaged replies.

    python tests/fuzz/fuzz_all.py -runs=100000 [libFuzzer options] [folders of inputs]

The first byte of an input chooses the target, the rest is the reply. Targets are found by walking the
rooms, seeds are the replies of the lab's personas and, where it is there, of ../shared/corpus.
"""

import base64
import inspect
import json
import pkgutil
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import cast

import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from auditor.model import Endpoint, Exchange, Observation, Protocol, Status, Transport  # noqa: E402 - found by the line above

MAX_SEED = 8192
"""Bytes kept of one seed: what breaks a parser is in its first kilobytes."""
GROWTH = 8
"""Characters a reader may show for each byte of a reply, above a fixed allowance."""
ALLOWANCE = 4_194_304


@dataclass(frozen=True, slots=True)
class Target:
    """Something that must take any bytes: its name, and a call that raises when the reading is no good."""

    name: str
    feed: Callable[[bytes], None]


def targets() -> tuple[Target, ...]:
    """Find every wire module, every probe's reader once for every protocol it reads, and what modules here offer."""
    return (*_wire_targets(), *_reader_targets(), *_offered_targets())


def _offered_targets() -> Iterator[Target]:
    """Yield the targets of every module beside this one that has `feeds()`: readers of files, by name."""
    for file in sorted(Path(__file__).parent.glob("*.py")):
        if file.stem != Path(__file__).stem and not file.stem.startswith(("test_", "conftest", "_")):
            module = import_module(f"tests.fuzz.{file.stem}")
            if hasattr(module, "feeds"):
                yield from (Target(f"auditor.intake.{name}", feed) for name, feed in module.feeds().items())


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
    requests = _requests()
    for module in _modules("auditor.probes"):
        for protocol in getattr(module, "PROTOCOLS", ()):
            yield Target(f"{module.__name__}:{protocol}", _reads(module, protocol, requests))


def _reads(module: ModuleType, protocol: object, requests: tuple[bytes, ...]) -> Callable[[bytes], None]:
    read = cast("Callable[[Exchange], Iterator[Observation]]", module.read)
    said = Protocol(str(protocol))
    transport = Transport.TLS if said is Protocol.TLS else Transport.TCP

    def feed(data: bytes) -> None:
        request = requests[len(data) % len(requests)]
        for asked in {request, b""}:
            exchange = Exchange(
                "site/127.0.0.1",
                module.__name__,
                said,
                Endpoint("127.0.0.1", 80, transport),
                asked,
                data,
                Status.ANSWERED,
            )
            shown = 0
            for seen in read(exchange):
                _check(module.__name__, seen)
                shown += len(seen.value)
            if shown > ALLOWANCE + GROWTH * len(data):
                raise MemoryError(f"{module.__name__} shows {shown} characters of {len(data)} bytes")

    return feed


def _check(reader: str, seen: object) -> None:
    """Refuse anything that is not an observation with a name and a text."""
    if not isinstance(seen, Observation) or not seen.field or not isinstance(seen.value, str):
        raise TypeError(f"{reader} gave {seen!r} where an observation was due")


def _requests() -> tuple[bytes, ...]:
    """Return requests for every page the data names, because page readers go by what was asked."""
    paths = {"/", "/favicon.ico", "/onvif/device_service"}
    for file in sorted((ROOT / "fingerprints").glob("pages*.yaml")):
        paths |= {text for text in _texts(yaml.safe_load(file.read_text("utf-8"))) if text.startswith("/")}
    calls = ("GetDeviceInformation", "GetScopes", "GetSystemDateAndTime", "GetServices", "GetCapabilities")
    pages = [f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode() for path in sorted(paths)]
    return (*pages, *(f"POST /onvif/device_service HTTP/1.1\r\n\r\n<tds:{call}/>".encode() for call in calls))


def seeds() -> tuple[bytes, ...]:
    """Return the replies that mutation starts from, each once, in a fixed order."""
    found: dict[bytes, None] = {}
    for seed in (*_persona_replies(), *_corpus_replies()):
        found[seed[:MAX_SEED]] = None
    return tuple(found)


def _persona_replies() -> Iterator[bytes]:
    for file in sorted((ROOT / "lab" / "personas").glob("*.yaml")):
        with suppress(yaml.YAMLError):
            yield from (
                text.encode("utf-8", "replace")
                for text in _texts(yaml.safe_load(file.read_text("utf-8")))
                if len(text) > 16
            )


def _texts(node: object) -> Iterator[str]:
    """Yield every text and every run of bytes in a YAML document."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, bytes):
        yield node.decode("latin-1")
    elif isinstance(node, dict):
        for value in node.values():
            yield from _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)


def _corpus_replies() -> Iterator[bytes]:
    file = ROOT.parent / "shared" / "corpus" / "dev.transcript.jsonl"
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    for line in lines:
        record = json.loads(line)
        if record.get("reply_base64"):
            yield base64.b64decode(record["reply_base64"])
        elif record.get("reply"):
            yield record["reply"].encode()


def mutated(seed: bytes, chance: random.Random) -> bytes:
    """Return a seed with a few of the damages that networks and devices do to replies."""
    data = bytearray(seed)
    for _ in range(chance.randint(1, 6)):
        at = chance.randint(0, len(data))
        size = chance.choice((1, 1, 2, 4, 16, 64, 512))
        match chance.randint(0, 6):
            case 0:
                del data[at:]
            case 1:
                del data[at : at + size]
            case 2:
                data[at:at] = chance.randbytes(size)
            case 3:
                data[at : at + size] = data[at : at + size] * chance.randint(2, 40)
            case 4:
                data[at:at] = chance.choice(TOKENS) * chance.choice((1, 1, 1, 30))
            case 5 if at < len(data):
                data[at] ^= 1 << chance.randint(0, 7)
            case _:
                data[at:at] = data[:size]
    return bytes(data[:262_144])


TOKENS = (
    b"<", b">", b"</", b"/>", b"<![CDATA[", b"]]>", b"<!--", b"&#x110000;", b"&lt;", b"&a;", b'"', b"'", b"\\", b"\\ud800",
    b"{", b"}", b"[", b"]", b":", b",", b"=", b"\r\n", b"\r\n\r\n", b"\n", b" ", b"\x00", b"\xff", b"\xff\xfd", b"\xef\xbb\xbf",
    b"HTTP/1.1 200 OK\r\n", b"RTSP/1.0 401 \r\n", b"Content-Length: 99999999999999999999\r\n", b"Content-Encoding: gzip\r\n",
    b"Transfer-Encoding: chunked\r\n", b'WWW-Authenticate: Digest realm="', b"ffffffffffff\r\n", b"DHIP", b"\x30\x84\xff\xff\xff\xff",
    b"\x16\x03\x01\xff\xff", b"-----BEGIN CERTIFICATE-----", b"9" * 5000, b"\xc0\x0c", b"<title>", b"1970-02-30",
)  # fmt: skip


def _write(folder: Path, found: tuple[Target, ...]) -> None:
    """Write every seed once for each of a few targets, and a few that every target gets."""
    chance = random.Random(1)
    for number, seed in enumerate(seeds()):
        for target in chance.sample(range(len(found)), min(12, len(found))):
            (folder / f"{number:05}-{target:03}").write_bytes(bytes((target,)) + seed)


def main() -> None:
    """Run the fuzzer with libFuzzer's own options."""
    try:
        import atheris
    except ImportError:
        sys.exit("fuzz_all: atheris is not installed; install the dev group on Python 3.11 to 3.13")
    with atheris.instrument_imports(include=["auditor"], enable_loader_override=False):
        found = targets()

    def one(data: bytes) -> None:
        if data:
            found[data[0] % len(found)].feed(data[1:])

    own = sys.argv[1:]
    given = [each for each in own if not each.startswith("-")]
    with tempfile.TemporaryDirectory() if not given else nullcontext(given[0]) as folder:
        _write(Path(folder), found)
        bounds = [
            "-max_len=65536",
            "-timeout=10",
            "-rss_limit_mb=1536",
            f"-artifact_prefix={tempfile.gettempdir()}/",
        ]
        atheris.Setup(
            [sys.argv[0], *bounds, *(each for each in own if each.startswith("-")), folder, *given[1:]], one
        )
        atheris.Fuzz()


if __name__ == "__main__":
    main()

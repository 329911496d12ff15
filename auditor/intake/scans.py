"""Results of port scanners, in whatever of their forms: which form a file has is told by what stands in it.

nmap's XML (and masscan's), its grepable and normal output; masscan's lists and JSON; RustScan's and naabu's lists; zgrab2's
JSON. Packed or not, and in UTF-16 as a shell of Windows writes what is sent into a file.
"""

import codecs
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

import yaml

from auditor.intake import archive, charset_choice, grid, nmap_xml, scan_lines, scan_records
from auditor.intake.evidence import EvidenceError, Kind, Problem, Tell
from auditor.model import Exchange
from auditor.resources import fingerprints

NAME = "nmap"
_SUMMARY = "results of nmap (XML, -oG, -oN), masscan (XML, lists, JSON), RustScan and zgrab2 (JSON)"
_BEGINNING = 65_536
_LINES = 200
"""Lines within which a text must show what it is."""
_ROOT = re.compile(rb"<(?!\?|!)([A-Za-z_][\w.:-]{0,63})")
_COMMENT = re.compile(rb"<!--.*?-->|<!DOCTYPE[^>]*>|<\?.*?\?>", re.DOTALL)
_OURS = frozenset({b"nmaprun", b"host"})
_INITIATED = re.compile(
    r"(?:scan initiated |Starting Nmap .{0,64} at )(\w{3} \w{3} [ \d]\d [\d:]{8} \d{4}|\d{4}-\d\d-\d\d \d\d:\d\d)"
)
_TIMES = ("%a %b %d %H:%M:%S %Y", "%Y-%m-%d %H:%M")
_BEGINS = {"# Nmap": "# Nmap done", "Starting Nmap": "Nmap done", "#masscan": "# end"}
_ENDS = ("# Nmap done", "Nmap done", "# end")
"""How results as text begin and end."""


def kinds() -> tuple[Kind, ...]:
    """Return the one kind of file this module reads."""
    return (Kind(NAME, _SUMMARY, read, says_when=True),)


def read(path: Path, tell: Tell, at: datetime | None = None) -> Iterator[Exchange]:
    """Yield what each host was found to be. EvidenceError when the file, or none of those packed in it, is of a form we know."""
    refused: list[EvidenceError] = []
    count = 0
    for part in archive.parts(path, tell):
        count += 1
        try:
            yield from _of_part(part, path, tell, at)
        except EvidenceError as error:
            refused.append(error)
    if refused and len(refused) == count:
        raise refused[0]
    for each in refused:
        tell(Problem(path.name, "left out", str(each)))


def _of_part(part: archive.Part, path: Path, tell: Tell, at: datetime | None) -> Iterator[Exchange]:
    with part.open() as file:
        choice = charset_choice.choose(file)
    with _opened(part, choice) as file:
        start = file.read(_BEGINNING).lstrip(b"\xef\xbb\xbf \t\r\n")
    root = _ROOT.search(_COMMENT.sub(b"", start))
    is_xml = start.startswith(b"<")
    with _opened(part, choice) as file:
        if b"<nmaprun" in start or (is_xml and root and root[1].lower() in _OURS):
            yield from nmap_xml.read_file(file, part.told, f"{NAME} {path.name}", tell, at)
        elif is_xml:
            raise EvidenceError(_foreign(part.told, root[1].decode("ascii") if root else ""))
        else:
            yield from _of_text(file, part, choice, path, tell, at)


def _opened(part: archive.Part, choice: charset_choice.Choice) -> BinaryIO:
    """Open a file as UTF-8, whatever it is in, where two or four octets make a character."""
    file = part.open()
    is_wide = choice.codec.startswith(("utf-16", "utf-32"))
    return io.BufferedReader(_Recoded(file, choice.codec)) if is_wide else file


class _Recoded(io.RawIOBase):
    """The text of a file as UTF-8; what is no character becomes the replacement character."""

    def __init__(self, file: BinaryIO, codec: str) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder(codec)("replace")
        self._ready = b""

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fill a buffer; 0 at the end."""
        view = memoryview(buffer)  # type: ignore[arg-type]  # whatever the buffered reader hands over
        while not self._ready:
            piece = self._file.read(65_536)
            self._ready = self._decoder.decode(piece, final=not piece).encode("utf-8", "replace")
            if not piece:
                break
        piece, self._ready = self._ready[: len(view)], self._ready[len(view) :]
        view[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        """Close the file below, too."""
        self._file.close()
        super().close()


@cache
def _foreign_roots() -> dict[str, str]:
    text = (fingerprints() / "imports" / "foreign.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text)["roots"])


def _foreign(name: str, root: str) -> str:
    """Say what an XML file is that is no scan."""
    known = _foreign_roots().get(root.lower())
    what = f"is {known}" if known else f"is XML of another kind, its first element is <{root}>"
    return f"{name}: {what}, no nmap XML; make one with `nmap -oX FILE`"


def _of_text(
    file: BinaryIO,
    part: archive.Part,
    choice: charset_choice.Choice,
    path: Path,
    tell: Tell,
    at: datetime | None,
) -> Iterator[Exchange]:
    """Read a text line by line, in the form its first lines have."""
    codec = "utf-8" if choice.codec.startswith("utf") else choice.codec

    def trouble(number: int, what: str) -> None:
        tell(Problem(part.told, f"line {number}", what))

    with io.TextIOWrapper(file, encoding=codec, errors="replace", newline=None) as text:
        numbered = grid.lines(text.readline, trouble)
        sample = list(islice(numbered, _LINES))
        lines = chain(sample, numbered)
        begun, said = _begun(line for _, line in sample)
        blank = scan_lines.blank_of(NAME, f"{NAME} {path.name}", at or begun)
        if blank.at is None:
            blank = replace(blank, at=datetime.fromtimestamp(path.stat().st_mtime, UTC))
            said = "where it does not say when, its own date is taken; see --at"
        if any(scan_records.is_record(line) for _, line in sample):
            yield from scan_records.read(_records(lines, trouble), blank)
        elif any(scan_lines.is_result(line) for _, line in sample):
            yield from scan_lines.read(_until_end(lines, part.told, tell), blank)
        else:
            raise EvidenceError(
                f"{part.told}: is no result of nmap, masscan, RustScan or zgrab2 that we know, and no nmap XML; "
                "make one with `nmap -oX FILE`"
            )
        tell(Problem(part.told, "text", said or "each line says when", is_count=True))


def _records(lines: Iterable[tuple[int, str]], trouble: grid.Trouble) -> Iterator[scan_records.Record]:
    """Yield the records of lines; a damaged one is named and passed over."""
    for number, line in lines:
        try:
            record = scan_records.record_of(line)
        except (ValueError, RecursionError) as error:
            trouble(number, f"is no record that can be read ({error}); it is left out")
            continue
        if record is not None:
            yield record


def _until_end(lines: Iterable[tuple[int, str]], name: str, tell: Tell) -> Iterator[str]:
    """Yield lines, and say where a file that should say that it is whole does not."""
    waiting, last = "", 0
    for number, line in lines:
        last = number
        if line.startswith(_ENDS):
            waiting = ""
        elif line.startswith(tuple(_BEGINS)):
            waiting = next(end for begin, end in _BEGINS.items() if line.startswith(begin))
        yield line
    if waiting:
        tell(
            Problem(
                name,
                f"line {last}",
                f"the file ends early, without {waiting!r}; what stands before is kept",
            )
        )


def _begun(lines: Iterable[str]) -> tuple[datetime | None, str]:
    """Return when a scan began by its first lines, as UTC, and in words whose clock that is."""
    for line in lines:
        found = _INITIATED.search(line)
        for form in _TIMES if found else ():
            with suppress(ValueError):
                began = datetime.strptime(found[1], form).replace(tzinfo=UTC)  # type: ignore[index]  # found, as above
                return (
                    began,
                    f"the scanner's clock said {began:%Y-%m-%d %H:%M} and not its zone; it is taken for UTC",
                )
    return None, ""

"""Pairs become observations here: bounded, valid text, and without a user's name and password in an address."""

from collections.abc import Iterable, Iterator

from auditor.model import Exchange, Observation
from auditor.wire import logins

MAX_OBSERVATIONS = 512
"""Observations of one reader on one exchange."""
MAX_VALUE = 4096
"""Characters of a value that is no page."""
MAX_TEXT = 65_536
"""Characters of a page."""

Pairs = Iterable[tuple[str, str | None]]


def show(exchange: Exchange, pairs: Pairs, *, limit: int = MAX_VALUE) -> Iterator[Observation]:
    """Yield an observation for each pair that has a value; an empty text is a value, None is not."""
    count = 0
    for field, value in pairs:
        if value is None:
            continue
        if count == MAX_OBSERVATIONS:
            return
        count += 1
        yield Observation(_valid(field[:256]), _without_login(_valid(value[:limit])), exchange)


def _valid(text: str) -> str:
    """Drop NULs and replace halves of characters, which neither files nor databases take."""
    if text.isascii() and "\x00" not in text:
        return text
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _without_login(text: str) -> str:
    if "@" not in text or ":" not in text:
        return text
    return logins.without_login_in_address(text.encode(), parameters=False).decode()

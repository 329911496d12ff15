"""Recorded HTTP exchanges as readers want them, parsed once for all of them."""

from dataclasses import dataclass
from functools import lru_cache

from auditor.model import Exchange
from auditor.probes._showing import MAX_TEXT
from auditor.wire import http

_INTERFACES = ("/isapi/", "/psia/", "/sdcapi/", "/api/", "/cgi-bin/", "/rpc2", "/onvif/")
_INTERFACE_ENDINGS = (".cgi", ".json")


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: how and where it was asked for, the response, and the first 64 KiB of its text."""

    method: str
    path: str
    query: str
    response: http.Response
    text: str

    @property
    def status(self) -> int | None:
        """The status number, None where the reply has none."""
        return self.response.status

    @property
    def last_part(self) -> str:
        """The last part of the path, as in `login.js`; empty for a folder."""
        return self.path.rpartition("/")[2]

    @property
    def is_interface(self) -> bool:
        """Whether an interface answered, which may tell settings, and not a page that is shown whole."""
        path = self.path.lower()
        return path.startswith(_INTERFACES) or path.endswith(_INTERFACE_ENDINGS) or "-cgi/" in path


def reply_of(exchange: Exchange) -> Reply | None:
    """Return the answer of an HTTP exchange, or None where there is none."""
    return _read(exchange.request, exchange.reply)


# A few replies are enough: all readers of one exchange run one after the other.
@lru_cache(maxsize=8)
def _read(request: bytes, reply: bytes) -> Reply | None:
    response = http.parse(reply)
    if response is None:
        return None
    path, _, query = http.request_path(request).partition("?")
    return Reply(http.request_method(request), path, query, response, response.text()[:MAX_TEXT])

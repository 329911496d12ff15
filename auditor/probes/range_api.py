"""The answer to the first question a recorder's own login page asks: site version, and whether it was set up."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.model import Exchange, Method, Observation, Protocol
from auditor.probes import _replies
from auditor.probes._naming import snake
from auditor.probes._showing import show
from auditor.wire import json_pairs

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import Line
FIELDS = ("range.*",)
PROTOCOLS = (Protocol.HTTP,)
PORTS = ()
METHOD = Method.HTTP
ROUND = 2

_PATH_END = "/login/range"
_SHOWN = frozenset(
    [
        "cur_lang",
        "custom_logo",
        "custom_name",
        "default_lang",
        "device_type",
        "error_code",
        "first_login_flag",
        "http_api_version",
        "login_exclusivity",
        "result",
        "site_version",
        "use_recover_password",
        "version",
    ]
)


async def probe(_line: "Line") -> None:
    """Ask nothing: the question is one of the plan's pages."""


def read(exchange: Exchange) -> Iterator[Observation]:
    """Yield the allowed keys of the answer."""
    reply = _replies.reply_of(exchange)
    if reply is None or not reply.path.lower().endswith(_PATH_END):
        return
    named = ((path.rpartition(".")[2].lower(), value) for path, value in json_pairs.pairs(reply.text))
    yield from show(exchange, ((f"range.{snake(name)}", value) for name, value in named if name in _SHOWN))

"""Which answers of a recording are kept: each that shows something, a few of each kind, and in the end only what is new."""

from auditor.model import Exchange, Protocol

MOST_EACH = 256
"""Exchanges kept of one address, whatever they show; beyond that those that show what no other did, so many again."""
MOST_ALIKE = 3
"""Different answers kept to one question to one port; a device's clock makes every answer different."""
MOST_CALLS = 16
"""The same for ONVIF, where one path answers all calls, and for answers to questions nobody recorded."""
MOST_ADDRESSES = 65_536
"""Addresses of which it is remembered what has been kept; beyond that it is forgotten, and may be kept twice."""

_MOST_SHOWN = 8_192
_EVER_NEW = frozenset({"http.answer", "http.body", "http.script", "http.header_order", "http.length"})
"""Fields that differ from page to page and so make nothing new."""

Shown = list[tuple[str, str]]


class _Address:
    """What has been kept of one address."""

    def __init__(self) -> None:
        self.forms: set[tuple[object, ...]] = set()
        self.questions: dict[tuple[object, ...], int] = {}
        self.shown: set[int] = set()
        self.count = 0


class Kept:
    """Remembers what has been kept of each address."""

    def __init__(self) -> None:
        self._of: dict[str, _Address] = {}

    def wants(self, exchange: Exchange, shown: Shown) -> bool:
        """Tell whether an exchange that shows these pairs is to be kept; if so, it counts as kept."""
        if len(self._of) > MOST_ADDRESSES:
            self._of.clear()
        kept = self._of.setdefault(exchange.device, _Address())
        path = exchange.request.split(b"\n", 1)[0].partition(b"?")[0][:256]
        question = (exchange.endpoint, exchange.protocol, path)
        form = (
            *question,
            hash(tuple(pair for pair in shown if "date" not in pair[0] and "nonce" not in pair[0])),
        )
        is_unasked = not path and exchange.protocol in {Protocol.HTTP, Protocol.RTSP}
        most = MOST_CALLS if is_unasked or exchange.protocol is Protocol.ONVIF else MOST_ALIKE
        if form in kept.forms or kept.questions.get(question, 0) >= most:
            return False
        new = {hash(pair) for pair in shown if _is_telling(pair[0])} - kept.shown
        if kept.count >= MOST_EACH and (kept.count >= 2 * MOST_EACH or not new):
            return False
        kept.forms.add(form)
        kept.questions[question] = kept.questions.get(question, 0) + 1
        if len(kept.shown) < _MOST_SHOWN:
            kept.shown |= new
        kept.count += 1
        return True

    def is_full(self, exchange: Exchange) -> bool:
        """Tell whether so many are kept of the address that others may not have been for that reason."""
        kept = self._of.get(exchange.device)
        return kept is not None and kept.count >= MOST_EACH


def _is_telling(field: str) -> bool:
    return field not in _EVER_NEW and not field.startswith("page.")

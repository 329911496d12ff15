"""Which question of a connection an answer answers: by order, by place in the stream, and only where that is sure.

Segments come in the order in which they must have been said (`talks`), so that a question stands in the queue before its
answer comes. At a loss nothing is sure until the next question: whoever asks again has had the answers before it, unless
this client was seen to ask without waiting. RTSP numbers its questions. Source: RFC 9112 section 9.3, RFC 2326 section 12.17.
"""

from collections import OrderedDict, deque

from auditor.intake.messages import Message

MOST_WAITING = 64
"""Questions of one connection that wait for their answer; the oldest is forgotten first."""


class Answers:
    """The questions of one connection that wait for their answer."""

    def __init__(self, *, sure: bool) -> None:
        self._waiting: deque[Message] = deque()
        self._by_number: OrderedDict[str, Message] = OrderedDict()
        self._sure = sure
        """Every question that waits is known. At the beginning only where the beginning was seen."""
        self._lost = False
        self._asks_ahead = False

    def asked(self, request: Message) -> None:
        """Take a question."""
        number = request.header("cseq").strip()
        if number:
            self._by_number.pop(number, None)
            self._by_number[number] = request
            if len(self._by_number) > MOST_WAITING:
                self._by_number.popitem(last=False)
            return
        if self._lost or not self._sure:
            self._waiting.clear()
            self._lost, self._sure = False, not self._asks_ahead
        elif self._waiting:
            self._asks_ahead = True
        self._waiting.append(request)
        if len(self._waiting) > MOST_WAITING:
            self.unsure()

    def answered(self, answer: Message) -> Message | None:
        """Return the question an answer surely answers; None where there is none, or doubt."""
        if answer.head[:5].upper() == b"RTSP/":
            number = answer.header("cseq").strip()
            request = self._by_number.get(number)
            return request if request is not None and _could_be_heard(request, answer) else None
        if not self._waiting or not self._sure or not _could_be_heard(self._waiting[0], answer):
            return None
        return self._waiting[0] if answer.is_interim else self._waiting.popleft()

    def unsure(self) -> None:
        """Take note that questions or answers may be missing here."""
        self._waiting.clear()
        self._lost = True


def _could_be_heard(request: Message, answer: Message) -> bool:
    """Tell whether who answered had heard the question's first byte by then."""
    return answer.ack is None or answer.ack > request.start

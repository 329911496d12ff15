"""Which question of a connection an answer answers: by order, by place in the stream, and only where that is sure.

Segments come in the order in which they must have been said (`talks`), so that a question stands in the queue before its
answer comes. Behind a loss, or joined midway, whoever asks is taken to have had the answers before; that holds until the
client, or a second answer, shows that it asks without waiting. RTSP numbers its questions. Source: RFC 9112 section 9.3, RFC 2326 section 12.17.
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
        self.is_inferred = False
        """That every waiting question is known follows only from the client's waiting for its answers."""
        self._was_given = False
        """A question that was inferred has been given an answer, and none was asked or lost since."""
        self._asks_ahead = False
        self._asked_at: int | None = None
        """How far the client had heard when it asked last."""
        self._lost_at: int | None = None
        """How far the device had spoken when something of the client's was lost."""

    def asked(self, request: Message) -> None:
        """Take a question."""
        number = request.header("cseq").strip()
        if number:
            self._by_number.pop(number, None)
            self._by_number[number] = request
            if len(self._by_number) > MOST_WAITING:
                self._by_number.popitem(last=False)
            return
        if request.ack is not None and request.ack == self._asked_at:
            self._asks_ahead = True  # it has heard nothing since it asked last
        self._asked_at, self._was_given = request.ack, False
        if not self._sure and request.ack is not None and request.ack == self._lost_at:
            return  # what was lost may be a question too, and is answered first
        if not self._sure:
            self._waiting.clear()
            self._sure, self.is_inferred = not self._asks_ahead, True
        elif self._waiting:
            self._asks_ahead = True
            self._sure = not self.is_inferred
        else:
            self.is_inferred = False
        self._waiting.append(request)
        if len(self._waiting) > MOST_WAITING:
            self.unsure()

    def answered(self, answer: Message) -> Message | None:
        """Return the question an answer surely answers; None where there is none, or doubt."""
        if answer.head[:5].upper() == b"RTSP/":
            number = answer.header("cseq").strip()
            request = self._by_number.get(number)
            return request if request is not None and _could_be_heard(request, answer) else None
        if self._was_given:
            self._asks_ahead, self._sure = True, False
        if not self._waiting or not self._sure or not _could_be_heard(self._waiting[0], answer):
            return None
        if answer.is_interim:
            return self._waiting[0]
        self._was_given = self.is_inferred
        return self._waiting.popleft()

    @property
    def is_refuted(self) -> bool:
        """What was inferred has turned out not to follow."""
        return self.is_inferred and not self._sure and self._asks_ahead

    def unsure(self, lost_at: int | None = None) -> None:
        """Take note that questions or answers may be missing; of the client's, how far the device had spoken by then."""
        self._waiting.clear()
        self._sure = False
        if lost_at is not None:
            self._lost_at, self._was_given = lost_at, False


def _could_be_heard(request: Message, answer: Message) -> bool:
    """Tell whether who answered had heard the question's first byte by then."""
    return answer.ack is None or answer.ack > request.start

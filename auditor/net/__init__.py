"""The only door to the network: lines to granted endpoints and fields for discovery, paced and stoppable."""

from auditor.net.answers import Answer
from auditor.net.authenticated import Ears, LoggedLine
from auditor.net.budget import Budget
from auditor.net.field import Field, Look
from auditor.net.front import Block, Front, Stretch
from auditor.net.inquiry import Emit, alternating, inquire, streamed
from auditor.net.line import Line
from auditor.net.managed import MAX_ROWS, ManagedLine
from auditor.net.network import Network
from auditor.net.owed import FAULT, is_owed
from auditor.net.question import Heard, Question
from auditor.net.stop import Stop
from auditor.net.talk import ASKED_AGAIN
from auditor.net.trust import Trust

__all__ = [
    "ASKED_AGAIN",
    "FAULT",
    "MAX_ROWS",
    "Answer",
    "Block",
    "Budget",
    "Ears",
    "Emit",
    "Field",
    "Front",
    "Heard",
    "Line",
    "LoggedLine",
    "Look",
    "ManagedLine",
    "Network",
    "Question",
    "Stop",
    "Stretch",
    "Trust",
    "alternating",
    "inquire",
    "is_owed",
    "streamed",
]

"""The sensor: what was asked of every device, at what rate, and whether it was allowed."""

from lab.sensor.event import Event, EventKind, Journal, Memory, Recorder, read_journal
from lab.sensor.rules import Rule, rules
from lab.sensor.verdict import Alarm, Caps, Rates, Verdict, judge

__all__ = [
    "Alarm",
    "Caps",
    "Event",
    "EventKind",
    "Journal",
    "Memory",
    "Rates",
    "Recorder",
    "Rule",
    "Verdict",
    "judge",
    "read_journal",
    "rules",
]

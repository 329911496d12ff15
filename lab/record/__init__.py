"""Turn an exported transcript into redacted personas."""

from lab.record.persona import Recorded, record
from lab.record.transcript import Said, TranscriptError, read_transcript

__all__ = ["Recorded", "Said", "TranscriptError", "read_transcript", "record"]

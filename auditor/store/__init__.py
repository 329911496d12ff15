"""Everything an audit heard and concluded, in one SQLite file."""

from auditor.store.concluding import Conclusion
from auditor.store.holding import HeldError
from auditor.store.judgements import Judgement, PastFinding
from auditor.store.lookup import Place
from auditor.store.newest import CONNECT
from auditor.store.opening import Access, StoreError
from auditor.store.presence import Presence, presence
from auditor.store.reading import Door, Held, Look
from auditor.store.retention import Purged
from auditor.store.retiring import RETIRED, RETURNED, Word
from auditor.store.running import Event
from auditor.store.schema import SCHEMA_VERSION
from auditor.store.store import Store

__all__ = [
    "CONNECT",
    "RETIRED",
    "RETURNED",
    "SCHEMA_VERSION",
    "Access",
    "Conclusion",
    "Door",
    "Event",
    "Held",
    "HeldError",
    "Judgement",
    "Look",
    "PastFinding",
    "Place",
    "Presence",
    "Purged",
    "Store",
    "StoreError",
    "Word",
    "presence",
]

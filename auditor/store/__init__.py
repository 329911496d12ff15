"""Everything an audit heard and concluded, in one SQLite file."""

from auditor.store.newest import CONNECT
from auditor.store.opening import Access, StoreError
from auditor.store.presence import Presence, presence
from auditor.store.reading import Held, Judgement, Look, PastFinding, Place
from auditor.store.retention import Purged
from auditor.store.retiring import RETIRED, RETURNED, Word
from auditor.store.schema import SCHEMA_VERSION
from auditor.store.store import Event, Store
from auditor.store.writing import Conclusion

__all__ = [
    "CONNECT",
    "RETIRED",
    "RETURNED",
    "SCHEMA_VERSION",
    "Access",
    "Conclusion",
    "Event",
    "Held",
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

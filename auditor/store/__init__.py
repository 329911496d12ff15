"""Everything an audit heard and concluded, in one SQLite file."""

from auditor.store.matching import Presence, presence
from auditor.store.opening import Access, StoreError
from auditor.store.retention import Purged
from auditor.store.schema import SCHEMA_VERSION
from auditor.store.store import Event, Store

__all__ = ["SCHEMA_VERSION", "Access", "Event", "Presence", "Purged", "Store", "StoreError", "presence"]

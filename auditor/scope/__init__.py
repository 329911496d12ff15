"""What we are allowed to touch: reads scope.toml and is the only maker of Grants."""

from auditor.scope.addresses import AddressSet, Interval, address_number, address_text, interval
from auditor.scope.credentials import (
    Credentials,
    CredentialsError,
    Doorstep,
    Entry,
    Place,
    Privacy,
    Proof,
    Secret,
    Snmp,
)
from auditor.scope.credentials_file import read_authorities, read_credentials
from auditor.scope.document import ScopeError, read, read_text
from auditor.scope.scope import (
    SWEEP_LIMIT_V6,
    Authorisation,
    Exclusion,
    OutsideScopeError,
    Refusal,
    Scope,
    Site,
    loopback,
    outside,
)
from auditor.scope.windows import Window

__all__ = [
    "SWEEP_LIMIT_V6",
    "AddressSet",
    "Authorisation",
    "Credentials",
    "CredentialsError",
    "Doorstep",
    "Entry",
    "Exclusion",
    "Interval",
    "OutsideScopeError",
    "Place",
    "Privacy",
    "Proof",
    "Refusal",
    "Scope",
    "ScopeError",
    "Secret",
    "Site",
    "Snmp",
    "Window",
    "address_number",
    "address_text",
    "interval",
    "loopback",
    "outside",
    "read",
    "read_authorities",
    "read_credentials",
    "read_text",
]

"""What is worth asking of one device."""

from dataclasses import dataclass, field

from auditor.model.login import Call


@dataclass(frozen=True, slots=True)
class Page:
    """One documented address of a device's web pages that any browser may load before login.

    From fingerprints/pages.yaml: path, which suspicion makes it worth a request ("" = always), why.
    """

    path: str
    suspected: str
    reason: str
    method: str = "GET"
    body: str = ""
    challenge: bool = False
    """The path is known to answer 401; only the form of that refusal is read."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The questions chosen for one device in one round."""

    pages: tuple[Page, ...] = ()
    suspected: frozenset[str] = field(default_factory=frozenset)
    """Makers that an earlier answer points to."""
    user_agent: str = "auditor/0 (authorised network audit)"
    paths: tuple[str, ...] = ()
    """Where the device says that its service is, at the endpoint asked; before the usual place."""
    calls: tuple[Call, ...] = ()
    """What is asked after a login with the owner's account."""

"""Whether somebody filled a scope file in: what still says what the template says authorises nothing."""

import re
from collections.abc import Iterator

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from auditor import resources
from auditor.scope import Scope, ScopeError, read_text

_BLANK = re.compile(
    r"<.*>|\[.*\]|\{.*\}|\W+|x{2,}|to ?do\b.*|t\.?b\.?[ad]\.?|n/?a|none|change[ _-]?me|fill[ _-]?(?:me[ _-]?)?in\b.*"
    r"|placeholder|your\b.*|example|sample|(?:lorem )?ipsum\b.*|reference|name",
    re.IGNORECASE | re.DOTALL,
)
"""What people and templates write where something is still to be written."""


def template(*, valid_from: str, valid_until: str, networks: str = "") -> str:
    """Return the text of a scope file that is to be filled in."""
    environment = Environment(  # noqa: S701  TOML, not HTML
        loader=FileSystemLoader(resources.templates()), undefined=StrictUndefined
    )
    return environment.get_template("scope.toml").render(
        valid_from=valid_from, valid_until=valid_until, networks=networks
    )


def unfilled(scope: Scope) -> tuple[str, ...]:
    """Return what is still to be filled in, as `key: what stands there`; nothing for a scope that came from no file."""
    bare = read_text(template(valid_from="2000-01-01T00:00:00Z", valid_until="2000-01-02T00:00:00Z"))
    return tuple(_unfilled(scope, bare))


def _unfilled(scope: Scope, bare: Scope) -> Iterator[str]:
    paper, blank = scope.authorisation, bare.authorisation
    for key in ("reference", "issued_by", "contact"):
        told = getattr(paper, key)
        if told == getattr(blank, key) or _BLANK.fullmatch(told.strip()):
            yield f"[authorisation] {key}: {told!r}"
    owners = {one.owner for one in bare.sites}
    for site in scope.sites:
        if site.owner and (site.owner in owners or _BLANK.fullmatch(site.owner.strip())):
            yield f"[[site]] {site.name}, owner: {site.owner!r}"
    if not any(one.networks for one in scope.sites):
        yield "[[site]] networks: none"


def refuse_unfilled(scope: Scope) -> None:
    """Raise ScopeError, naming what to fill in, before anything is sent under a scope that nobody filled in."""
    if missing := unfilled(scope):
        listed = "\n  ".join(missing)
        raise ScopeError(
            f"{scope.source}: nobody filled this scope in, so nothing is sent. Write there what the written authorisation "
            f"says:\n  {listed}"
        )

"""Write the scope an audit of a town needs: its networks, the station's own addresses left out."""

from collections.abc import Mapping, Sequence

from lab.town.model import TownPlan

_HEAD = """\
# What an audit of this emulated town may do.
schema_version = 1

[authorisation]
reference = "LAB {town}"
issued_by = "the lab: emulated devices on networks of their own"
contact = "nobody@example.org"
valid_from = 2020-01-01T00:00:00Z
valid_until = 2100-01-01T00:00:00Z
"""
_SITE = """
[[site]]
name = "{name}"
owner = "{owner}"
networks = ["{cidr}"]
"""
_EXCLUDE = """
[[exclude]]
address = "{address}"
reason = "{reason}"
"""


def scope_text(plan: TownPlan, interfaces: Mapping[str, Sequence[str]] | None = None) -> str:
    """Return a scope.toml for a town; `interfaces` gives, by network name, those of the station there."""
    pieces = [_HEAD.format(town=plan.id)]
    for one in plan.networks:
        pieces.append(_SITE.format(name=one.name, owner=one.owner, cidr=one.cidr))
        if names := (interfaces or {}).get(one.name):
            pieces.append(f"interfaces = [{', '.join(chr(34) + name + chr(34) for name in names)}]\n")
    own = "the station this audit is made from"
    pieces += [_EXCLUDE.format(address=one.station, reason=own) for one in plan.networks]
    return "".join(pieces)

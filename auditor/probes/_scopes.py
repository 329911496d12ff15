"""ONVIF scopes as fields, whichever protocol carried them."""

from collections.abc import Iterable, Iterator

from auditor.wire import onvif, xml

_STANDARD = (
    "http://www.w3.org/",
    "http://schemas.xmlsoap.org/",
    "http://www.onvif.org/",
    "http://docs.oasis-open.org/",
)


def pairs(scopes: Iterable[str], declared: str | None = None) -> Iterator[tuple[str, str | None]]:
    """Yield each scope under its category; one outside the standard's form under `onvif.scope.other`.

    `declared` is the character set that the reply names.
    """
    for scope in scopes:
        category, value = onvif.scope_item(scope, declared) or ("other", scope)
        yield f"onvif.scope.{category}", value.strip()


def own_namespaces(text: str) -> Iterator[tuple[str, str | None]]:
    """Yield how the envelope is called, and the namespaces a reply declares outside the standards.

    Both show whose software wrote it: the name as written, as in `env:Envelope`, tells copies of a list apart.
    """
    outer = next(iter(xml.elements(text)), None)
    if outer is not None and outer.name.lower() == "envelope":
        yield "onvif.envelope", f"{outer.prefix}:{outer.name}" if outer.prefix else outer.name
    for _, address in xml.namespaces(text):
        if address and not address.startswith(_STANDARD):
            yield "onvif.namespace", address

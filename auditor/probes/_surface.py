"""Which addresses of a web server are pages, shown whole, and which are interfaces, of which only known keys are shown."""

from auditor.wire import http

_INTERFACES = ("/isapi/", "/psia/", "/sdcapi/", "/api/", "/cgi-bin/", "/rpc2", "/onvif/")
_INTERFACE_ENDINGS = (".cgi", ".json")


def path_of(request: bytes) -> str:
    """Return the path a request asks for, without the query."""
    return http.request_path(request).partition("?")[0]


def is_interface(request: bytes) -> bool:
    """Tell whether a request asks an interface, whose answers may hold settings."""
    path = path_of(request).lower()
    return path.startswith(_INTERFACES) or path.endswith(_INTERFACE_ENDINGS) or "-cgi/" in path


def last_part(request: bytes) -> str:
    """Return the last part of the path, as in `login.js`; empty for a folder."""
    return path_of(request).rpartition("/")[2]
